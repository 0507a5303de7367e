"""The directory of departments, changed while everything runs: added, corrected, checked, given new keys."""

from typing import NamedTuple

from domain.audit import AuditKind
from domain.department import Department
from domain.department_setup import CheckReport, IssuedKeys, KeyChange
from domain.errors import conflict, invalid, not_found, unavailable
from domain.person import Person
from domain.ports import DepartmentSetup
from domain.store_ports import StoreSession
from services.access import Action, may
from services.audit import note_change
from services.office import Office


class Added(NamedTuple):
    department: Department
    keys: IssuedKeys


async def add_department(office: Office, person: Person, department: Department) -> Added:
    """Into the directory, with keys that are shown this once. Raises CONFLICT `department-exists`, INVALID."""
    setup = setup_of(office, person)
    await _check_address(setup, department)
    async with office.store.reading() as session:
        if await session.directory.get(department.code) is not None:
            raise _exists()
    # Keys first: an entry without keys would be sent to and could not be; keys without an entry open nothing
    keys = await setup.issue(department)
    async with office.store.writing() as session:
        if await session.directory.get(department.code) is not None:
            raise _exists()
        await session.directory.save(department)
        await note_change(
            office, session, person, AuditKind.DEPARTMENT_ADDED, department.code, technique=department.technique.value
        )
    return Added(department, keys)


async def change_department(office: Office, person: Person, department: Department) -> Department:
    """Replace everything but the technique and whether it takes part: open rounds rely on both."""
    setup = setup_of(office, person)
    await _check_address(setup, department)
    async with office.store.writing() as session:
        before = await known_department(session, department.code)
        if before.technique is not department.technique:
            raise conflict("technique-is-fixed", "rounds are under way by this technique: add another department")
        after = department.model_copy(update={"enabled": before.enabled})
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


async def known_department(session: StoreSession, code: str) -> Department:
    department = await session.directory.get(code)
    if department is None:
        raise not_found("no-such-department", "the directory has no such department")
    return department


async def _check_address(setup: DepartmentSetup, department: Department) -> None:
    reason = await setup.check_address(department)
    if reason is not None:
        raise invalid("address-not-allowed", reason, field="base_url")


def _exists() -> Exception:
    return conflict("department-exists", "the directory has a department with this code")
