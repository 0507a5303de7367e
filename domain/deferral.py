"""Conditional acceptance: 容缺受理 and 告知承诺, the materials that come later, and what happens when they do not."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Literal, NamedTuple

from pydantic import Field

from domain.decision import Authority, Decision, RequestDecision
from domain.department import DepartmentRoute
from domain.limit import Limit
from domain.material_name import material_key
from domain.rung_proof import ClockProofs
from domain.wire import Instant, Wire


class Instrument(StrEnum):
    """Two instruments, never merged."""

    HOLD_UNTIL_COMPLETE = "HOLD_UNTIL_COMPLETE"
    """容缺受理: the result is given after the missing material is verified; failing that, the file is returned."""
    ISSUE_THEN_VERIFY = "ISSUE_THEN_VERIFY"
    """告知承诺: the result is given at once; failing that: rectify, proposal to revoke, a person decides."""


class Channel(StrEnum):
    ONLINE = "ONLINE"
    PHONE = "PHONE"
    WECHAT = "WECHAT"
    POST = "POST"
    IN_PERSON = "IN_PERSON"
    REMOTE_VIDEO = "REMOTE_VIDEO"
    SHARED_DATA = "SHARED_DATA"


class MaterialState(StrEnum):
    PROMISED = "PROMISED"
    SUBMITTED = "SUBMITTED"
    VERIFYING = "VERIFYING"
    VERIFIED = "VERIFIED"
    REJECTED = "REJECTED"
    """Submitted and not good; may be resubmitted until due."""
    OVERDUE = "OVERDUE"
    SUSPECT = "SUSPECT"
    """Contradicts the remote check: everything stops, the supervisor is told."""
    FAILED = "FAILED"

    @property
    def settled(self) -> bool:
        return self in (MaterialState.VERIFIED, MaterialState.FAILED)


class DeferralState(StrEnum):
    """A whole conditional acceptance (all its materials)."""

    UNAPPROVED = "UNAPPROVED"
    """Something speaks against the deferral: the duty leader overrides with a reason, or it is asked again."""
    RUNNING = "RUNNING"
    KEPT = "KEPT"
    """Every material is verified."""
    RECTIFYING = "RECTIFYING"
    REVOCATION_PROPOSED = "REVOCATION_PROPOSED"
    RETURNED = "RETURNED"
    """HOLD_UNTIL_COMPLETE failed: the file was returned."""
    REVOKED = "REVOKED"
    DROPPED = "DROPPED"
    """The case ended in another way while materials were out."""


class Submission(Wire):
    """One attempt to hand a material in."""

    number: int = Field(ge=1)
    at: Instant
    channel: Channel
    note: str = ""
    sha256: str | None = None
    """Of the stored file; a verified item's hash never changes (invariant I14)."""
    file_ref: str | None = None
    result: str = ""


class MaterialSnapshot(Wire):
    """A deferred material with its own clock."""

    material_id: str
    """`<request>-m1`: also the request id under which the verifier is asked."""
    request_id: str
    name: str
    channels: tuple[Channel, ...] = ()
    verifier: str
    form: str = ""
    holder: str = ""
    method: str = ""
    """How it is to be verified."""
    state: MaterialState
    clock: ClockProofs | None = None
    """None while the deferral is not approved."""
    due_at: Instant | None = None
    extensions: int = 0
    submissions: tuple[Submission, ...] = ()
    verified_at: Instant | None = None
    found_false: bool = False
    """The supervisor looked: it was no genuine paper, and none is taken any more."""


class DeferralSnapshot(Wire):
    """One conditional acceptance of one request."""

    request_id: str
    instrument: Instrument
    state: DeferralState
    objections: tuple[str, ...] = ()
    """Rules that speak against it, as codes with a text."""
    override_reason: str | None = None
    commitment: str = ""
    remote_check: str = ""
    """What was verified remotely at the acceptance: a paper that contradicts it is suspect."""
    materials: tuple[MaterialSnapshot, ...] = ()
    rectification: ClockProofs | None = None
    rectify_by: Instant | None = None

    @property
    def revocation_rests(self) -> bool:
        """It is proposed, and somebody looks at what came after all and might still mend the promise."""
        if self.state is not DeferralState.REVOCATION_PROPOSED or any(one.found_false for one in self.materials):
            return False
        looked_at = (MaterialState.SUBMITTED, MaterialState.VERIFYING, MaterialState.SUSPECT)
        return any(one.state in looked_at for one in self.materials)


class DeferralGrounds(Wire):
    """What eligibility is judged on; part of the launch, so that a replay judges the same."""

    essential: tuple[str, ...] = ()
    """Names of essential materials (主审要件) of the item: never deferred."""
    excluded_matter: str | None = None
    """Why nothing of this item may be deferred: public safety, health, ecology."""
    dishonesty_record: bool = False
    """The party broke an earlier promise and has not repaired it."""
    declined_by_requester: bool = False
    """The requester chose the normal way."""
    routes: tuple[DepartmentRoute, ...] = ()
    """Departments that may verify."""
    rectify_limit: Limit | None = None


class ApproveDeferral(RequestDecision):
    """The duty leader overrides what speaks against a deferral; `reason` is recorded."""

    kind: Literal["approve_deferral"] = "approve_deferral"
    authority: Authority


class SubmitMaterial(Decision):
    """The requester handed it in, by whatever channel; recorded by the clerk or by the requester's own page."""

    kind: Literal["submit_material"] = "submit_material"
    material_id: str
    channel: Channel
    received_at: Instant | None = None
    """When it reached the window, if it is recorded later: timeliness is judged by it."""
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    file_ref: str | None = Field(default=None, max_length=200)


class ExtendMaterial(Decision):
    """One more time; for force majeure it leaves no mark and does not count, on the document that establishes it."""

    kind: Literal["extend_material"] = "extend_material"
    material_id: str
    limit: Limit
    force_majeure: bool = False


class FailDeferral(RequestDecision):
    """The failure path's human step for HOLD_UNTIL_COMPLETE: the file is returned, with a legal ground."""

    kind: Literal["fail_deferral"] = "fail_deferral"
    legal_basis: str = Field(min_length=1, max_length=2_000)
    remedy: str = Field(min_length=1, max_length=2_000)


class ExtendRectification(RequestDecision):
    """More time for the requester after a promise was broken and before the result is revoked."""

    kind: Literal["extend_rectification"] = "extend_rectification"
    limit: Limit
    """From the decision on: a length of time, or a date."""
    authority: Authority
    """The document that allows it: the rules themselves end here."""


class ClearSuspicion(Decision):
    """The supervisor looked at a suspected paper: genuine after all, or not."""

    kind: Literal["clear_suspicion"] = "clear_suspicion"
    material_id: str
    genuine: bool


class Promised(NamedTuple):
    """A material that would come later. `over` says that its date had passed before anybody promised it."""

    name: str
    over: bool = False


def objections(
    grounds: DeferralGrounds,
    promised: Sequence[Promised],
    commitment: str,
    instrument: Instrument,
    held_by: Mapping[str, str],
) -> tuple[str, ...]:
    """Every rule that speaks against deferring these materials; empty when the deferral may run.

    `held_by`: materials that a department has already, which nobody may ask of the requester.
    """
    found = []
    essential = {material_key(name) for name in grounds.essential}
    holders = {material_key(name): department for name, department in held_by.items()}
    found += [f"essential-material: {one.name}" for one in promised if material_key(one.name) in essential]
    for one in promised:
        if (holder := holders.get(material_key(one.name))) is not None:
            found.append(f"held-by-department: {one.name} ({holder} has it already)")
        if one.over:
            found.append(f"date-in-the-past: {one.name}")
    if grounds.excluded_matter:
        found.append(f"excluded-matter: {grounds.excluded_matter}")
    if grounds.dishonesty_record:
        found.append("dishonesty-record: an earlier promise was broken and not repaired")
    if grounds.declined_by_requester:
        found.append("declined-by-requester: the requester chose the normal way")
    if instrument is Instrument.ISSUE_THEN_VERIFY and not commitment.strip():
        found.append("no-commitment: a result on trust needs a signed commitment")
    return tuple(found)
