"""Disputes and their end: conferences, designation, minutes, more asks, escalation, weighing, acts of two people."""

from fastapi import APIRouter

from api.auth import Decider, Escalator, OfficeDep, Overrider, SecondPerson
from api.openapi import errors
from api.routers.subject import OnCase, OnProposal, OnRequest, named
from api.schemas.conference import (
    AddAskBody,
    ConfirmBody,
    ConveneBody,
    DesignateBody,
    EscalateBody,
    MinutesBody,
    ProposeBody,
    WeighBody,
)
from api.schemas.coordination import CoordinationShown, show_coordination
from api.schemas.plan import to_ask
from domain.assignment import AddAsk
from domain.conference import EscalateCase, RecordMinutes
from domain.decision import WeighAnswers
from domain.joint_decision import ConfirmAct, ProposeAct
from domain.objection import ConveneConference, Designate
from services.decide import decide

router = APIRouter(
    prefix="/v1/cases/{case_id}", tags=["decisions"], responses=errors(401, 403, 404, 409, 413, 422, 503)
)


@router.post("/asks", summary="增派 · Ask one more department or party")
async def add_ask(office: OfficeDep, person: Decider, on: OnCase, body: AddAskBody) -> CoordinationShown:
    """Limits that are left out come from the policy, fields from the case."""
    command = AddAsk.model_validate({**on.decision("add-ask", person, body), "ask": to_ask(body.ask)})
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post("/requests/{key}/convene-conference", summary="召集会商 · Convene the conference about a request")
async def convene_conference(office: OfficeDep, person: Decider, on: OnRequest, body: ConveneBody) -> CoordinationShown:
    """After two departments have returned the same request."""
    command = ConveneConference.model_validate(
        {**on.decision("convene-conference", person, body), "participants": tuple(body.participants)}
    )
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post("/requests/{key}/designate", summary="指定承办 · Designate the department, bindingly")
async def designate(office: OfficeDep, person: Decider, on: OnRequest, body: DesignateBody) -> CoordinationShown:
    """The designated department cannot return the request; the directory is offered the change."""
    command = Designate.model_validate(
        {
            **on.decision("designate", person, body),
            "to": named(body.to),
            "support": tuple(named(code) for code in body.support),
            "minutes": body.minutes,
        }
    )
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post("/minutes", summary="会议纪要 · Record the minutes of a meeting")
async def record_minutes(office: OfficeDep, person: Decider, on: OnCase, body: MinutesBody) -> CoordinationShown:
    """Every action becomes a request that binds its department until the day agreed."""
    actions = [
        {**action.model_dump(exclude={"department"}), "department": named(action.department)} for action in body.actions
    ]
    command = RecordMinutes.model_validate(
        {
            **on.decision("minutes", person, body),
            "number": body.number,
            "held_at": body.held_at,
            "participants": tuple(body.participants),
            "actions": actions,
        }
    )
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post("/escalate", summary="提级 · Tell the next level now")
async def escalate_case(office: OfficeDep, person: Escalator, on: OnCase, body: EscalateBody) -> CoordinationShown:
    """Whatever the ladder says."""
    command = EscalateCase.model_validate({**on.decision("escalate", person, body), "level": body.level})
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post("/weigh", summary="权衡 · Say which of two contradicting answers stands")
async def weigh_answers(office: OfficeDep, person: Decider, on: OnCase, body: WeighBody) -> CoordinationShown:
    """Both answers stay readable side by side."""
    command = WeighAnswers.model_validate({**on.decision("weigh", person, body), "prevails": body.prevails})
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post("/proposals", summary="提请 · Propose an act that needs two people")
async def propose_act(office: OfficeDep, person: Overrider, on: OnCase, body: ProposeBody) -> CoordinationShown:
    """Nothing happens before somebody else confirms it."""
    command = ProposeAct.model_validate(
        {
            **on.decision("propose", person, body),
            **body.model_dump(include={"act", "request_id", "outcome", "legal_basis", "remedy", "report", "support"}),
        }
    )
    return show_coordination(await decide(office, person, on.case_id, command))


@router.post("/proposals/{proposal_id}/confirm", summary="复核 · Confirm or turn down what somebody else proposed")
async def confirm_act(office: OfficeDep, person: SecondPerson, on: OnProposal, body: ConfirmBody) -> CoordinationShown:
    """Whoever proposed it may turn it down, never confirm it."""
    command = ConfirmAct.model_validate(
        {**on.decision("confirm", person, body), "proposal_id": on.part, "confirmed": body.confirmed}
    )
    return show_coordination(await decide(office, person, on.case_id, command))
