"""Reopening: a closed matter becomes a new case with its lineage; the old one keeps its outcome."""

from domain.case import CaseRecord
from domain.codes import CaseStage
from domain.errors import conflict, invalid
from domain.lineage import Lineage, ReopenCause
from domain.person import Person
from domain.store_ports import StoreSession
from domain.wire import Wire
from services.access import Action, open_case
from services.issue_progress_code import pass_on
from services.office import Office
from services.register_case import fresh_record, registered
from services.same_facts import reopening_facts
from services.visibility import visible_record


class ReopenInput(Wire):
    cause: ReopenCause
    reason: str
    new_evidence: str | None = None


async def reopen_case(office: Office, person: Person, case_id: str, wanted: ReopenInput) -> CaseRecord:
    """The new case, which waits for triage and has the shorter limits of a re-check.

    Raises CONFLICT `not-closed`, `already-reopened`, `not-said-unresolved`, INVALID `new-evidence-missing`. The same
    order again returns the same case.
    """
    async with office.store.writing() as session:
        earlier = await open_case(session, person, Action.REOPEN, case_id, lock=True)
        if (again := await _reopened_already(session, earlier, wanted)) is not None:
            return visible_record(person, again)
        await _check(session, earlier, wanted)
        reopened = await open_again(office, session, earlier, (person.actor, wanted))
        await _settle_follow_ups(session, earlier, wanted, reopened)
        return reopened


async def open_again(
    office: Office, session: StoreSession, earlier: CaseRecord, order: tuple[str, ReopenInput]
) -> CaseRecord:
    """Within the caller's transaction, which holds the earlier case."""
    actor, wanted = order
    now, calendar = office.time.now(), await office.calendar.within(session)
    # The external id stays with the first case: the same matter sent again must still find it
    registration = earlier.registration.model_copy(update={"external_id": None})
    case_id = await session.cases.next_case_id(calendar.local_day(now).year)
    fresh = fresh_record(office, case_id, actor, (registration, now, calendar))
    lineage = Lineage(
        generation=earlier.lineage.generation + 1,
        reopened_from=earlier.case_id,
        cause=wanted.cause,
        reason=wanted.reason,
        new_evidence=wanted.new_evidence,
        same_facts_as=earlier.lineage.same_facts_as,
    )
    reopened = fresh.model_copy(update={"lineage": lineage})
    await session.cases.add(reopened)
    await session.cases.save(earlier.model_copy(update={"lineage": earlier.lineage.next(case_id)}))
    await session.facts.append(case_id, [registered(reopened)])
    for fact in reopening_facts(reopened, actor):
        await session.facts.append(fact.case_id, [fact])
    await pass_on(session, earlier.case_id, case_id)
    return reopened


async def _reopened_already(session: StoreSession, earlier: CaseRecord, wanted: ReopenInput) -> CaseRecord | None:
    if not earlier.lineage.reopened_as:
        return None
    latest = await session.cases.get(earlier.lineage.reopened_as[-1])
    asked = (wanted.cause, wanted.reason, wanted.new_evidence)
    if (latest.lineage.cause, latest.lineage.reason, latest.lineage.new_evidence) == asked:
        return latest
    raise conflict("already-reopened", f"this matter goes on in {latest.case_id}: act there")


async def _check(session: StoreSession, earlier: CaseRecord, wanted: ReopenInput) -> None:
    if earlier.stage is not CaseStage.CLOSED:
        raise conflict("not-closed", "only a closed case can be reopened")
    if wanted.cause is ReopenCause.NEW_EVIDENCE and not (wanted.new_evidence or "").strip():
        raise invalid("new-evidence-missing", "say what is new", field="new_evidence")
    if wanted.cause is ReopenCause.NOT_RESOLVED:
        orders = await session.follow_ups.of_case(earlier.case_id)
        if not any(order.snapshot is not None and order.snapshot.reopening_owed for order in orders):
            raise conflict("not-said-unresolved", "no follow-up call of this case says that it is not resolved")


async def _settle_follow_ups(
    session: StoreSession, earlier: CaseRecord, wanted: ReopenInput, reopened: CaseRecord
) -> None:
    """Whatever the reason was: a follow-up that owed this reopening owes it no more."""
    for known in await session.follow_ups.of_case(earlier.case_id):
        order = await session.follow_ups.get(known.follow_up_id, lock=True)
        if order is None or order.reopened_as is not None:
            continue
        owed = order.snapshot is not None and order.snapshot.reopening_owed
        if owed or wanted.cause is ReopenCause.NOT_RESOLVED:
            await session.follow_ups.save(order.model_copy(update={"reopened_as": reopened.case_id}))
