"""A running case as its workflow sees it; what the store projects and the console shows."""

from datetime import datetime

from pydantic import Field

from domain.clock import Clock, ClockKind
from domain.codes import Outcome, ReplyCode, RequestState, Role, RoundEnd
from domain.decision import NegativeAnswerReport
from domain.deferral import DeferralSnapshot
from domain.fact import Fact
from domain.joint_decision import Proposal
from domain.learned_years import LearnedYears
from domain.objection import ReturnRights
from domain.outage import OutageSnapshot
from domain.plan import AskKind
from domain.rung_proof import RungProof
from domain.supplement import SupplementSnapshot
from domain.waiting import WaitSnapshot
from domain.wire import Instant, Wire


class RoundSnapshot(Wire):
    """One turn of a request: one delivery, at most one effective answer."""

    number: int = Field(ge=1)
    department: str | None
    opened_at: Instant
    clocks: tuple[Clock, ...] = ()
    due_at: Instant | None = None
    """Reply due, derived from `clocks` when the snapshot was taken."""
    sign_due_at: Instant | None = None
    provisional: bool = False
    """The due instant lies beyond the known calendar."""
    delivered_at: Instant | None = None
    receipt: str | None = None
    """The department's own number for our request."""
    signed_at: Instant | None = None
    notes: int = 0
    ended_at: Instant | None = None
    end: RoundEnd | None = None
    reply: ReplyCode | None = None
    reply_text: str = ""
    """What the reply says, in one paragraph, for people."""
    reply_basis: str = ""
    """REFUSED and NOT_MINE: the law or the catalogue entry that it rests on."""
    answer_ref: str | None = None
    received_at: Instant | None = None
    in_time: bool | None = None
    """Judged by `received_at` against the due instant; None without an answer or without a due time."""
    rungs: tuple[RungProof, ...] = ()
    ruling: str | None = None
    """Number of the minutes that bind this department: it cannot return the request."""
    outage: OutageSnapshot | None = None
    """The latest outage of the department's system that held this round up."""
    objection_due_at: Instant | None = None
    """Until when the department may say that it is not its own."""
    carried: bool = False
    """It goes on with the clocks of the round before."""

    @property
    def return_rights(self) -> ReturnRights:
        return ReturnRights(self.ruling, self.objection_due_at, self.carried)


class RequestSnapshot(Wire):
    """One ask of the plan and all its rounds."""

    request_id: str
    key: str
    kind: AskKind
    role: Role
    text: str
    department: str | None
    party: str | None = None
    required: bool = True
    after: tuple[str, ...] = ()
    state: RequestState
    waiting_for: str = ""
    """On whom or what it waits, and why: keys, codes and instants, never a name."""
    bounces: int = 0
    later_lists: int = 0
    """How often a department needed more than its full list, told once, had named."""
    responsible: str | None = None
    """首接负责: who answers for it now. After an objection still the department before, until another one signs."""
    verifies: str | None = None
    """The deferred material that this request verifies."""
    conference: bool = False
    """A conference about who is responsible has been convened."""
    rounds: tuple[RoundSnapshot, ...] = ()

    @property
    def round(self) -> RoundSnapshot | None:
        """The latest round."""
        return self.rounds[-1] if self.rounds else None


class OutcomeRecord(Wire):
    """How the case ended, decided by whom, on what ground."""

    outcome: Outcome
    decided_by: str
    """`engine` or `user:<id>`."""
    decided_at: Instant
    reason: str
    legal_basis: str | None = None
    remedy: str | None = None
    authority: str | None = None
    report: NegativeAnswerReport | None = None
    support: str | None = None
    """What was given instead, for OTHER_SUPPORT."""


class CaseSnapshot(Wire):
    """The whole state of a coordination at one version. Versions only grow."""

    case_id: str
    version: int = 0
    launched_at: Instant
    requests: tuple[RequestSnapshot, ...] = ()
    decision_needed: str = ""
    """Why the duty leader must move; empty when nothing waits for a decision."""
    next_due_at: Instant | None = None
    """The next instant at which something happens by itself."""
    outcome: OutcomeRecord | None = None
    interim_outcome: Outcome | None = None
    """DONE_CONDITIONALLY while promised materials are not verified: the case stays open."""
    supplement: SupplementSnapshot | None = None
    deferrals: tuple[DeferralSnapshot, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    weighings: tuple[str, ...] = ()
    waits: tuple[WaitSnapshot, ...] = ()
    """Every wait on a person so far, in the order in which they began."""
    learned: tuple[LearnedYears, ...] = ()
    """Years' notices that came since the launch."""

    @property
    def decision_owed_until(self) -> datetime | None:
        """When the earliest decision that somebody owes is due."""
        owed = [wait.due_at for wait in self.waits if wait.running and wait.matter.clock is ClockKind.DECISION]
        return min((at for at in owed if at is not None), default=None)


class CaseProgress(Wire):
    """What one `record` activity writes: the snapshot and the facts that came since the last one."""

    snapshot: CaseSnapshot
    facts: tuple[Fact, ...] = ()


class RoundOwner(Wire):
    """Whose round it is: decides whether a department's message about it is let in."""

    case_id: str
    department: str | None
    due_at: Instant | None
    ended: bool
    current_round: int
    state: RequestState
