"""What people decide about a running coordination. Every decision has an Idempotency-Key: a repeat has one effect."""

from fastapi import APIRouter

from api.auth import Decider, ExternalVoice, OfficeDep
from api.openapi import errors
from api.routers.subject import OnCase, OnRequest, named
from api.schemas.coordination import CoordinationShown, show_coordination
from api.schemas.decision import (
    AnswerExtensionBody,
    AskAgainBody,
    CloseBody,
    ExtendBody,
    ExternalAnswerBody,
    PauseBody,
    ReassignBody,
    RequestDecisionBody,
    WithdrawCaseBody,
)
from api.schemas.reply import to_reply
from domain.assignment import AnswerExternal, AskAgain, ProceedWith, ReassignRequest, WithdrawRequest
from domain.decision import CloseCase, WithdrawCase
from domain.time_decision import AnswerExtension, ExtendRequest, PauseRequest, ResumeRequest
from services.decide import decide

router = APIRouter(
    prefix="/v1/cases/{case_id}", tags=["decisions"], responses=errors(401, 403, 404, 409, 413, 422, 503)
)


@router.post("/requests/{key}/reassign", summary="改派 · Give a request to another department")
async def reassign_request(office: OfficeDep, person: Decider, on: OnRequest, body: ReassignBody) -> CoordinationShown:
    """A new round with new clocks; the first department is told that its round is over."""
    command = ReassignRequest.model_validate(
        {
            **on.decision("reassign", person, body),
            "to": named(body.to),
            "reply_limit": body.reply_limit,
        }
    )
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post("/requests/{key}/ask-again", summary="再次询问 · Ask the same department again")
async def ask_again(office: OfficeDep, person: Decider, on: OnRequest, body: AskAgainBody) -> CoordinationShown:
    """A new round with the same department, which is told the reason."""
    command = AskAgain.model_validate({**on.decision("ask-again", person, body), "reply_limit": body.reply_limit})
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post("/requests/{key}/extend", summary="延期 · Grant more time")
async def extend_request(office: OfficeDep, person: Decider, on: OnRequest, body: ExtendBody) -> CoordinationShown:
    """Before the round is due, and at most as often as the policy allows."""
    command = ExtendRequest.model_validate({**on.decision("extend", person, body), "limit": body.limit})
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post("/requests/{key}/answer-extension", summary="答复延期 · Grant, cut or refuse the time asked for")
async def answer_extension(
    office: OfficeDep, person: Decider, on: OnRequest, body: AnswerExtensionBody
) -> CoordinationShown:
    """Either way the department's round goes on where it stood."""
    command = AnswerExtension.model_validate(
        {**on.decision("answer-extension", person, body), "granted": body.granted, "until": body.until}
    )
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post("/requests/{key}/pause", summary="中止计时 · Pause a request's clock")
async def pause_request(office: OfficeDep, person: Decider, on: OnRequest, body: PauseBody) -> CoordinationShown:
    """On a stated legal basis; the promise to contact the requester never pauses."""
    command = PauseRequest.model_validate(
        {
            **on.decision("pause", person, body),
            "legal_basis": body.legal_basis,
            "counts_in_limit": body.counts_in_limit,
        }
    )
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post("/requests/{key}/resume", summary="恢复计时 · Let a request's clock go on")
async def resume_request(
    office: OfficeDep, person: Decider, on: OnRequest, body: RequestDecisionBody
) -> CoordinationShown:
    """The due instant moves by what was paused."""
    command = ResumeRequest.model_validate(on.decision("resume", person, body))
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post("/requests/{key}/proceed", summary="继续办理 · Start a request although its predecessor brought nothing")
async def proceed_with(
    office: OfficeDep, person: Decider, on: OnRequest, body: RequestDecisionBody
) -> CoordinationShown:
    """For asks whose predecessors ended without a positive answer: going on is a decision."""
    command = ProceedWith.model_validate(on.decision("proceed", person, body))
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post("/requests/{key}/withdraw", summary="撤回请求 · Withdraw a request")
async def withdraw_request(
    office: OfficeDep, person: Decider, on: OnRequest, body: RequestDecisionBody
) -> CoordinationShown:
    """Nobody is asked any more; the department is told."""
    command = WithdrawRequest.model_validate(on.decision("withdraw-request", person, body))
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post("/requests/{key}/external-answer", summary="外部答复 · Record what an external party said")
async def answer_external(
    office: OfficeDep, person: ExternalVoice, on: OnRequest, body: ExternalAnswerBody
) -> CoordinationShown:
    """For EXTERNAL asks only: departments answer through their own systems."""
    command = AnswerExternal.model_validate(
        {**on.decision("external-answer", person, body), "reply": to_reply(body.reply)}
    )
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post("/withdraw", summary="撤回案件 · The requester takes the matter back")
async def withdraw_case(office: OfficeDep, person: Decider, on: OnCase, body: WithdrawCaseBody) -> CoordinationShown:
    """Every open request is withdrawn; the outcome is WITHDRAWN."""
    command = WithdrawCase.model_validate(on.decision("withdraw-case", person, body))
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post("/close", summary="办结 · Close a case with an outcome")
async def close_case(office: OfficeDep, person: Decider, on: OnCase, body: CloseBody) -> CoordinationShown:
    """Once nothing required is still being asked."""
    command = CloseCase.model_validate(
        {
            **on.decision("close", person, body),
            "outcome": body.outcome,
            "legal_basis": body.legal_basis,
            "remedy": body.remedy,
            "report": body.report.model_dump() if body.report else None,
            "support": body.support,
        }
    )
    return show_coordination(await decide(office, person, on.case_id, command))
