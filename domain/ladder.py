"""Escalation ladder: when silence is reported, to whom, and when a person may be disturbed."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from domain import counting
from domain.clock import Clock, ClockKind, due
from domain.limit import Limit, TimeUnit
from domain.wire import Wire
from domain.working_calendar import UtcInstant, WorkingCalendar

DECIDER = "decider"
"""Whoever must move now: the duty leader, or the supervisor, or a second person."""
_DECIDED_CLOCKS = frozenset({ClockKind.DECISION, ClockKind.REVIEW})
ROLES = frozenset(
    {"clerk", "department_officer", "department_head", "duty_leader", "supervisor", "leading_group", "requester"}
    | {DECIDER}
)
_HEARD_BY_RUNGS_ALONE = (ClockKind.REPLY, ClockKind.EXTERNAL_FOLLOW_UP, ClockKind.DECISION, ClockKind.REVIEW)
"""When these are over, nothing else happens by itself."""
_DAY_UNITS = (TimeUnit.WORKING_DAYS, TimeUnit.CALENDAR_DAYS)
_WHEN_TEXT = re.compile(r"(before|after)\s+(\S.*)")
_ZERO_DAYS = re.compile(r"0 (working|calendar)_days?")


class RungWhen(Wire):
    """When a rung fires: `at` the due instant, on the `due_day` at opening, or a limit before or after.

    Also reads "at", "due_day", "before 2 working_days", "after 1 working_days";
    "before 0 working_days" means `due_day`.
    """

    relation: Literal["before", "due_day", "at", "after"]
    limit: Limit | None = None

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if isinstance(value, str):
            found = _WHEN_TEXT.fullmatch(value.strip())
            value = {"relation": found[1], "limit": found[2]} if found else {"relation": value.strip()}
        if isinstance(value, Mapping) and value.get("relation") in ("before", "after"):
            if value.get("limit") is None:
                return {"relation": "at"}
            if value["relation"] == "before" and _is_zero_days(value["limit"]):
                return {"relation": "due_day"}
        return value

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.relation in ("before", "after")) != (self.limit is not None):
            raise PydanticCustomError("rung_limit", "only a rung before or after the due instant has a limit")
        if self.limit is not None and self.limit.amount is None:
            raise PydanticCustomError("rung_unit", "a rung's offset needs an amount of time")
        return self

    @property
    def tells_of_lateness(self) -> bool:
        """It fires when the time is up, not before."""
        return self.relation in ("at", "after")

    def __str__(self) -> str:
        return self.relation if self.limit is None else f"{self.relation} {self.limit}"


def _is_zero_days(limit: object) -> bool:
    if isinstance(limit, str):
        return _ZERO_DAYS.fullmatch(limit.strip()) is not None
    return isinstance(limit, Mapping) and limit.get("amount") == 0 and limit.get("unit") in _DAY_UNITS


class Rung(Wire):
    """One step of the ladder; `demands_action` waits for an answer instead of only telling."""

    name: str = Field(min_length=1, max_length=60, pattern=r"^[a-z][a-z0-9_]*$")
    clock: ClockKind
    when: RungWhen
    tell: tuple[str, ...] = Field(min_length=1)
    channel: str = Field(min_length=1)
    demands_action: bool = False
    office_hours_only: bool = True


class Ladder(Wire):
    version: str = Field(min_length=1)
    rungs: tuple[Rung, ...] = ()

    def completed(self, standard: Sequence[Rung]) -> "Ladder":
        """With the standard rungs of every clock that this ladder has no rung for."""
        own = {rung.clock for rung in self.rungs}
        return self.model_copy(update={"rungs": (*self.rungs, *(rung for rung in standard if rung.clock not in own))})


class ScheduledRung(Wire):
    rung: Rung
    at: UtcInstant


def rung_instant(rung: Rung, due_at: dt.datetime, calendar: WorkingCalendar, *, urgent: bool) -> dt.datetime:
    """When the rung fires; moved to the next opening unless urgent or allowed outside office hours."""
    at = _nominal(rung.when, due_at, calendar)
    return calendar.next_office_instant(at) if rung.office_hours_only and not urgent else at


def instants(ladder: Ladder, clock: Clock, calendar: WorkingCalendar, *, urgent: bool) -> tuple[ScheduledRung, ...]:
    """The clock's rungs in the order they fire; none while an open pause holds the clock.

    A rung before the due instant is left out when it would not fire after the clock's start.
    """
    due_at = due(clock, calendar).at
    if due_at is None:
        return ()
    found = _fired(ladder.rungs, clock.kind, (clock.started_at, due_at), calendar, urgent=urgent)
    return tuple(sorted(found, key=lambda scheduled: scheduled.at))


def _fired(
    rungs: Sequence[Rung],
    kind: ClockKind,
    run: tuple[dt.datetime, dt.datetime],
    calendar: WorkingCalendar,
    *,
    urgent: bool,
) -> Iterator[ScheduledRung]:
    started_at, due_at = run
    for rung in rungs:
        if rung.clock is kind:
            at = rung_instant(rung, due_at, calendar, urgent=urgent)
            if at > started_at or rung.when.relation in ("at", "after"):
                yield ScheduledRung(rung=rung, at=at)


def _nominal(when: RungWhen, due_at: dt.datetime, calendar: WorkingCalendar) -> dt.datetime:
    if when.relation == "at":
        return due_at
    if when.limit is None:
        if calendar.compressed_day_seconds is not None:
            return due_at
        return calendar.opening(calendar.workday_on_or_before(calendar.local_day(due_at)))
    sign = 1 if when.relation == "after" else -1
    amount = sign * (when.limit.amount or 0)
    if (span := counting.wall_span(when.limit, calendar)) is not None:
        return due_at + sign * span
    if when.limit.unit is TimeUnit.WORKING_HOURS:
        return counting.add_office_time(due_at, dt.timedelta(hours=amount), calendar)
    due_day = calendar.local_day(due_at)
    if when.limit.unit is TimeUnit.CALENDAR_DAYS:
        return calendar.opening(due_day + dt.timedelta(days=amount))
    return calendar.opening(calendar.add_workdays(due_day, amount))


def check_ladder(
    ladder: Ladder, limits_by_clock: Mapping[ClockKind, Sequence[Limit]], calendar: WorkingCalendar
) -> list[str]:
    """What is wrong with a ladder, rung by rung; empty when it may be used.

    Judged on ordinary weeks and starts inside office hours, so that a chance holiday proves nothing.
    """
    ordinary = _ordinary(calendar)
    problems = [f"rung {name}: the name is used twice" for name in _repeated([rung.name for rung in ladder.rungs])]
    for rung in ladder.rungs:
        problems += [f"rung {rung.name}: unknown role {role}" for role in rung.tell if role not in ROLES]
        if DECIDER in rung.tell and rung.clock not in _DECIDED_CLOCKS:
            problems.append(f"rung {rung.name}: nobody decides about the clock {rung.clock.value}; name a role")
        if rung.clock is ClockKind.REVIEW and rung.when.relation == "after":
            problems.append(f"rung {rung.name}: can never fire, the review clock begins anew when it is due")
        if not limits_by_clock.get(rung.clock):
            problems.append(f"rung {rung.name}: no limit is known for the clock {rung.clock.value}")
        elif not _can_fire(rung, limits_by_clock[rung.clock], ordinary):
            problems.append(
                f"rung {rung.name}: can never fire, no limit of {rung.clock.value} has room for {rung.when}"
            )
    return problems + climb_problems(ladder, limits_by_clock, calendar)


def unheard(ladder: Ladder) -> list[str]:
    """The clocks whose silence this ladder would let pass."""
    heard = {rung.clock for rung in ladder.rungs if rung.when.tells_of_lateness}
    return [
        f"the clock {kind.value}: no rung fires at or after its due instant, its silence would go unheard"
        for kind in _HEARD_BY_RUNGS_ALONE
        if kind not in heard
    ]


def climb_problems(
    ladder: Ladder, limits_by_clock: Mapping[ClockKind, Sequence[Limit]], calendar: WorkingCalendar
) -> list[str]:
    """Rungs that would fire before one listed below them, for these limits. Judged on ordinary weeks."""
    ordinary = _ordinary(calendar)
    problems: list[str] = []
    for kind, limits in limits_by_clock.items():
        problems += _not_climbing([rung for rung in ladder.rungs if rung.clock is kind], limits, ordinary)
    return problems


def _ordinary(calendar: WorkingCalendar) -> WorkingCalendar:
    return calendar.model_copy(update={"years": (), "compressed_day_seconds": None})


def _repeated(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _can_fire(rung: Rung, limits: Sequence[Limit], ordinary: WorkingCalendar) -> bool:
    if any(limit.unit is TimeUnit.FIXED_DATE for limit in limits):
        return True
    return any(
        any(_fired((rung,), rung.clock, run, ordinary, urgent=False))
        for limit in limits
        if not _fills(rung.when, limit)
        for run in _sample_runs(limit, ordinary)
    )


def _fills(when: RungWhen, limit: Limit) -> bool:
    """Whether a rung's lead takes up the whole limit; a period that rolls off a weekend would hide it."""
    lead = when.limit if when.relation == "before" else None
    return lead is not None and lead.unit is limit.unit and (lead.amount or 0) >= (limit.amount or 0)


def _not_climbing(rungs: Sequence[Rung], limits: Sequence[Limit], ordinary: WorkingCalendar) -> list[str]:
    wrong: dict[str, str] = {}
    for limit in limits if rungs else ():
        for run in _sample_runs(limit, ordinary):
            highest: ScheduledRung | None = None
            for reached in _fired(rungs, rungs[0].clock, run, ordinary, urgent=False):
                if highest is not None and reached.at < highest.at:
                    text = f"rung {reached.rung.name}: fires before {highest.rung.name}, which is listed below it"
                    wrong.setdefault(reached.rung.name, text)
                else:
                    highest = reached
    return list(wrong.values())


def _sample_runs(limit: Limit, ordinary: WorkingCalendar) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """Start and due instants over one week without holidays, at opening, midday and shortly before closing."""
    if limit.unit is TimeUnit.FIXED_DATE:
        return
    monday = dt.date(2001, 6, 4)
    last_minute = ordinary.office.length - dt.timedelta(minutes=1)
    for offset in range(5):
        day = monday + dt.timedelta(days=offset)
        for after_opening in (dt.timedelta(0), ordinary.office.length / 2, last_minute):
            start = ordinary.opening(day) + after_opening
            yield start, counting.first_end(limit, start, counting.counts_from(start, ordinary), ordinary).at
