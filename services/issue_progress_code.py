"""The requester's own key to the case: handed over once, kept as a keyed hash."""

import secrets

from domain.case import CaseRecord
from domain.fact import Fact, FactKind
from domain.person import Person
from domain.progress_code import ALPHABET, RANDOM_CHARACTERS, ProgressAccess, progress_code
from domain.store_ports import StoreSession
from services.access import Action, open_case
from services.office import Office


async def issue_progress_code(office: Office, person: Person, case_id: str) -> str:
    """A new code for a requester who lost theirs; the old one opens nothing any more."""
    async with office.store.writing() as session:
        record = await open_case(session, person, Action.ISSUE_PROGRESS_CODE, case_id, lock=True)
        code = await hand_out(office, session, record, person.actor)
        issued = Fact(
            fact_id=f"{case_id}.progress-code.{office.new_id()}",
            case_id=case_id,
            kind=FactKind.PROGRESS_CODE_ISSUED,
            at=office.time.now(),
            actor=person.actor,
        )
        await session.facts.append(case_id, [issued])
    return code


async def hand_out(office: Office, session: StoreSession, record: CaseRecord, actor: str) -> str:
    code = progress_code([secrets.randbelow(len(ALPHABET)) for _ in range(RANDOM_CHARACTERS)])
    access = ProgressAccess(
        case_id=record.case_id,
        salt=record.case_id,
        code_hash=seal_code(office, record.case_id, code),
        issued_at=office.time.now(),
        issued_by=actor,
    )
    await session.progress_codes.put(access)
    return code


async def pass_on(session: StoreSession, earlier: str, later: str) -> bool:
    """A reopened case is read with the code of the case before. False when that has none."""
    access = await session.progress_codes.get(earlier)
    if access is None:
        return False
    await session.progress_codes.put(access.model_copy(update={"case_id": later, "failures": 0, "failing_since": None}))
    return True


def seal_code(office: Office, salt: str, code: str) -> str:
    return office.seals.seal("progress-code", salt, code)
