"""What people decide about a running case, and how it becomes a command with a stable id."""

import hashlib
from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.reply import ReplyBody
from api.schemas.values import AS_TEXT, Body, Day, LimitText, Line, Reason, Text
from domain.codes import Outcome
from domain.department import DEPARTMENT_CODE
from domain.person import Person

_REASON = "现场核实后认定由市场监管部门牵头。"


class DecisionBody(Body):
    """Why, and on which authority."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": _REASON}]})

    reason: Reason
    authority: Line | None = Field(default=None, description="Number of the document that allows it.")


RequiredAuthority = Annotated[Line, Field(description="Number of the document that allows it: a rule gives way here.")]


class RequestDecisionBody(DecisionBody):
    """Of two people who decide about a request at once, the first one wins and the second is told what happened."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": _REASON, "round": 1}]})

    round: int = Field(
        ge=0, le=10_000, description="The request's latest round as it was read; 0 before the first. Else 409."
    )


class ReassignBody(RequestDecisionBody):
    """改派 · Another department, a new round, new clocks."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"reason": _REASON, "round": 1, "to": "market", "reply_limit": "5 working_days"}]
        }
    )

    to: str = Field(pattern=DEPARTMENT_CODE)
    reply_limit: LimitText | None = Field(default=None, description="Default: the limit that the request had.")


class AskAgainBody(RequestDecisionBody):
    """再次询问 · A new round with the same department; `reason` is what it is told."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "请补充依据后重新答复。", "round": 1}]})

    reply_limit: LimitText | None = None


class ExtendBody(RequestDecisionBody):
    """延期 · More time for the running round, granted before it is due."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "档案需异地调取。", "round": 1, "limit": "2 working_days"}]}
    )

    limit: LimitText


class AnswerExtensionBody(RequestDecisionBody):
    """延期答复 · Grant, cut (`until`) or refuse the time that a department asked for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"reason": "同意延期至约定日期。", "round": 1, "granted": True, "until": "2023-01-20"}]
        }
    )

    granted: bool
    until: Day | None = Field(default=None, description="Granted until this day; default: as asked.")


class PauseBody(RequestDecisionBody):
    """中止计时 · The request's clock stands still, on a stated legal basis."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"reason": "等待专家评审。", "round": 1, "legal_basis": "行政许可法 第四十五条"}]
        }
    )

    legal_basis: Annotated[Reason, Field(max_length=500)]
    counts_in_limit: bool = Field(default=False, description="The pause is recorded, but the clock goes on.")


class ExternalAnswerBody(RequestDecisionBody):
    """外部答复 · What an external party said; `reason` says how it was learnt."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"reason": "电话联系物业", "round": 1, "reply": {"code": "ACCEPTED", "note": "已联系上原租户"}}
            ]
        }
    )

    reply: ReplyBody


class WithdrawCaseBody(DecisionBody):
    """撤回 · The requester takes the matter back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "反映人来电撤回。"}]})


class NegativeReportBody(Body):
    """否定报备 · What the duty leader signs before a lawful refusal goes out."""

    facts_found: Text
    alternatives_considered: Text = Field(description="What else could help, and why it cannot.")


class CloseBody(DecisionBody):
    """办结 · A "no" (LAWFULLY_REFUSED, NOT_DONE, OTHER_SUPPORT) needs its legal basis and a remedy."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "reason": "不符合住房补贴条件，已转介大病救助。",
                    "outcome": "OTHER_SUPPORT",
                    "legal_basis": "沪府规〔2022〕1号 第六条",
                    "remedy": "对住房补贴结论不服的，可自收到之日起六十日内申请行政复议。",
                    "support": "医疗救助与临时救助，示范医保〔2022〕5号。",
                }
            ]
        }
    )

    outcome: Annotated[Outcome, AS_TEXT]
    legal_basis: Reason | None = None
    remedy: Reason | None = None
    report: NegativeReportBody | None = Field(default=None, description="LAWFULLY_REFUSED: the signed report.")
    support: Reason | None = Field(default=None, description="OTHER_SUPPORT: what was given instead, and under what.")


def command_id(person: Person, subject: str, operation: str, key: str) -> str:
    """The same person repeating the same operation on the same subject under the same key is one command.

    Hashed, because the key is the client's text and the id is stored in clear with the engine.
    """
    parts = "\n".join((person.person_id, subject, operation, key))
    return f"{operation}.{hashlib.sha256(parts.encode()).hexdigest()[:40]}"
