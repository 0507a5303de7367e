"""A case from the counter to the archive, as the store keeps it."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.clock import Clock
from domain.codes import CaseStage, Cause, Outcome, RequestState, TriageDecision, Urgency
from domain.lineage import Lineage
from domain.plan import Plan
from domain.snapshot import CaseSnapshot, OutcomeRecord
from domain.wire import Instant, Wire

Line = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(min_length=1, max_length=4_000)]


class RequesterType(StrEnum):
    INDIVIDUAL = "individual"
    ENTERPRISE = "enterprise"


class Requester(Wire):
    """反映人. Personal data: leaves only as far as an ask's `sees` allows."""

    type: RequesterType
    name: Line
    contact: Line | None = None
    agent: Line | None = None
    resident_id: str | None = Field(default=None, min_length=15, max_length=18)
    uscc: str | None = Field(default=None, min_length=18, max_length=18)
    """Unified social credit code."""
    health: Text | None = None
    """Sensitive; only for asks that name it in `sees`."""

    def same_party(self, other: "Requester") -> bool:
        """By identifier alone: an equal name proves nothing."""
        if self.type is not other.type:
            return False
        own, theirs = self._identifier, other._identifier
        return own is not None and own == theirs

    @property
    def _identifier(self) -> str | None:
        identifier = self.uscc if self.type is RequesterType.ENTERPRISE else self.resident_id
        return identifier.upper() if identifier else None


class Item(Wire):
    """政务服务事项: the service item that could not get done."""

    name: Line
    code: Line | None = None


class Registration(Wire):
    """What the clerk takes down. `source` + `external_id` are unique: the same matter sent twice is one case."""

    source: str = Field(default="window", pattern=r"^[a-z0-9_-]{1,40}$")
    external_id: str | None = Field(default=None, min_length=1, max_length=120)
    title: Line
    request: Text
    requester: Requester
    item: Item
    category: Line | None = None
    """The district's own category code."""
    wish_date: date | None = None
    declines_deferral: bool = False
    """The requester wants no conditional acceptance, but the normal way."""


class FirstContact(Wire):
    """先行联系: the requester has been spoken to."""

    at: Instant
    by: str
    channel: Line
    note: str = Field(default="", max_length=2_000)


class Triage(Wire):
    """研判: what kind of "cannot" this is and what happens with it."""

    decision: TriageDecision
    cause: Cause
    urgency: Urgency = Urgency.NORMAL
    category: Line | None = None
    advice: str | None = Field(default=None, max_length=2_000)
    """RESOLVE_ON_SPOT: what was explained, and where to go."""
    refer_to: Line | None = None
    """REFER_OUT: who is responsible instead."""
    complained_of: Line | None = None
    """SUPERVISE: the unit complained of; nothing of the case is ever sent to it."""
    library_tag: Line | None = None
    """Under which the case's precedent is found, for example what keeps sending people to the wrong place."""
    declines_deferral: bool = False
    """Asked at triage, the requester chose the normal way."""
    new_evidence: str | None = Field(default=None, max_length=2_000)
    """What is new since an earlier lawful refusal of the same matter."""
    decided_by: str
    decided_at: Instant


class CaseRecord(Wire):
    """The whole case. `snapshot` is the projection of the running workflow and only as fresh as its version."""

    case_id: str
    stage: CaseStage
    registered_at: Instant
    registered_by: str
    registration: Registration
    owner: str | None = None
    """Person id of the duty leader."""
    first_contact_clock: Clock
    first_contact_due_at: Instant
    first_contact: FirstContact | None = None
    decision_clock: Clock | None = None
    """Runs until the duty leader has triaged, and then until the launch; a running case keeps its own waits."""
    decision_due_at: Instant | None = None
    triage: Triage | None = None
    plan: Plan | None = None
    launched_at: Instant | None = None
    snapshot: CaseSnapshot | None = None
    outcome: OutcomeRecord | None = None
    """From triage for cases without coordination, from the workflow otherwise."""
    closed_at: Instant | None = None
    lineage: Lineage = Lineage()
    party_print: str | None = None
    """Keyed fingerprint of the party; None when nothing identifies it."""
    matter_print: str | None = None
    """Keyed fingerprint of party and item."""

    @property
    def counted_in_rates(self) -> bool:
        """What triage referred elsewhere was never this window's matter. Whatever was coordinated counts, however it
        ended, so that no ending hides it."""
        return self.triage is None or self.triage.decision is not TriageDecision.REFER_OUT

    @property
    def version(self) -> int:
        return self.snapshot.version if self.snapshot else 0


class RequestLine(Wire):
    """One request in a list: enough for a board, without content."""

    request_id: str
    department: str | None
    state: RequestState
    round: int
    due_at: Instant | None
    overdue: bool


class CaseLine(Wire):
    """One case in a list."""

    case_id: str
    title: str
    stage: CaseStage
    cause: Cause | None
    urgency: Urgency | None
    registered_at: Instant
    owner: str | None
    outcome: Outcome | None
    next_due_at: Instant | None
    overdue: bool
    decision_due_at: Instant | None = None
    """When the earliest decision that somebody on our side owes is due."""
    decision_needed: str
    requests: tuple[RequestLine, ...] = ()


class CaseFilter(Wire):
    """What a list shows. All conditions hold together; `cursor` continues a page."""

    stage: CaseStage | None = None
    overdue: bool | None = None
    """True: a request, a decision, the first contact, or what a follow-up owes is past its due instant and not done."""
    waiting_on: str | None = None
    """Department code with an open request."""
    department: str | None = None
    """Department code with any request or round, answered ones too."""
    owner: str | None = None
    registered_by: str | None = None
    """Actor, as the case keeps it: `user:<id>`."""
    needs_decision: bool | None = None
    cause: Cause | None = None
    outcome: Outcome | None = None
    cursor: str | None = Field(default=None, max_length=200)
    limit: int = Field(default=50, ge=1, le=200)


class CasePage(Wire):
    """Newest first. `next_cursor` is None on the last page."""

    items: tuple[CaseLine, ...]
    next_cursor: str | None = None


class LaunchIntent(Wire):
    """A launch that the duty leader ordered; it stays until the engine has the case."""

    case_id: str
    requested_at: Instant
    launch_json: str
    """The CaseLaunch as JSON."""
    attempts: int = 0
    last_error: str | None = None
    done_at: Instant | None = None
