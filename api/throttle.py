"""Failed attempts to get in, counted by whom they come from: guessing is slow, and nobody honest has to wait for it."""

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from time import time
from typing import Final

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

FAILED_TOKENS_A_MINUTE: Final = 10
FAILED_CODES_A_MINUTE: Final = 30
"""Each case has a narrower bound of its own; this one slows down whoever tries many cases."""
FAILED_SIGNATURES_A_MINUTE: Final = 60
_REMEMBERED: Final = 10_000


class TooManyFailures(Exception):
    """Nothing more is looked at for now."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(f"too many failed attempts, wait {retry_after_seconds} s")
        self.retry_after_seconds = retry_after_seconds


class Failures:
    """So many a minute for each source, in the memory of this process."""

    def __init__(self, a_minute: int) -> None:
        self._limit = RateLimitItemPerMinute(a_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def too_many(self, source: str) -> TooManyFailures | None:
        if self._limiter.test(self._limit, source):
            return None
        reset_at = self._limiter.get_window_stats(self._limit, source).reset_time
        return TooManyFailures(max(1, ceil(reset_at - time())))

    def count(self, source: str) -> TooManyFailures | None:
        """The refusal from the first failure beyond the limit on."""
        return None if self._limiter.hit(self._limit, source) else self.too_many(source)


class Guesses:
    """Behind one address may sit a whole hall: what was good there before is never made to wait.

    Everything else gets the same answer while its address is made to wait, whether it exists or not.
    """

    def __init__(self, a_minute: int) -> None:
        self._failures = Failures(a_minute)
        self._good: OrderedDict[tuple[str, str], None] = OrderedDict()

    def admit(self, address: str, seal: str) -> None:
        """Raises TooManyFailures."""
        if (address, seal) not in self._good and (refusal := self._failures.too_many(address)):
            raise refusal

    def was_good(self, address: str, seal: str) -> None:
        self._good[address, seal] = None
        self._good.move_to_end((address, seal))
        if len(self._good) > _REMEMBERED:
            self._good.popitem(last=False)

    def was_wrong(self, address: str, seal: str) -> None:
        """A good one that was revoked counts like any other from now on."""
        self._good.pop((address, seal), None)
        self._failures.count(address)


class Throttle:
    """One for each kind of secret, so that guessing one kind makes nobody else wait."""

    def __init__(
        self,
        *,
        tokens_a_minute: int = FAILED_TOKENS_A_MINUTE,
        codes_a_minute: int = FAILED_CODES_A_MINUTE,
        signatures_a_minute: int = FAILED_SIGNATURES_A_MINUTE,
    ) -> None:
        self._tokens = Failures(tokens_a_minute)
        self.codes = Guesses(codes_a_minute)
        self._signatures = Failures(signatures_a_minute)

    def token_was_wrong(self, source: str) -> None:
        """Raises TooManyFailures. Called after the check: tokens are too long to be guessed, so that a good one tells
        nothing by getting in, and nobody who guesses can keep out a hall that shares the address.
        """
        if refusal := self._tokens.count(source):
            raise refusal

    def signature_was_wrong(self, department: str) -> None:
        """Raises TooManyFailures. Called after the check, so that a good signature is never made to wait."""
        if refusal := self._signatures.count(department):
            raise refusal


def source_of(host: str | None) -> str:
    """One household of IPv6 addresses is one source."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return host or "unknown"
    return str(ip_network((address, 64), strict=False)) if isinstance(address, IPv6Address) else str(address)
