"""Silence as consent: from when on a department's silence may be taken for a yes."""

from datetime import datetime, timedelta

from domain.clock import Clock, Pause, due
from domain.working_calendar import WorkingCalendar


def consents_at(clock: Clock, asked_at: datetime, delivered_at: datetime, calendar: WorkingCalendar) -> datetime | None:
    """The office instant from which silence counts; None while the clock is paused, or when it never does.

    Nobody consents to what has not arrived: what the delivery took is added to the time. An agreed date cannot be
    moved, so after it silence says nothing.
    """
    ends = due(clock, calendar).at
    if ends is None or (clock.limit.date is not None and delivered_at > ends):
        return None
    started = clock.started_at + max(delivered_at - asked_at, timedelta(0))
    heard = clock.model_copy(update={"started_at": started, "pauses": _after(clock.pauses, started)})
    later = due(heard, calendar).at
    return None if later is None else calendar.next_office_instant(max(ends, later))


def _after(pauses: tuple[Pause, ...], started: datetime) -> tuple[Pause, ...]:
    running = [held for held in pauses if held.ended_at is None or held.ended_at > started]
    return tuple(held.model_copy(update={"started_at": max(held.started_at, started)}) for held in running)
