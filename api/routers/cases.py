"""A case from the counter to its launch."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from api.auth import Contacter, Launcher, Lister, OfficeDep, Planner, Reader, Registrar, Triager
from api.openapi import errors
from api.schemas.case import CaseShown, RegisteredShown, show_case, show_registered
from api.schemas.case_list import CasePageShown, CaseQuery, show_page, to_filter
from api.schemas.clock import ClocksShown, show_clocks
from api.schemas.plan import PlanBody, to_plan
from api.schemas.preview import PlanPreviewShown, show_preview
from api.schemas.registration import RegistrationBody, to_registration
from api.schemas.timeline import TimelineShown, show_timeline
from api.schemas.triage import FirstContactBody, TriageBody, to_first_contact, to_triage
from domain.codes import CaseStage
from domain.ids import CASE_ID
from services.launch_coordination import launch_coordination
from services.list_cases import list_cases as list_cases_
from services.preview_plan import preview_plan as preview_plan_
from services.read_case import explain_clocks as explain_clocks_
from services.read_case import read_case, read_timeline
from services.record_first_contact import record_first_contact as record_first_contact_
from services.register_case import register_case as register_case_
from services.triage_case import triage_case as triage_case_

router = APIRouter(prefix="/v1/cases", tags=["cases"])


async def _case_id(
    request: Request,
    case_id: Annotated[str, Path(pattern=CASE_ID, description="案件编号 · case number", examples=["LD-2023-000001"])],
) -> str:
    request.state.case_id = case_id
    return case_id


CaseId = Annotated[str, Depends(_case_id)]


@router.post(
    "",
    status_code=201,
    summary="登记案件 · Register a case",
    responses={
        200: {"model": RegisteredShown, "description": "The same matter was registered before: that case."},
        **errors(401, 403, 409, 413, 422, 503),
    },
)
async def register_case(
    office: OfficeDep, person: Registrar, body: RegistrationBody, response: Response
) -> RegisteredShown:
    """The first-contact clock starts now. Sending the same `source` and `external_id` again is safe."""
    registered = await register_case_(office, person, to_registration(body))
    response.status_code = 201 if registered.created else 200
    response.headers["Location"] = f"/v1/cases/{registered.record.case_id}"
    return show_registered(registered.record, registered.progress_code, person)


@router.get("", summary="案件列表 · List cases", responses=errors(401, 403, 422, 503))
async def list_cases(office: OfficeDep, person: Lister, query: Annotated[CaseQuery, Query()]) -> CasePageShown:
    """Newest first, page by page: pass `next_cursor` as `cursor` with the same filters."""
    return show_page(await list_cases_(office, person, to_filter(query, person)))


@router.get("/{case_id}", summary="案件详情 · Read a case", responses=errors(401, 403, 404, 422, 503))
async def get_case(office: OfficeDep, person: Reader, case_id: CaseId) -> CaseShown:
    """Live while the engine answers. Personal data is masked unless the reader handles the case."""
    return show_case(await read_case(office, person, case_id), person)


@router.post(
    "/{case_id}/first-contact",
    summary="先行联系 · Record the first contact",
    responses=errors(401, 403, 404, 409, 413, 422, 503),
)
async def record_first_contact(
    office: OfficeDep, person: Contacter, case_id: CaseId, body: FirstContactBody
) -> CaseShown:
    """Stops the first-contact clock. The same contact again changes nothing."""
    return show_case(await record_first_contact_(office, person, case_id, to_first_contact(body)), person)


@router.post("/{case_id}/triage", summary="研判 · Triage a case", responses=errors(401, 403, 404, 409, 413, 422, 503))
async def triage_case(office: OfficeDep, person: Triager, case_id: CaseId, body: TriageBody) -> CaseShown:
    """RESOLVE_ON_SPOT closes it as EXPLAINED, REFER_OUT as REFERRED; the others open the way to a plan."""
    return show_case(await triage_case_(office, person, case_id, to_triage(body)), person)


@router.post(
    "/{case_id}/plan/preview",
    summary="方案预览 · Preview a plan",
    responses=errors(401, 403, 404, 409, 413, 422, 503),
)
async def preview_plan(office: OfficeDep, person: Planner, case_id: CaseId, body: PlanBody) -> PlanPreviewShown:
    """Every due instant with its explanation. Nothing is stored and nothing is started."""
    return show_preview(await preview_plan_(office, person, case_id, to_plan(body)))


@router.post(
    "/{case_id}/launch",
    summary="启动协同 · Launch the coordination",
    responses={
        202: {"model": CaseShown, "description": "Ordered and stored; it starts by itself once the engine is back."},
        **errors(401, 403, 404, 409, 413, 422, 503),
    },
)
async def launch_case(
    office: OfficeDep, person: Launcher, case_id: CaseId, body: PlanBody, response: Response
) -> CaseShown:
    """Asks the departments. The same plan again is the same launch; another one is a conflict."""
    record = await launch_coordination(office, person, case_id, to_plan(body))
    response.status_code = 202 if record.stage is CaseStage.LAUNCHING else 200
    return show_case(record, person)


@router.get("/{case_id}/timeline", summary="时间线 · Read the timeline", responses=errors(401, 403, 404, 422, 503))
async def get_timeline(office: OfficeDep, person: Reader, case_id: CaseId) -> TimelineShown:
    """Every fact with who, when and what, hash-chained."""
    return show_timeline(await read_timeline(office, person, case_id))


@router.get("/{case_id}/clocks", summary="时钟说明 · Explain the clocks", responses=errors(401, 403, 404, 422, 503))
async def explain_clocks(office: OfficeDep, person: Reader, case_id: CaseId) -> ClocksShown:
    """Why each clock is due when it is, line by line, in both languages."""
    return show_clocks(case_id, await explain_clocks_(office, person, case_id))
