"""Preview: every due instant of a plan with its explanation, before anything is started."""

from domain.errors import conflict
from domain.person import Person
from domain.plan import Plan
from domain.preview import PlanPreview, preview
from services.access import Action, open_case
from services.launch_circumstances import circumstances, sound_plan
from services.office import Office


async def preview_plan(office: Office, person: Person, case_id: str, plan: Plan) -> PlanPreview:
    """Complete and check the plan as a launch would, and store nothing.

    Raises INVALID `plan-unsound` with all problems, CONFLICT `already-launched` or `not-for-coordination`.
    """
    calendar = await office.calendar.current()
    async with office.store.reading() as session:
        record = await open_case(session, person, Action.PREVIEW, case_id)
        if record.launched_at is not None:
            raise conflict("already-launched", "this case is being coordinated already")
        given = await circumstances(office, session, record, calendar, office.time.now())
    return preview(case_id, sound_plan(plan, given), given)
