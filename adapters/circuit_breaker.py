"""Stops asking a department's system that is down, and lets one request at a time find out whether it is back."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from adapters.failed_attempts import NOT_KEPT
from domain.department_failure import DepartmentRefusal, DepartmentUnavailable
from domain.outage import Outage, OutageCause


class CircuitState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"
    """The pause is over; the next request decides."""


_CAUSES: Final = {
    "timeout": OutageCause.TIMEOUT,
    "connect": OutageCause.UNREACHABLE,
    "connection-lost": OutageCause.UNREACHABLE,
    "tls": OutageCause.UNREACHABLE,
    "address": OutageCause.UNREACHABLE,
    "redirect": OutageCause.FAILING,
    "soap-server": OutageCause.FAILING,
}
_OURS: Final = frozenset({NOT_KEPT, "secret", "directory", "rate"})
"""Our own trouble: it says nothing about the department's system."""


class CircuitBreaker:
    """Opens after `failures` unavailabilities of the system in a row; a refusal is an answer and counts as health.

    Trouble of our own counts as neither.
    """

    def __init__(
        self,
        *,
        failures: int = 5,
        open_seconds: float = 30.0,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        on_change: Callable[[CircuitState], None] | None = None,
    ) -> None:
        """`on_change` hears of the begin and the end of an outage."""
        self._on_change = on_change
        self._allowed = failures
        self._open_seconds = open_seconds
        self._monotonic = monotonic
        self._now = now
        self._failed = 0
        self._opened_at: float | None = None
        self._probing = False
        self._first: Outage | None = None
        """The first failure in the row."""

    @property
    def outage(self) -> Outage | None:
        """None while the system counts as up."""
        return self._first if self._opened_at is not None else None

    @property
    def state(self) -> CircuitState:
        if self._opened_at is None:
            return CircuitState.CLOSED
        return CircuitState.OPEN if self._remaining() > 0 else CircuitState.HALF_OPEN

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Around one exchange. Raises DepartmentUnavailable at once while the circuit is open."""
        probe = self._admit()
        try:
            yield
        except DepartmentUnavailable as error:
            self._note_failure(error)
            error.outage = self.outage
            raise
        except DepartmentRefusal:
            self._note_health()
            raise
        else:
            self._note_health()
        finally:
            if probe:
                self._probing = False

    def _admit(self) -> bool:
        """Whether this attempt is the probe of a half-open circuit."""
        state = self.state
        if state is CircuitState.CLOSED:
            return False
        if state is CircuitState.OPEN or self._probing:
            # Spread, so that all who waited do not come back in the same second
            wait = self._remaining() + random.uniform(0.5, 1.5) * min(self._open_seconds, 5.0)
            why = "circuit-open: the system failed repeatedly"
            raise DepartmentUnavailable(why, retry_after_seconds=wait, outage=self.outage)
        self._probing = True
        return True

    def _remaining(self) -> float:
        if self._opened_at is None:
            return 0.0
        return max(0.0, self._opened_at + self._open_seconds - self._monotonic())

    def _note_failure(self, error: DepartmentUnavailable) -> None:
        cause = _cause_of(error)
        if cause is None:
            return
        self._failed += 1
        if self._first is None:
            self._first = Outage(since=self._now(), cause=cause)
        if self._failed >= self._allowed:
            begins = self._opened_at is None
            self._opened_at = self._monotonic()
            if begins and self._on_change:
                self._on_change(CircuitState.OPEN)

    def _note_health(self) -> None:
        ends = self._opened_at is not None
        self._failed = 0
        self._opened_at = self._first = None
        if ends and self._on_change:
            self._on_change(CircuitState.CLOSED)


def _cause_of(error: DepartmentUnavailable) -> OutageCause | None:
    """From the class of failure that each of our own texts begins with; None for our own trouble."""
    kind = str(error).partition(":")[0]
    if kind in _OURS:
        return None
    return OutageCause.FAILING if kind.startswith("http-") else _CAUSES.get(kind, OutageCause.NOT_UNDERSTOOD)
