"""Registration: a matter that the normal counters could not finish becomes a case."""

from datetime import datetime

from domain.case import CaseRecord, Registration
from domain.clock import Clock, ClockKind, due
from domain.codes import CaseStage
from domain.errors import ErrorCategory, LiandongError, conflict, unsound
from domain.fact import Fact, FactKind
from domain.person import Person
from domain.registration_rules import check_registration
from domain.wire import Wire
from domain.working_calendar import WorkingCalendar
from services.access import Action, may
from services.issue_progress_code import hand_out
from services.office import Office
from services.same_facts import earlier_refusal
from services.visibility import visible_record
from services.watch_triage import waits_for_leader


class Registered(Wire):
    """`created` is False when the same matter had been sent before."""

    record: CaseRecord
    created: bool
    progress_code: str | None = None
    """For the requester, told this once; nothing but its hash is kept."""


async def register_case(office: Office, person: Person, registration: Registration) -> Registered:
    """Register a matter once per source and external id; the first-contact clock starts now.

    Raises INVALID `registration-unsound` with all problems, CONFLICT `already-registered-differently` when the same
    source and external id came with other content. A matter that was lawfully refused before is linked to that case.
    """
    may(person, Action.REGISTER)
    now = office.time.now()
    calendar = await office.calendar.current()
    categories = frozenset(category.code for category in office.policy.categories)
    problems = check_registration(registration, categories, calendar.local_day(now))
    if problems:
        raise unsound("registration-unsound", "the registration cannot be taken in like this", problems)
    if (earlier := await _earlier(office, person, registration)) is not None:
        return earlier
    try:
        async with office.store.writing() as session:
            calendar = await office.calendar.within(session)
            case_id = await session.cases.next_case_id(calendar.local_day(now).year)
            record = fresh_record(office, case_id, person.actor, (registration, now, calendar))
            refused = await earlier_refusal(session, record)
            if refused is not None:
                lineage = record.lineage.model_copy(update={"same_facts_as": refused})
                record = record.model_copy(update={"lineage": lineage})
            await session.cases.add(record)
            await session.facts.append(case_id, [registered(record), *_linked(record)])
            code = await hand_out(office, session, record, person.actor)
    except LiandongError as error:
        # Somebody else registered the same matter between our look and our write.
        if error.category is not ErrorCategory.CONFLICT:
            raise
        if (earlier := await _earlier(office, person, registration)) is None:
            raise
        return earlier
    return Registered(record=record, created=True, progress_code=code)


async def _earlier(office: Office, person: Person, registration: Registration) -> Registered | None:
    if registration.external_id is None:
        return None
    async with office.store.reading() as session:
        record = await session.cases.find(registration.source, registration.external_id)
    if record is None:
        return None
    if record.registration != registration:
        raise conflict(
            "already-registered-differently",
            f"this source and external id belong to {record.case_id}, which was registered with other content",
        )
    return Registered(record=visible_record(person, record), created=False)


def fresh_record(
    office: Office, case_id: str, actor: str, taken: tuple[Registration, datetime, WorkingCalendar]
) -> CaseRecord:
    registration, now, calendar = taken
    clock = Clock(
        clock_id=f"{case_id}.{ClockKind.FIRST_CONTACT.value}",
        kind=ClockKind.FIRST_CONTACT,
        started_at=now,
        limit=office.policy.limits.first_contact,
    )
    due_at = due(clock, calendar).at
    if due_at is None:
        raise ValueError("a clock without pauses has a due instant")
    record = CaseRecord(
        case_id=case_id,
        stage=CaseStage.REGISTERED,
        registered_at=now,
        registered_by=actor,
        registration=registration,
        first_contact_clock=clock,
        first_contact_due_at=due_at,
        party_print=office.seals.party(registration.requester),
        matter_print=office.seals.matter(registration),
    )
    return record.model_copy(update=waits_for_leader(office, record, now, calendar))


def registered(record: CaseRecord) -> Fact:
    """Without content: facts are read by more people than the case is."""
    return Fact(
        fact_id=f"{record.case_id}.registered",
        case_id=record.case_id,
        kind=FactKind.REGISTERED,
        at=record.registered_at,
        actor=record.registered_by,
        data={
            "source": record.registration.source,
            "first_contact_due_at": record.first_contact_due_at.isoformat(),
        },
    )


def _linked(record: CaseRecord) -> list[Fact]:
    if record.lineage.same_facts_as is None:
        return []
    return [
        Fact(
            fact_id=f"{record.case_id}.same-facts",
            case_id=record.case_id,
            kind=FactKind.SAME_FACTS,
            at=record.registered_at,
            actor="engine",
            data={"refused_in": record.lineage.same_facts_as},
        )
    ]
