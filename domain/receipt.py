"""When a paper reached the window, if that is not when it was recorded."""

from datetime import datetime

from domain.errors import invalid


def check_receipt(received_at: datetime | None, *, asked_at: datetime, now: datetime) -> None:
    """Nothing is received in the future, nor before anybody asked for it. Raises INVALID."""
    if received_at is None:
        return
    if received_at > now:
        raise invalid("received-in-the-future", "it cannot have come later than now", field="received_at")
    if received_at < asked_at:
        detail = f"it was not asked for before {asked_at.isoformat()}"
        raise invalid("received-before-asked", detail, field="received_at")
