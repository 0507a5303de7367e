"""An outage of a department's system: what is seen of it, and what a district's policy may make of it."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from domain.clock import Clock, ClockKind, pause, resume, runs_on_at
from domain.limit import Limit, TimeUnit
from domain.wire import Instant, Wire
from domain.working_calendar import WorkingCalendar

MOST_OUTAGES: Final = 5
"""So many are told for one activity: a system that comes and goes must not fill a case's history."""
PAUSED_CLOCKS: Final = (ClockKind.REPLY, ClockKind.SIGN_FOR)
"""A round's own clocks. Whether the department objects in time is another matter, and others' clocks are others'."""


class OutageCause(StrEnum):
    """A category and nothing else: what a system said in its trouble stays outside."""

    UNREACHABLE = "UNREACHABLE"
    TIMEOUT = "TIMEOUT"
    FAILING = "FAILING"
    """It answers that it cannot do this now."""
    NOT_UNDERSTOOD = "NOT_UNDERSTOOD"
    """It answers something that no contract knows."""


class Outage(Wire):
    """What the line to a department saw."""

    since: Instant
    """The first failure of the row that has not ended."""
    cause: OutageCause


class OutageNote(Wire):
    """Held up by an outage, or not any more: a fact about a round that does not end it."""

    outage_id: str = Field(min_length=1, max_length=200)
    """The same however often it is told."""
    request_id: str
    round: int = Field(ge=1)
    began: bool
    """False: it is over."""
    outage: Outage | None = None
    """Where one began."""


class OutageSnapshot(Wire):
    """The latest outage of a round."""

    since: Instant
    cause: OutageCause
    noted_at: Instant
    """When the case learned of it; a pause begins here and never before."""
    ended_at: Instant | None = None


_BOUNDING: Final = frozenset(
    {TimeUnit.SECONDS, TimeUnit.MINUTES, TimeUnit.HOURS, TimeUnit.WORKING_HOURS, TimeUnit.WORKING_DAYS}
)


def _bounding(limit: Limit) -> Limit:
    """A date bounds no outage, and a count of calendar days would grow by rolling off a day off."""
    if limit.unit not in _BOUNDING:
        allowed = ", ".join(sorted(unit.value for unit in _BOUNDING))
        raise PydanticCustomError("outage_bound", "at_most is counted in one of {allowed}", {"allowed": allowed})
    return limit


class OutagePause(Wire):
    """Where the district lets an outage of the department's system stop the round's own clocks, and for how long."""

    departments: tuple[str, ...] = ()
    """None named: every department."""
    legal_basis: str = Field(min_length=1, max_length=200)
    at_most: Annotated[Limit, AfterValidator(_bounding)]
    """So long after the first outage of a clock it runs on by itself, and no further outage stops it again."""

    def covers(self, department: str) -> bool:
        return not self.departments or department in self.departments


def rule_for(rules: Sequence[OutagePause], department: str) -> OutagePause | None:
    return next((rule for rule in rules if rule.covers(department)), None)


def hold(clock: Clock, at: datetime, cause: OutageCause, rule: OutagePause, calendar: WorkingCalendar) -> Clock | None:
    """The clock standing still; None where it must not: it stands already, has ended, is overdue, or is used up."""
    if clock.stopped_at is not None or clock.open_pause is not None or at < clock.started_at:
        return None
    held = pause(clock, at, f"system outage: {cause}", legal_basis=rule.legal_basis, at_most=rule.at_most)
    until = runs_on_at(held, calendar)
    return held if until is not None and until > at else None


def run_on(clock: Clock, at: datetime, calendar: WorkingCalendar) -> Clock | None:
    """The clock running again, at the latest from where its allowance was used up; None when no outage holds it."""
    held = clock.open_pause
    until = runs_on_at(clock, calendar)
    if held is None or until is None or clock.stopped_at is not None:
        return None
    return resume(clock, max(min(at, until), held.started_at))
