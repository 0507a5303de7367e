"""How long to leave a polled department alone: less when its answer is about to be due, longer at night."""

from datetime import datetime, timedelta, timezone
from typing import Final

from domain.department import QuietHours
from domain.dispatch import RoundRef

_BEIJING: Final = timezone(timedelta(hours=8))
_SHARE: Final = 10
"""Of the time that is left, a tenth passes between two polls."""


def poll_pause(ref: RoundRef, now: datetime) -> timedelta:
    """From `now` to the next poll. The due instant itself is never slept through."""
    route = ref.department
    pause = timedelta(seconds=route.poll_seconds)
    left = ref.due_at - now if ref.due_at is not None else None
    near = route.poll_seconds_near_due
    if near is not None and left is not None and left > timedelta(0):
        pause = min(pause, max(left / _SHARE, timedelta(seconds=near)))
    if route.quiet is not None and not ref.urgent:
        pause += _rest_of_night(route.quiet, now + pause)
    if near is not None and left is not None and left > timedelta(0):
        pause = min(pause, max(left, timedelta(seconds=near)))
    return pause


def _rest_of_night(quiet: QuietHours, at: datetime) -> timedelta:
    """Zero outside the quiet hours."""
    local = at.astimezone(_BEIJING)
    starts = local.replace(hour=quiet.starts.hour, minute=quiet.starts.minute, second=0, microsecond=0)
    ends = local.replace(hour=quiet.ends.hour, minute=quiet.ends.minute, second=0, microsecond=0)
    if starts <= ends:
        return ends - local if starts <= local < ends else timedelta(0)
    if local >= starts:
        return ends + timedelta(days=1) - local
    return ends - local if local < ends else timedelta(0)
