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


class Throttle:
    """Behind one address may sit a whole hall: a token that was good there before is never made to wait.

    Every other token gets the same answer while its address is made to wait, whether it exists or not.
    """

    def __init__(
        self, *, tokens_a_minute: int = FAILED_TOKENS_A_MINUTE, signatures_a_minute: int = FAILED_SIGNATURES_A_MINUTE
    ) -> None:
        self._tokens = Failures(tokens_a_minute)
        self._signatures = Failures(signatures_a_minute)
        self._good: OrderedDict[tuple[str, str], None] = OrderedDict()

    def admit_token(self, address: str, token_hash: str) -> None:
        """Raises TooManyFailures."""
        if (address, token_hash) not in self._good and (refusal := self._tokens.too_many(address)):
            raise refusal

    def token_was_good(self, address: str, token_hash: str) -> None:
        self._good[address, token_hash] = None
        self._good.move_to_end((address, token_hash))
        if len(self._good) > _REMEMBERED:
            self._good.popitem(last=False)

    def token_was_wrong(self, address: str, token_hash: str) -> None:
        """A good one that was revoked counts like any other from now on."""
        self._good.pop((address, token_hash), None)
        self._tokens.count(address)

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
