"""What comes later: supplements of the requester, conditional acceptance, promised materials."""

from fastapi import APIRouter

from api.auth import Decider, MaterialRecorder, OfficeDep, Overrider, RecordRepairer, SuspicionClearer
from api.openapi import errors
from api.routers.cases import CaseId
from api.routers.subject import OnCase, OnMaterial, OnRequest
from api.schemas.coordination import CoordinationShown, show_coordination
from api.schemas.deferral import (
    ApproveDeferralBody,
    ClearBody,
    ExtendMaterialBody,
    ExtendRectificationBody,
    FailDeferralBody,
    RepairBody,
    SubmitBody,
)
from api.schemas.supplement import SupplementBody, SupplementNoticeBody
from api.schemas.timeline import TimelineShown, show_timeline
from domain.deferral import (
    ApproveDeferral,
    ClearSuspicion,
    ExtendMaterial,
    ExtendRectification,
    FailDeferral,
    SubmitMaterial,
)
from domain.supplement import IssueSupplementNotice, ReceivedMaterial, ReceiveSupplement
from services.decide import decide
from services.repair_record import repair_record

router = APIRouter(
    prefix="/v1/cases/{case_id}", tags=["decisions"], responses=errors(401, 403, 404, 409, 413, 422, 503)
)


@router.post("/supplement-notice", summary="一次性告知 · Tell the requester all that is missing, once")
async def issue_supplement_notice(
    office: OfficeDep, person: Decider, on: OnCase, body: SupplementNoticeBody
) -> CoordinationShown:
    """Merged over all departments; what one of them holds already is fetched there instead."""
    command = IssueSupplementNotice.model_validate(
        {**on.decision("supplement-notice", person, body), "limit": body.limit, "legal_basis": body.legal_basis}
    )
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post("/supplement", summary="补正材料 · Record what the requester supplied")
async def receive_supplement(
    office: OfficeDep, person: MaterialRecorder, on: OnCase, body: SupplementBody
) -> CoordinationShown:
    """When all of it is there, every waiting department is asked again and its clock goes on."""
    received = tuple(ReceivedMaterial(name=one.name, received_as=one.received_as) for one in body.received)
    command = ReceiveSupplement.model_validate(
        {
            **on.decision("supplement", person, body),
            "received": received,
            "received_at": body.received_at,
            "enough": body.enough,
        }
    )
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post("/requests/{key}/deferral/approve", summary="容缺特批 · Override what speaks against a deferral")
async def approve_deferral(
    office: OfficeDep, person: Overrider, on: OnRequest, body: ApproveDeferralBody
) -> CoordinationShown:
    """The duty leader's alone; the rules that were overridden are recorded with the reason."""
    command = ApproveDeferral.model_validate(on.decision("approve-deferral", person, body))
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post("/requests/{key}/deferral/fail", summary="退件 · Return a held file whose material did not come")
async def fail_deferral(
    office: OfficeDep, person: Overrider, on: OnRequest, body: FailDeferralBody
) -> CoordinationShown:
    """容缺受理 only: a result that was issued is revoked by two people instead."""
    command = FailDeferral.model_validate(
        {
            **on.decision("fail-deferral", person, body),
            "legal_basis": body.legal_basis,
            "remedy": body.remedy,
        }
    )
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post(
    "/requests/{key}/deferral/extend-rectification", summary="延长改正期限 · More time instead of a revocation"
)
async def extend_rectification(
    office: OfficeDep, person: Overrider, on: OnRequest, body: ExtendRectificationBody
) -> CoordinationShown:
    """告知承诺 only, once a revocation is proposed: the duty leader's alone, on a document that allows it."""
    command = ExtendRectification.model_validate(
        {**on.decision("extend-rectification", person, body), "limit": body.limit}
    )
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post("/materials/{material_id}/submit", summary="材料提交 · Record that a promised material came")
async def submit_material(
    office: OfficeDep, person: MaterialRecorder, on: OnMaterial, body: SubmitBody
) -> CoordinationShown:
    """By phone, WeChat, post, in person or remote video; the verifying department is asked at once."""
    command = SubmitMaterial.model_validate(
        {
            **on.decision("submit", person, body),
            "material_id": on.part,
            "channel": body.channel,
            "received_at": body.received_at,
        }
    )
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post("/materials/{material_id}/extend", summary="材料延期 · Give a promised material more time")
async def extend_material(
    office: OfficeDep, person: Decider, on: OnMaterial, body: ExtendMaterialBody
) -> CoordinationShown:
    """Once; force majeure does not count, and may be said after the date too."""
    command = ExtendMaterial.model_validate(
        {
            **on.decision("extend-material", person, body),
            "material_id": on.part,
            "limit": body.limit,
            "force_majeure": body.force_majeure,
        }
    )
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post("/materials/{material_id}/clear", summary="嫌疑核查 · Say what a suspected paper turned out to be")
async def clear_suspicion(
    office: OfficeDep, person: SuspicionClearer, on: OnMaterial, body: ClearBody
) -> CoordinationShown:
    """The supervisor's alone."""
    command = ClearSuspicion.model_validate(
        {**on.decision("clear-suspicion", person, body), "material_id": on.part, "genuine": body.genuine}
    )
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post("/dishonesty-repair", summary="信用修复 · Record that a broken promise was made good")
async def repair_dishonesty(
    office: OfficeDep, person: RecordRepairer, case_id: CaseId, body: RepairBody
) -> TimelineShown:
    """For a case that ended as REVOKED. Saying it twice changes nothing."""
    return show_timeline(await repair_record(office, person, case_id, body.reason, body.authority))
