"""Conditional acceptance: overriding, submitting, extending, clearing, failing."""

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.decision import DecisionBody, RequestDecisionBody, RequiredAuthority
from api.schemas.values import AS_TEXT, LimitText, Reason, ReceivedAt
from domain.deferral import Channel


class ApproveDeferralBody(RequestDecisionBody):
    """容缺特批 · Override what speaks against a deferral; the reason is recorded."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"reason": "已当面核验，风险可控。", "round": 1, "authority": "示范府规〔2023〕2号"}]
        }
    )

    authority: RequiredAuthority


class FailDeferralBody(RequestDecisionBody):
    """退件 · A held file goes back because its material did not come."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "reason": "逾期未补。",
                    "round": 1,
                    "legal_basis": "容缺受理办法 第八条",
                    "remedy": "备齐材料后可重新申请。",
                }
            ]
        }
    )

    legal_basis: Reason
    remedy: Reason = Field(description="What the requester can do now.")


class ExtendRectificationBody(RequestDecisionBody):
    """延长改正期限 · More time for the requester, from now on, although the promise was broken."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"reason": "住院治疗。", "round": 1, "limit": "5 working_days", "authority": "示范府规〔2023〕2号"}
            ]
        }
    )

    limit: LimitText
    authority: RequiredAuthority


class SubmitBody(DecisionBody):
    """材料提交 · How the requester handed it in; files are sent to `…/file` instead."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"reason": "邮寄原件已收到。", "channel": "POST", "received_at": "2023-02-22T16:00:00+08:00"}]
        }
    )

    channel: Annotated[Channel, AS_TEXT]
    received_at: ReceivedAt = None


class ExtendMaterialBody(DecisionBody):
    """材料延期 · One more time; for force majeure it does not count and leaves no mark."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "reason": "台风停航。",
                    "limit": "3 working_days",
                    "force_majeure": True,
                    "authority": "海事通告〔2023〕12号",
                }
            ]
        }
    )

    limit: LimitText
    force_majeure: bool = Field(default=False, description="Needs the `authority` that establishes it.")


class ClearBody(DecisionBody):
    """嫌疑核查 · The supervisor has looked at a suspected paper: genuine after all, or not."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "与发证机关核对一致。", "genuine": True}]})

    genuine: bool


class RepairBody(DecisionBody):
    """信用修复 · The party made good what it had broken; the mark no longer counts against a deferral."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "已补交材料并接受处理。", "authority": "信用修复〔2023〕7号"}]}
    )

    authority: RequiredAuthority
