"""Clocks: start event, limit, pauses and extensions; due instants are derived from them and explained."""

import datetime as dt
from enum import StrEnum
from typing import ClassVar, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from domain import clock_text, counting
from domain.clock_text import Words
from domain.limit import Limit, TimeUnit
from domain.wire import Wire
from domain.working_calendar import UtcInstant, WorkingCalendar


class ClockKind(StrEnum):
    FIRST_CONTACT = "first_contact"
    SIGN_FOR = "sign_for"
    REPLY = "reply"
    SUPPLEMENT = "supplement"
    DEFERRED_MATERIAL = "deferred_material"
    STATUTORY_NOTICE = "statutory_notice"
    EXTERNAL_FOLLOW_UP = "external_follow_up"
    FOLLOW_UP = "follow_up"
    RATING = "rating"  # how long the requester may rate
    REVIEW_CONTACT = "review_contact"
    OBJECTION = "objection"
    RECTIFICATION = "rectification"
    DECISION = "decision"  # the ball lies with a person on our side
    REVIEW = "review"  # something stands still and is looked at again and again
    ITEM = "item"  # the department's own statutory or promised clock, never merged with ours


class ClockError(ValueError):
    """A change the clock's rules refuse; branch on `code`, never on the text."""

    code: ClassVar[str] = "clock-error"


class ClockStopped(ClockError):
    code = "clock-stopped"


class ClockAlreadyPaused(ClockError):
    code = "clock-already-paused"


class ClockNotPaused(ClockError):
    code = "clock-not-paused"


class ClockNeverPauses(ClockError):
    code = "clock-never-pauses"


class ClockOutOfOrder(ClockError):
    code = "clock-out-of-order"


class ExtensionAskedTooLate(ClockError):
    code = "extension-asked-too-late"


class ExtensionsUsedUp(ClockError):
    code = "extensions-used-up"


class ExtensionNotLater(ClockError):
    code = "extension-not-later"


class Pause(Wire):
    """An interval in which the clock stands still, unless it `counts_in_limit`."""

    started_at: UtcInstant
    ended_at: UtcInstant | None = None
    reason: str = Field(min_length=1)
    legal_basis: str | None = None
    counts_in_limit: bool = False
    at_most: Limit | None = None
    """An outage's: so long after the first of them the clock runs on by itself; None: a person ends it."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.ended_at is not None and self.ended_at < self.started_at:
            raise PydanticCustomError("pause_order", "a pause cannot end before it starts")
        return self


class Extension(Wire):
    """More time, either `limit` added to the due instant or a new date `until` whose close of business it runs."""

    granted_at: UtcInstant
    granted_by: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    limit: Limit | None = None
    until: dt.date | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.limit is None) == (self.until is None):
            raise PydanticCustomError("extension_one_measure", "an extension has either a limit or a date, not both")
        return self

    @property
    def added(self) -> Limit:
        return self.limit if self.limit is not None else Limit(unit=TimeUnit.FIXED_DATE, date=self.until)


class Clock(Wire):
    """One running promise. Holds only what happened; everything else is derived by `due`."""

    clock_id: str = Field(min_length=1)
    kind: ClockKind
    started_at: UtcInstant
    limit: Limit
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[Extension, ...] = ()
    stopped_at: UtcInstant | None = None

    @model_validator(mode="after")
    def _check_pauses(self) -> Self:
        free_from: dt.datetime | None = self.started_at
        for held in self.pauses:
            if free_from is None or held.started_at < free_from:
                raise PydanticCustomError("clock_pauses_order", "pauses follow one another after the clock's start")
            free_from = held.ended_at
        return self

    @property
    def open_pause(self) -> Pause | None:
        return self.pauses[-1] if self.pauses and self.pauses[-1].ended_at is None else None


class ExplanationLine(Wire):
    """One step of "why is it due then?", with the instant the count had reached."""

    text_en: str
    text_zh: str
    instant: UtcInstant | None = None


class Due(Wire):
    """When a clock ends: `at` is None while an open pause holds it; the last line's instant is `at`."""

    at: UtcInstant | None
    provisional: bool
    lines: tuple[ExplanationLine, ...]


def pause(
    clock: Clock,
    at: dt.datetime,
    reason: str,
    *,
    legal_basis: str | None = None,
    counts_in_limit: bool = False,
    at_most: Limit | None = None,
) -> Clock:
    _refuse_unless_running(clock, at)
    if clock.kind is ClockKind.FIRST_CONTACT:
        raise ClockNeverPauses("the promise to contact the requester never pauses")
    if clock.open_pause is not None:
        raise ClockAlreadyPaused("the clock is already paused")
    last = clock.pauses[-1].ended_at if clock.pauses else None
    if last is not None and at < last:
        raise ClockOutOfOrder("a pause cannot start before the previous one ended")
    held = Pause(
        started_at=at, reason=reason, legal_basis=legal_basis, counts_in_limit=counts_in_limit, at_most=at_most
    )
    return clock.model_copy(update={"pauses": (*clock.pauses, held)})


def resume(clock: Clock, at: dt.datetime) -> Clock:
    _refuse_unless_running(clock, at)
    held = clock.open_pause
    if held is None:
        raise ClockNotPaused("the clock is not paused")
    if at < held.started_at:
        raise ClockOutOfOrder("a pause cannot end before it starts")
    ended = Pause.model_validate(held.model_dump() | {"ended_at": at})
    return clock.model_copy(update={"pauses": (*clock.pauses[:-1], ended)})


def runs_on_at(clock: Clock, calendar: WorkingCalendar) -> dt.datetime | None:
    """When the open pause ends by itself; None when there is none, or only a person ends it.

    Counted from the begin of the first such pause, however often the system came back meanwhile: many short outages
    hold a clock no longer than one long one.
    """
    held = clock.open_pause
    if held is None or held.at_most is None:
        return None
    first = next(one for one in clock.pauses if one.at_most is not None)
    return counting.longest_pause(held.at_most, first.started_at, calendar)


def extend(
    clock: Clock,
    extension: Extension,
    calendar: WorkingCalendar,
    *,
    asked_at: dt.datetime | None = None,
    at_most: int | None = None,
) -> Clock:
    """Grant more time, asked for before the due instant and at most `at_most` times (policy)."""
    _refuse_unless_running(clock, extension.granted_at)
    if at_most is not None and len(clock.extensions) >= at_most:
        raise ExtensionsUsedUp(f"the policy allows {at_most} extension(s)")
    before = due(clock, calendar).at
    if before is not None and (asked_at or extension.granted_at) > before:
        raise ExtensionAskedTooLate("an extension must be asked for before the due instant")
    longer = clock.model_copy(update={"extensions": (*clock.extensions, extension)})
    after = due(longer, calendar).at
    if before is not None and after is not None and after <= before:
        raise ExtensionNotLater("the extension would not move the due instant")
    return longer


def stop(clock: Clock, at: dt.datetime) -> Clock:
    """End the clock because what it waited for came; its due instant stays explainable."""
    _refuse_unless_running(clock, at)
    return Clock.model_validate(clock.model_dump() | {"stopped_at": at})


def _refuse_unless_running(clock: Clock, at: dt.datetime) -> None:
    if clock.stopped_at is not None:
        raise ClockStopped("the clock has stopped")
    if at < clock.started_at:
        raise ClockOutOfOrder("nothing can happen to a clock before it starts")


def due(clock: Clock, calendar: WorkingCalendar) -> Due:
    """Derive the due instant and the lines that lead to it; depends on its arguments alone."""
    base = counting.counts_from(clock.started_at, calendar, receipt=clock.kind is not ClockKind.STATUTORY_NOTICE)
    standing = counting.first_end(clock.limit, clock.started_at, base, calendar)
    lines = [
        _line(words, at)
        for words, at in clock_text.opening_lines(clock.limit, clock.started_at, base, standing, calendar)
    ]
    held_by: Pause | None = None
    spent = base
    for event in _in_order(clock):
        if held_by is not None:
            break
        standing, spent, held_by, words = _apply(event, standing, clock.limit, spent, calendar)
        lines.append(_line(words, None if held_by else standing.at))
    counted_days = counting.wall_span(clock.limit, calendar) is None and clock.limit.date is None
    provisional = counted_days and calendar.spans_unknown(base, calendar.local_day(standing.at))
    if provisional:
        lines.append(_line(clock_text.provisional(calendar), None if held_by else standing.at))
    if held_by is not None:
        lines.append(_line(clock_text.held(held_by.started_at, calendar), None))
        if (latest := runs_on_at(clock, calendar)) is not None:
            lines.append(_line(clock_text.runs_on(latest, calendar), latest))
        return Due(at=None, provisional=provisional, lines=tuple(lines))
    lines.append(_line(clock_text.due_at(standing.at, calendar), standing.at))
    return Due(at=standing.at, provisional=provisional, lines=tuple(lines))


def _in_order(clock: Clock) -> list[Pause | Extension]:
    events: list[Pause | Extension] = [*clock.pauses, *clock.extensions]
    return sorted(events, key=lambda event: event.started_at if isinstance(event, Pause) else event.granted_at)


def _apply(
    event: Pause | Extension, standing: counting.Standing, limit: Limit, spent: dt.date, calendar: WorkingCalendar
) -> tuple[counting.Standing, dt.date, Pause | None, Words]:
    """The standing after one event, the last day spent, the pause that holds the clock from here on, and the words."""
    if isinstance(event, Extension):
        moved = counting.extended_end(standing, event.added, event.granted_at, calendar)
        return moved, spent, None, clock_text.extended(event.added, event.granted_by, event.reason)
    took_effect = not event.counts_in_limit and limit.date is None and event.started_at < standing.at
    reason = clock_text.outage(event.legal_basis, event.at_most) if event.at_most else Words(event.reason, event.reason)
    words = clock_text.paused(event.started_at, event.ended_at, reason, took_effect, calendar)
    if not took_effect:
        return standing, spent, None, words
    if event.ended_at is None:
        return standing, spent, event, words
    moved, spent = counting.end_after_pause(standing, limit, spent, (event.started_at, event.ended_at), calendar)
    return moved, spent, None, words


def _line(words: Words, instant: dt.datetime | None) -> ExplanationLine:
    return ExplanationLine(text_en=words.en, text_zh=words.zh, instant=instant)
