"""Lists of cases, from the store."""

from domain.case import CaseFilter, CasePage
from domain.errors import invalid
from domain.person import Person, PersonRole
from domain.store_ports import StoreSession
from services.access import Action, may
from services.office import Office
from services.visibility import visible_line


async def list_cases(office: Office, person: Person, wanted: CaseFilter) -> CasePage:
    """One page, newest first.

    A department officer sees the cases that its own department was asked in, and in them its own requests only.
    Raises INVALID `unknown-department`: an empty list would say that nobody waits for a department that is misspelt.
    """
    may(person, Action.LIST)
    if person.role is PersonRole.DEPARTMENT_OFFICER:
        named = {wanted.waiting_on, wanted.department} - {None}
        if person.department is None or not named <= {person.department}:
            return CasePage(items=())
        # Conditions on what an officer may not see would tell it all the same
        hidden = {"owner": None, "registered_by": None, "needs_decision": None, "cause": None, "overdue": None}
        wanted = wanted.model_copy(update=hidden | {"department": person.department})
    async with office.store.reading() as session:
        await _refuse_unknown_departments(session, wanted)
        page = await session.cases.page(wanted, office.time.now())
    return page.model_copy(update={"items": tuple(visible_line(person, line) for line in page.items)})


async def _refuse_unknown_departments(session: StoreSession, wanted: CaseFilter) -> None:
    """Those that are switched off are known: cases may still wait on them."""
    for field, code in (("waiting_on", wanted.waiting_on), ("department", wanted.department)):
        if code is not None and await session.directory.get(code) is None:
            known = ", ".join(sorted(department.code for department in await session.directory.all()))
            raise invalid("unknown-department", f"the directory has no such department; it has {known}", field=field)
