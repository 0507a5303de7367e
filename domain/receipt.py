"""When a paper reached the window, if that is not when it was recorded."""

from datetime import datetime, timedelta
from typing import Final

from domain.errors import invalid

_CLOCKS_DIFFER: Final = timedelta(minutes=1)
"""Our doors and the engine run on different machines: so little is no contradiction."""


def receipt(received_at: datetime | None, *, asked_at: datetime, now: datetime) -> datetime:
    """The instant by which it is judged. Nothing is received in the future, nor before anybody asked for it.

    Raises INVALID.
    """
    if received_at is None:
        return now
    if received_at > now + _CLOCKS_DIFFER:
        raise invalid("received-in-the-future", "it cannot have come later than now", field="received_at")
    if received_at < asked_at - _CLOCKS_DIFFER:
        detail = f"it was not asked for before {asked_at.isoformat()}"
        raise invalid("received-before-asked", detail, field="received_at")
    return min(max(received_at, asked_at), now)
