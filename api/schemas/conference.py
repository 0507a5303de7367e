"""Conferences, designations, minutes, escalation, weighing, and acts that need two people."""

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.decision import DecisionBody, NegativeReportBody, RequestDecisionBody, RequiredAuthority
from api.schemas.plan import AskBody
from api.schemas.values import AS_TEXT, Body, Day, Line, Moment, Reason
from domain.codes import Outcome, Role
from domain.conference import EscalateCase
from domain.department import DEPARTMENT_CODE
from domain.ids import REQUEST_ID
from domain.joint_decision import DangerousAct

_LEVEL = EscalateCase.model_fields["level"].annotation

Code = Annotated[str, Field(pattern=DEPARTMENT_CODE)]


class AddAskBody(DecisionBody):
    """增派 · Ask one more department, or one more party, in the running case."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "reason": "需数据部门核对旧系统记录。",
                    "ask": {"key": "records", "department": "data", "text": "核对迁移前的登记记录。"},
                }
            ]
        }
    )

    ask: AskBody


class ConveneBody(RequestDecisionBody):
    """召集会商 · After two departments have returned the same request."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"reason": "两部门均退单。", "round": 1, "participants": ["culture", "market"]}]
        }
    )

    participants: list[Code] = Field(min_length=1, max_length=20, description="Department codes.")


class DesignateBody(RequestDecisionBody):
    """指定承办 · Binding: the designated department cannot return the request again."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "reason": "会商认定。",
                    "round": 1,
                    "to": "culture",
                    "support": ["market"],
                    "minutes": "会商纪要〔2023〕3号",
                }
            ]
        }
    )

    to: Code
    support: list[Code] = Field(default=[], max_length=10)
    minutes: Line = Field(description="Number of the minutes or ruling.")


class MinutesActionBody(Body):
    """Who, what, until when, on what basis."""

    department: Code
    what: Reason
    until: Day
    basis: Annotated[Reason, Field(max_length=500)]
    role: Annotated[Role, AS_TEXT] = Role.SUPPORT


class MinutesBody(DecisionBody):
    """会议纪要 · Each action becomes a request that binds its department."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "reason": "联席会议议定。",
                    "number": "联席纪要〔2023〕5号",
                    "held_at": "2023-03-15T10:00:00+08:00",
                    "participants": ["culture", "market"],
                    "actions": [
                        {
                            "department": "market",
                            "what": "移交目录清单。",
                            "until": "2023-03-20",
                            "basis": "联席会议议定事项第二条",
                        }
                    ],
                }
            ]
        }
    )

    number: Line
    held_at: Moment
    participants: list[Line] = Field(min_length=1, max_length=50)
    actions: list[MinutesActionBody] = Field(min_length=1, max_length=20)


class EscalateBody(DecisionBody):
    """提级 · Tell the next level now, whatever the ladder says."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "涉及春节前开业。", "level": "supervisor"}]})

    level: _LEVEL  # type: ignore[valid-type]


class WeighBody(DecisionBody):
    """权衡 · Two departments say opposite things: whose answer stands, and why (`reason`)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "reason": "以现行目录为准。",
                    "prevails": "LD-2023-000001.dissolve",
                    "authority": "示范府规〔2023〕2号",
                }
            ]
        }
    )

    authority: RequiredAuthority
    prevails: str = Field(pattern=REQUEST_ID, description="Request id of the answer that stands.")


class ProposeBody(DecisionBody):
    """提请 · The first of two people: waive an answer, close unanswered, or revoke a result."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "reason": "部门系统长期中断，结果已由纸质件证明。",
                    "act": "WAIVE_REQUEST",
                    "request_id": "LD-2023-000001.dissolve",
                    "legal_basis": "示范府规〔2023〕2号 第九条",
                }
            ]
        }
    )

    act: Annotated[DangerousAct, AS_TEXT]
    request_id: str | None = Field(default=None, pattern=REQUEST_ID, description="WAIVE_REQUEST.")
    outcome: Annotated[Outcome, AS_TEXT] | None = Field(default=None, description="CLOSE_UNANSWERED.")
    legal_basis: Reason
    remedy: Reason | None = Field(default=None, description='REVOKE, and CLOSE_UNANSWERED with a "no".')
    report: NegativeReportBody | None = Field(default=None, description="CLOSE_UNANSWERED with LAWFULLY_REFUSED.")
    support: Reason | None = Field(default=None, description="CLOSE_UNANSWERED with OTHER_SUPPORT.")


class ConfirmBody(DecisionBody):
    """复核 · The second person, never the first one again. `confirmed` false turns the proposal down."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "核对无误。", "confirmed": True}]})

    confirmed: bool = True
