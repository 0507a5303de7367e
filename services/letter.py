"""Letters that the window hands out: commitment letters and the one-time notice."""

from domain.case import CaseRecord
from domain.commitment_letter import commitment_letter
from domain.deferral import DeferralState
from domain.errors import conflict, not_found
from domain.fact import FactKind
from domain.ids import request_id
from domain.person import Person
from domain.snapshot import CaseSnapshot
from domain.supplement_letter import supplement_letter
from services.access import Action, open_case
from services.live_snapshot import live_snapshot
from services.material_file import refuse_other_leaders
from services.office import Office


async def write_commitment_letter(office: Office, person: Person, case_id: str, key: str) -> str:
    """Raises NOT_FOUND `no-such-deferral`, CONFLICT `deferral-not-running` before it was approved."""
    record, snapshot = await _readable(office, person, case_id)
    wanted = request_id(case_id, key)
    deferral = next((one for one in snapshot.deferrals if one.request_id == wanted), None)
    if deferral is None:
        raise not_found("no-such-deferral", "this request was not accepted conditionally")
    if deferral.state is DeferralState.UNAPPROVED:
        raise conflict("deferral-not-running", "the acceptance is not approved: there is nothing to promise yet")
    async with office.store.reading() as session:
        departments = {department.code: department for department in await session.directory.all()}
    return commitment_letter(record, deferral, departments, office.policy.limits.rectification)


async def write_supplement_letter(office: Office, person: Person, case_id: str) -> str:
    """Raises NOT_FOUND `no-such-notice`."""
    record, snapshot = await _readable(office, person, case_id)
    if snapshot.supplement is None:
        raise not_found("no-such-notice", "nothing has been asked of the requester")
    async with office.store.reading() as session:
        departments = {department.code: department for department in await session.directory.all()}
        facts = await session.facts.of_case(case_id)
    told = [one.fact.data for one in facts if one.fact.kind is FactKind.SUPPLEMENT_NOTICE]
    legal_basis = next((data["legal_basis"] for data in reversed(told) if "legal_basis" in data), "")
    return supplement_letter(record, snapshot.supplement, departments, legal_basis)


async def _readable(office: Office, person: Person, case_id: str) -> tuple[CaseRecord, CaseSnapshot]:
    async with office.store.reading() as session:
        record = await open_case(session, person, Action.READ_LETTER, case_id)
    refuse_other_leaders(person, record)
    snapshot = (await live_snapshot(office, case_id) if record.launched_at else None) or record.snapshot
    if snapshot is None:
        raise conflict("not-coordinating", "this case is not being coordinated")
    return record, snapshot
