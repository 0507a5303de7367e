"""After the outcome, for staff: calls, bad reviews, reopening, a new progress code. Ratings are not theirs."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from api.auth import CodeIssuer, FollowUpCaller, FollowUpReader, OfficeDep, Reopener, ReviewTreater
from api.openapi import errors
from api.routers.cases import CaseId
from api.routers.subject import IdempotencyKey
from api.schemas.case import CaseShown, show_case
from api.schemas.decision import command_id
from api.schemas.follow_up import (
    CallBody,
    FollowUpsShown,
    FollowUpStateShown,
    RectificationBody,
    ReviewContactBody,
    ReviewTreatmentBody,
    show_follow_up,
    show_state,
)
from api.schemas.progress import ProgressCodeShown
from api.schemas.reopen import ReopenBody, to_reopening
from domain.follow_up import FinishRectification, RecordCall, RecordReviewContact, TreatReview
from domain.person import Person
from services.issue_progress_code import issue_progress_code as issue_progress_code_
from services.record_follow_up import read_follow_ups, record_follow_up
from services.reopen_case import reopen_case as reopen_case_

router = APIRouter(prefix="/v1/cases/{case_id}", tags=["follow-ups"])
_RECORDED = errors(401, 403, 404, 409, 413, 422, 503)


async def _case(case_id: CaseId, idempotency_key: IdempotencyKey) -> tuple[str, str]:
    return case_id, idempotency_key


OnFollowUp = Annotated[tuple[str, str], Depends(_case)]


@router.get("/follow-ups", summary="回访记录 · Read the follow-ups", responses=errors(401, 403, 404, 422, 503))
async def get_follow_ups(office: OfficeDep, person: FollowUpReader, case_id: CaseId) -> FollowUpsShown:
    """Calls, ratings and what was done about bad ones, as far as recorded."""
    orders = await read_follow_ups(office, person, case_id)
    return FollowUpsShown(case_id=case_id, items=[show_follow_up(order) for order in orders])


@router.post("/follow-up/call", summary="记录回访 · Record a follow-up call", responses=_RECORDED)
async def record_call(office: OfficeDep, person: FollowUpCaller, on: OnFollowUp, body: CallBody) -> FollowUpStateShown:
    """Reached or not. "Not resolved" opens the matter again as a new case at once."""
    command = RecordCall(**_by(person, on, "call"), **body.model_dump())
    return show_state(await record_follow_up(office, person, on[0], command))


@router.post("/follow-up/review-contact", summary="差评联系 · Record the contact about a review", responses=_RECORDED)
async def record_review_contact(
    office: OfficeDep, person: FollowUpCaller, on: OnFollowUp, body: ReviewContactBody
) -> FollowUpStateShown:
    """Within one working day of a real-name bad review; comes before anything is decided about it."""
    command = RecordReviewContact(**_by(person, on, "review-contact"), note=body.note)
    return show_state(await record_follow_up(office, person, on[0], command))


@router.post("/follow-up/treatment", summary="差评处置 · Decide about a bad review", responses=_RECORDED)
async def treat_review(
    office: OfficeDep, person: ReviewTreater, on: OnFollowUp, body: ReviewTreatmentBody
) -> FollowUpStateShown:
    """Once it is treated, a second follow-up begins."""
    command = TreatReview(
        **_by(person, on, "treat-review"), treatment=body.treatment, reason=body.reason, limit=body.limit
    )
    return show_state(await record_follow_up(office, person, on[0], command))


@router.post("/follow-up/rectified", summary="整改完成 · Finish a rectification", responses=_RECORDED)
async def finish_rectification(
    office: OfficeDep, person: ReviewTreater, on: OnFollowUp, body: RectificationBody
) -> FollowUpStateShown:
    """What was put right, and when: the clock of the rectification stops."""
    command = FinishRectification(**_by(person, on, "rectified"), reason=body.reason)
    return show_state(await record_follow_up(office, person, on[0], command))


@router.post("/reopen", status_code=201, summary="重新办理 · Reopen a closed case", responses=_RECORDED)
async def reopen_case(office: OfficeDep, person: Reopener, case_id: CaseId, body: ReopenBody) -> CaseShown:
    """A new case with lineage and the shorter limits of a re-check. The same order again is the same case."""
    return show_case(await reopen_case_(office, person, case_id, to_reopening(body)), person)


@router.post(
    "/progress-code",
    status_code=201,
    summary="补发查询码 · Hand out a new progress code",
    responses=errors(401, 403, 404, 422, 503),
)
async def issue_progress_code(office: OfficeDep, person: CodeIssuer, case_id: CaseId) -> ProgressCodeShown:
    """For a requester who lost theirs. The old code opens nothing any more; handing out is on record."""
    return ProgressCodeShown(case_id=case_id, progress_code=await issue_progress_code_(office, person, case_id))


def _by(person: Person, on: tuple[str, str], operation: str) -> dict[str, Any]:
    case_id, key = on
    return {"command_id": command_id(person, case_id, operation, key), "decided_by": person.actor}
