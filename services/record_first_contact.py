"""First contact: somebody has spoken to the requester."""

from pydantic import Field

from domain.case import CaseRecord, FirstContact, Line
from domain.clock import stop
from domain.errors import conflict
from domain.fact import Fact, FactKind
from domain.person import Person
from domain.wire import Wire
from services.access import Action, open_case
from services.office import Office
from services.visibility import visible_record


class FirstContactInput(Wire):
    channel: Line
    """Phone, counter, …"""
    note: str = Field(default="", max_length=2_000)


async def record_first_contact(office: Office, person: Person, case_id: str, contact: FirstContactInput) -> CaseRecord:
    """Stop the first-contact clock, also of a case that is closed already.

    The same contact again changes nothing; another one is CONFLICT `already-contacted`.
    """
    async with office.store.writing() as session:
        record = await open_case(session, person, Action.RECORD_CONTACT, case_id, lock=True)
        if record.first_contact is not None:
            if (record.first_contact.channel, record.first_contact.note) == (contact.channel, contact.note):
                return visible_record(person, record)
            raise conflict("already-contacted", "the first contact of this case is recorded already")
        at = max(office.time.now(), record.registered_at)
        made = FirstContact(at=at, by=person.actor, channel=contact.channel, note=contact.note)
        clock = stop(record.first_contact_clock, at)
        record = record.model_copy(update={"first_contact": made, "first_contact_clock": clock})
        await session.cases.save(record)
        await session.facts.append(case_id, [_contacted(record, made)])
    return visible_record(person, record)


def _contacted(record: CaseRecord, made: FirstContact) -> Fact:
    in_time = made.at <= record.first_contact_due_at
    return Fact(
        fact_id=f"{record.case_id}.first-contact",
        case_id=record.case_id,
        kind=FactKind.FIRST_CONTACT,
        at=made.at,
        actor=made.by,
        data={"due_at": record.first_contact_due_at.isoformat(), "in_time": str(in_time).lower()},
    )
