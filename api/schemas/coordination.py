"""The state of a running or finished coordination."""

from pydantic import Field

from api.schemas.clock import ClockShown
from api.schemas.values import Shown
from domain.case_text import decision_needed, objection, outcome_reason, wait_reason, waits_for
from domain.clock import ClockKind
from domain.codes import Outcome, ReplyCode, RequestState, Role, RoundEnd
from domain.deferral import Channel, DeferralState, Instrument, MaterialState
from domain.joint_decision import DangerousAct
from domain.outage import OutageCause
from domain.plan import AskKind
from domain.snapshot import CaseSnapshot, OutcomeRecord
from domain.waiting import Matter
from domain.wire import Instant


class RungProofShown(Shown):
    rung: str
    clock: ClockKind
    planned_at: Instant
    fired_at: Instant
    result: str
    told: list[str]


class OutageShown(Shown):
    """系统中断 · The department's system is, or was, down and held this round up."""

    since: Instant
    cause: OutageCause
    noted_at: Instant = Field(description="When the case learned of it; a pause begins here and never before.")
    ended_at: Instant | None = Field(description="null: it is still down.")


class RoundShown(Shown):
    """One turn of a request: one delivery, at most one effective answer."""

    number: int
    department: str | None
    opened_at: Instant
    clocks: list[ClockShown]
    due_at: Instant | None
    sign_due_at: Instant | None
    provisional: bool
    delivered_at: Instant | None
    receipt: str | None = Field(description="The department's own number.")
    signed_at: Instant | None
    notes: int
    ended_at: Instant | None
    end: RoundEnd | None
    reply: ReplyCode | None
    reply_text: str
    received_at: Instant | None
    in_time: bool | None = Field(description="Judged by `received_at` alone; null without an answer or a due time.")
    rungs: list[RungProofShown]
    ruling: str | None = Field(description="Number of the minutes that bind this department.")
    outage: OutageShown | None = Field(description="The latest one; null when there was none.")
    objection_due_at: Instant | None = Field(description="Until when the department may return the request.")


class RequestShown(Shown):
    """One ask of the plan and all its rounds."""

    request_id: str
    key: str
    kind: AskKind
    role: Role
    text: str
    department: str | None
    party: str | None
    required: bool
    after: list[str]
    state: RequestState
    waiting_for: str
    waiting_for_zh: str = Field("", description="等待谁 · The same in Chinese; empty when it waits for nobody.")
    bounces: int
    later_lists: int = Field(description="How often more was needed than the full list, told once, had named.")
    responsible: str | None = Field(description="首接负责 · The department that answers for it now.")
    verifies: str | None = Field(description="The deferred material that is verified here.")
    conference: bool
    rounds: list[RoundShown]


class NegativeReportShown(Shown):
    facts_found: str
    alternatives_considered: str


class OutcomeShown(Shown):
    outcome: Outcome
    decided_by: str
    decided_at: Instant
    reason: str
    reason_zh: str = Field(
        "", description="Where the engine gave the reason; what a person wrote stands in `reason` alone."
    )
    legal_basis: str | None
    remedy: str | None
    authority: str | None
    report: NegativeReportShown | None
    support: str | None


class ClockProofsShown(Shown):
    clock: ClockShown
    rungs: list[RungProofShown]


class NeededMaterialShown(Shown):
    material: str = Field(description="Its short name: `/v1/cases/{case_id}/supplement/{material}/file`.")
    name: str
    asked_by: list[str]
    held_by: str | None = Field(description="The department that has it: fetched there, not asked of the requester.")
    received_at: Instant | None
    received_as: str


class SupplementShown(Shown):
    """一次性告知 · The notice to the requester and its clock."""

    issued_at: Instant
    issued_by: str
    materials: list[NeededMaterialShown]
    clock: ClockProofsShown | None = Field(description="Null while departments hold all that is missing.")
    due_at: Instant | None
    closed_at: Instant | None
    lapsed: bool


class SubmissionShown(Shown):
    number: int
    at: Instant
    channel: Channel
    note: str
    sha256: str | None
    result: str


class MaterialShown(Shown):
    """容缺材料 · A promised material with its own clock."""

    material_id: str
    request_id: str
    name: str
    channels: list[Channel]
    verifier: str
    form: str = Field(description="Original, copy, electronic licence …; empty: not said.")
    holder: str = Field(description="Who has it or issues it.")
    method: str = Field(description="How it is to be verified.")
    state: MaterialState
    clock: ClockProofsShown | None
    due_at: Instant | None
    extensions: int
    submissions: list[SubmissionShown]
    verified_at: Instant | None


class DeferralShown(Shown):
    """One conditional acceptance of one request."""

    request_id: str
    instrument: Instrument
    state: DeferralState
    objections: list[str] = Field(description="Rules that speak against it.")
    objections_zh: list[str] = Field([], description="与规则不符之处 · The same rules in Chinese, one for one.")
    override_reason: str | None
    commitment: str
    remote_check: str = Field(description="What was verified remotely; a paper that contradicts it is suspect.")
    materials: list[MaterialShown]
    rectification: ClockProofsShown | None
    rectify_by: Instant | None


class ProposalShown(Shown):
    """A dangerous act that waits for, or had, its second person."""

    proposal_id: str
    act: DangerousAct
    proposed_by: str
    proposed_at: Instant
    reason: str
    legal_basis: str
    remedy: str | None
    request_id: str | None
    round: int | None = Field(description="WAIVE_REQUEST: the round that it is about; 0 before the first.")
    outcome: Outcome | None
    settled_by: str | None
    settled_at: Instant | None
    confirmed: bool | None


class WaitShown(Shown):
    """等待 · What waits, or waited, for a person on our side, and its clock; over when the clock has stopped."""

    wait_id: str
    matter: Matter
    about: str = Field(description="The round, request, material, notice or proposal; else the case.")
    request_id: str | None
    why: str
    why_zh: str = Field("", description="等待什么 · What the wait is about, in Chinese.")
    deciders: list[str] = Field(description="Roles, any of which can end the wait.")
    clock: ClockProofsShown
    due_at: Instant | None


class CoordinationShown(Shown):
    """协同进展 · The coordination at one version; versions only grow."""

    case_id: str
    version: int
    launched_at: Instant
    requests: list[RequestShown]
    decision_needed: str = Field(description="Why the duty leader must move; empty when nothing waits.")
    decision_needed_zh: str = Field("", description="待决定事项 · The same in Chinese.")
    next_due_at: Instant | None = Field(description="The next instant at which something happens by itself.")
    outcome: OutcomeShown | None
    interim_outcome: Outcome | None = Field(description="DONE_CONDITIONALLY while promised materials are out.")
    supplement: SupplementShown | None
    deferrals: list[DeferralShown]
    proposals: list[ProposalShown]
    weighings: list[str]
    waits: list[WaitShown]


def show_coordination(snapshot: CaseSnapshot) -> CoordinationShown:
    shown = CoordinationShown.model_validate(snapshot)
    requests = zip(shown.requests, snapshot.requests, strict=True)
    waits = zip(shown.waits, snapshot.waits, strict=True)
    in_chinese = {
        "decision_needed_zh": decision_needed(snapshot),
        "outcome": show_outcome(snapshot.outcome),
        "requests": [one.model_copy(update={"waiting_for_zh": waits_for(request)}) for one, request in requests],
        "deferrals": [
            one.model_copy(update={"objections_zh": [objection(rule) for rule in one.objections]})
            for one in shown.deferrals
        ],
        "waits": [one.model_copy(update={"why_zh": wait_reason(wait, snapshot)}) for one, wait in waits],
    }
    return shown.model_copy(update=in_chinese)


def show_outcome(outcome: OutcomeRecord | None) -> OutcomeShown | None:
    if outcome is None:
        return None
    return OutcomeShown.model_validate(outcome).model_copy(update={"reason_zh": outcome_reason(outcome)})
