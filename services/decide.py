"""Decisions about a running case, carried out by the engine."""

from domain.any_decision import AnyDecision
from domain.case import CaseRecord
from domain.decision import RequestDecision, WeighAnswers
from domain.deferral import ClearSuspicion, ExtendMaterial, SubmitMaterial
from domain.errors import LiandongError, conflict, not_found
from domain.ids import request_id
from domain.joint_decision import ProposeAct
from domain.person import Person
from domain.snapshot import CaseSnapshot
from services.access import open_case
from services.decision_content import check_content
from services.decision_rights import right_for
from services.decision_routes import with_known_routes
from services.live_snapshot import live_snapshot
from services.office import Office
from services.one_effect import one_effect
from services.visibility import visible_snapshot


async def decide(office: Office, person: Person, case_id: str, decision: AnyDecision) -> CaseSnapshot:
    """Carry out a decision in the person's own name; `decided_by` of the input is overwritten.

    Raises FORBIDDEN, NOT_FOUND, CONFLICT `not-coordinating` or `idempotency-key-reused`, INVALID, UNAVAILABLE, or the
    engine's typed refusal.
    """
    calendar = await office.calendar.current()
    async with office.store.reading() as session:
        record = await open_case(session, person, right_for(decision), case_id)
        if record.launched_at is None:
            raise conflict("not-coordinating", "this case is not being coordinated")
        check_content(decision, calendar.local_day(office.time.now()))
        complete = await with_known_routes(office, session, record, decision, calendar)
    await _check_subject(office, record, decision)
    after = await carry_out(office, record, decision, complete.model_copy(update={"decided_by": person.actor}))
    return visible_snapshot(person, record, after)


async def carry_out(office: Office, record: CaseRecord, said: AnyDecision, complete: AnyDecision) -> CaseSnapshot:
    """Bring a checked decision to the engine, once for each key. `said` is it as its maker sent it, `complete` as the
    engine takes it. Raises CONFLICT `idempotency-key-reused`, UNAVAILABLE, or the engine's typed refusal.
    """
    async with one_effect(office, record.case_id, said):
        try:
            return await office.engine.decide(record.case_id, complete)
        except LiandongError as error:
            if error.code == "case-not-running" and (ended := await _ending(office, record)) is not None:
                raise ended from error
            raise


async def _check_subject(office: Office, record: CaseRecord, decision: AnyDecision) -> None:
    """The request must be this case's. One that was added a moment ago is known to the engine alone."""
    if isinstance(decision, SubmitMaterial | ExtendMaterial | ClearSuspicion):
        if not decision.material_id.startswith(f"{record.case_id}."):
            raise not_found("no-such-material", "the case has no such deferred material")
        return
    named = _request_named(decision)
    if named is None or named in _requests_of(record, record.snapshot):
        return
    live = await live_snapshot(office, record.case_id) if named.startswith(f"{record.case_id}.") else None
    if named not in _requests_of(record, live):
        raise not_found("unknown-request", "this case has no such request")


def _request_named(decision: AnyDecision) -> str | None:
    match decision:
        case RequestDecision() | ProposeAct():
            return decision.request_id
        case WeighAnswers():
            return decision.prevails
        case _:
            return None


def _requests_of(record: CaseRecord, snapshot: CaseSnapshot | None) -> frozenset[str]:
    planned = {request_id(record.case_id, ask.key) for ask in record.plan.asks} if record.plan else set()
    return frozenset(planned | {request.request_id for request in (snapshot.requests if snapshot else ())})


async def _ending(office: Office, record: CaseRecord) -> LiandongError | None:
    """Whoever comes too late is told how the case ended."""
    snapshot = await live_snapshot(office, record.case_id) or record.snapshot
    if snapshot is None or snapshot.outcome is None:
        return None
    ended = snapshot.outcome
    return conflict(
        "case-ended",
        f"the case ended as {ended.outcome.value}, decided by {ended.decided_by}; reopen it if that must change",
    )
