"""The directory of departments, changed while everything runs: added, corrected, checked, given new keys."""

from collections.abc import Callable
from typing import NamedTuple

from domain.audit import AuditKind
from domain.codes import Technique
from domain.department import Department
from domain.department_setup import CheckReport, IssuedKeys, KeyChange
from domain.errors import conflict, invalid, not_found, unavailable
from domain.person import Person, first_officer
from domain.ports import DepartmentSetup
from domain.store_ports import StoreSession
from services.access import Action, may
from services.audit import note_change
from services.issue_token import issue_token
from services.office import Office


class Officer(NamedTuple):
    """Answers in the inbox of a department of people. The token is told this once."""

    person_id: str
    token: str


class Added(NamedTuple):
    department: Department
    keys: IssuedKeys
    officer: Officer | None
    """None: the department has a system."""


async def add_department(office: Office, person: Person, department: Department) -> Added:
    """Into the directory, with keys that are shown this once. Raises CONFLICT `department-exists`, INVALID."""
    setup = setup_of(office, person)
    await _check_address(setup, department)
    async with office.store.writing() as session:
        if not await session.directory.add(department):
            raise conflict("department-exists", "the directory has a department with this code")
        officer = await _officer(office, session, department)
        told = {"technique": department.technique.value} | ({"officer": officer.person_id} if officer else {})
        await note_change(office, session, person, AuditKind.DEPARTMENT_ADDED, department.code, **told)
        # Nobody else adds it now, and it does not count yet: an entry without keys could not be sent to, and keys
        # without an entry open nothing
        keys = await setup.issue(department)
    return Added(department, keys, officer)


async def change_department(
    office: Office, person: Person, code: str, change: Callable[[Department], Department]
) -> Department:
    """`change` is given the entry as it is. The technique and whether it takes part stay: open rounds rely on both."""
    setup = setup_of(office, person)
    async with office.store.reading() as session:
        known = await known_department(session, code)
    wanted = _same_technique(known, change(known))
    if (wanted.base_url, wanted.own_network) != (known.base_url, known.own_network):
        await _check_address(setup, wanted)
    async with office.store.writing() as session:
        before = await known_department(session, code, lock=True)
        after = _same_technique(before, change(before)).model_copy(update={"enabled": before.enabled})
        await session.directory.save(after)
        fields = [name for name in type(after).model_fields if getattr(after, name) != getattr(before, name)]
        changed = ", ".join(fields) or "nothing"
        await note_change(office, session, person, AuditKind.DEPARTMENT_CHANGED, after.code, changed=changed)
    return after


async def read_department(office: Office, person: Person, code: str) -> Department:
    """With its address; never with its keys."""
    may(person, Action.ADMINISTER)
    async with office.store.reading() as session:
        return await known_department(session, code)


async def rotate_key(office: Office, person: Person, code: str, change: KeyChange) -> IssuedKeys:
    """New keys, shown this once; the former ones stay good for the overlap."""
    setup = setup_of(office, person)
    async with office.store.reading() as session:
        department = await known_department(session, code)
    keys = await setup.rotate(department, change)
    async with office.store.writing() as session:
        until = keys.former_until.isoformat() if keys.former_until else "at once"
        await note_change(office, session, person, AuditKind.KEY_ROTATED, code, former_until=until)
    return keys


async def check_department(office: Office, person: Person, code: str) -> CheckReport:
    """Send a signed trial message: reachable, encrypted, same time, signature understood."""
    setup = setup_of(office, person)
    async with office.store.reading() as session:
        department = await known_department(session, code)
    report = await setup.check(department)
    async with office.store.writing() as session:
        result = "passed" if report.passed else "failed"
        await note_change(office, session, person, AuditKind.DEPARTMENT_CHECKED, code, result=result)
    return report


def setup_of(office: Office, person: Person) -> DepartmentSetup:
    """Raises FORBIDDEN for everybody but administrators."""
    may(person, Action.ADMINISTER)
    if office.setup is None:
        raise unavailable("administration-off", "departments are administered through another process")
    return office.setup


async def known_department(session: StoreSession, code: str, *, lock: bool = False) -> Department:
    department = await session.directory.get(code, lock=lock)
    if department is None:
        raise not_found("no-such-department", "the directory has no such department")
    return department


def _same_technique(before: Department, after: Department) -> Department:
    if before.technique is not after.technique:
        raise conflict("technique-is-fixed", "rounds are under way by this technique: add another department")
    return after


async def _check_address(setup: DepartmentSetup, department: Department) -> None:
    reason = await setup.check_address(department)
    if reason is not None:
        raise invalid("address-not-allowed", reason, field="base_url")


async def _officer(office: Office, session: StoreSession, department: Department) -> Officer | None:
    """Of people, as the first start makes one: without, nobody could answer."""
    if department.technique is not Technique.PEOPLE:
        return None
    officer = first_officer(department)
    await session.people.save(officer)
    return Officer(officer.person_id, await issue_token(session, officer.person_id, office.time.now()))
