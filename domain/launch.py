"""What a coordination starts with. All of it stays in the case's history, so that a replay needs nothing else."""

from typing import Final

from pydantic import Field

from domain.codes import Cause, Urgency
from domain.deferral import DeferralGrounds
from domain.department import DepartmentRoute
from domain.ladder import Ladder
from domain.limit import Limit, TimeUnit
from domain.outage import OutagePause
from domain.plan import Plan
from domain.snapshot import OutcomeRecord
from domain.waiting import WaitLimits
from domain.wire import Instant, Wire
from domain.working_calendar import WorkingCalendar

EDITION: Final = 1
"""Of cases that begin now. A running case keeps its own: its history was written by it (ADR 15)."""


class CaseLaunch(Wire):
    """Input of the workflow CaseCoordination. Every department ask has its limits filled in."""

    case_id: str
    launched_at: Instant
    """When the duty leader launched it. Clocks of a round start when the workflow opens it."""
    launched_by: str
    duty_leader: str
    cause: Cause
    urgency: Urgency = Urgency.NORMAL
    plan: Plan
    routes: tuple[DepartmentRoute, ...]
    calendar: WorkingCalendar
    ladder: Ladder
    follow_up_limit: Limit
    """EXTERNAL asks without a limit of their own: until the clerk follows up."""

    objection_limit: Limit | None = None
    """Until when a department may say that a request is not its own; None: as long as its round runs."""
    supplement_limit: Limit | None = None
    """How long the requester has for what is missing."""
    grounds: DeferralGrounds = DeferralGrounds()
    """What a conditional acceptance is judged on."""
    held_by: dict[str, str] = Field(default_factory=dict)
    """Materials that a department has already: fetched there, never asked of the requester."""
    outage_pauses: tuple[OutagePause, ...] = ()
    """Where an outage of a department's system stops its clocks; empty: nowhere."""
    waits: WaitLimits = WaitLimits()
    """How long people on our side may take."""
    renewed_limit: Limit = Limit(unit=TimeUnit.WORKING_DAYS, amount=5)
    """For a new round of an ask whose own limit is a date that has passed, and for verifications of such an ask."""
    max_extensions: int = 1
    """How often one round may be extended."""
    edition: int = 0
    """How rungs, carried clocks and silences are handled; 0 in cases begun before this was written down."""

    def route(self, department: str) -> DepartmentRoute:
        return next(route for route in self.routes if route.code == department)


class CaseResult(Wire):
    """Result of the workflow: the same outcome as in the store and in the notice (invariant I11)."""

    case_id: str
    version: int
    outcome: OutcomeRecord
