"""Bounds what refusals may write: a prober must not fill the disk."""

from datetime import datetime, timedelta
from typing import Final

MOST_REFUSALS_A_MINUTE: Final = 120


class RefusalGate:
    """Lets so many refusals a minute into the audit and counts the others; one instance per process."""

    def __init__(self, a_minute: int = MOST_REFUSALS_A_MINUTE) -> None:
        self._most = a_minute
        self._since: datetime | None = None
        self._written = 0
        self._left_out = 0

    def admit(self, now: datetime) -> int | None:
        """None: do not write. Else how many were left out since the last one that was written."""
        if self._since is None or now - self._since >= timedelta(minutes=1):
            self._since, self._written = now, 0
        if self._written >= self._most:
            self._left_out += 1
            return None
        self._written += 1
        left_out, self._left_out = self._left_out, 0
        return left_out
