"""信用修复: a party whose result was revoked has made good what it had broken."""

from domain.codes import Outcome
from domain.errors import conflict
from domain.fact import Fact, FactKind
from domain.person import Person
from services.access import Action, open_case
from services.office import Office
from services.read_case import Timeline
from services.visibility import visible_facts


async def repair_record(office: Office, person: Person, case_id: str, reason: str, authority: str) -> Timeline:
    """From now on the case counts against no deferral. Raises CONFLICT `nothing-to-repair`."""
    async with office.store.writing() as session:
        record = await open_case(session, person, Action.REPAIR_RECORD, case_id, lock=True)
        if record.outcome is None or record.outcome.outcome is not Outcome.REVOKED:
            raise conflict("nothing-to-repair", "only a case whose result was revoked leaves a mark")
        repaired = Fact(
            fact_id=f"{case_id}.dishonesty-repaired",
            case_id=case_id,
            kind=FactKind.DISHONESTY_REPAIRED,
            at=office.time.now(),
            actor=person.actor,
            data={"reason": reason, "authority": authority},
        )
        if not any(one.fact.fact_id == repaired.fact_id for one in await session.facts.of_case(case_id)):
            await session.facts.append(case_id, [repaired])
        facts = await session.facts.of_case(case_id)
        return Timeline(case_id=case_id, facts=visible_facts(person, facts, record))
