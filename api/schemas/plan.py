"""Plans as they are sent in, and as they are shown."""

from typing import Annotated, Final

from pydantic import ConfigDict, Field, JsonValue

from api.schemas.values import AS_TEXT, Body, LimitShown, LimitText, Line, Reason, Shown
from domain.codes import Role
from domain.department import DEPARTMENT_CODE
from domain.plan import MAX_ASKS, Ask, AskKind, CompletionRule, Plan

KEY = r"^[a-z][a-z0-9_-]{0,31}$"

Key = Annotated[str, Field(pattern=KEY)]

PLAN_EXAMPLE: Final[dict[str, JsonValue]] = {
    "asks": [
        {
            "key": "dissolve",
            "department": "market",
            "role": "LEAD",
            "text": "指导原租户办理简易注销",
            "reply_limit": "5 working_days",
            "sees": ["request", "item"],
        },
        {
            "key": "owner",
            "kind": "EXTERNAL",
            "role": "EXTERNAL",
            "party": "商场物业",
            "text": "联系原租户",
            "reply_limit": "1 working_days",
        },
        {
            "key": "notice",
            "kind": "STATUTORY_WAIT",
            "text": "简易注销公告",
            "reply_limit": "10 calendar_days",
            "after": ["dissolve", "owner"],
        },
        {
            "key": "licence",
            "department": "market",
            "role": "LEAD",
            "text": "核发营业执照",
            "reply_limit": "1 working_days",
            "after": ["notice"],
            "sees": ["request", "item", "requester_name", "uscc"],
        },
    ]
}


class AskBody(Body):
    """One ask. Limits that are left out come from the department or the district's policy."""

    key: Key
    kind: Annotated[AskKind, AS_TEXT] = AskKind.DEPARTMENT
    text: Reason
    role: Annotated[Role, AS_TEXT] = Role.SUPPORT
    department: str | None = Field(default=None, pattern=DEPARTMENT_CODE)
    party: Line | None = Field(default=None, description="EXTERNAL: whom the clerk asks.")
    reply_limit: LimitText | None = None
    sign_limit: LimitText | None = None
    after: list[Key] = Field(default=[], max_length=MAX_ASKS, description="Keys of the asks to be settled first.")
    required: bool = True
    sees: list[Line] = Field(
        default=[],
        max_length=40,
        description="Names of the case fields that leave with this ask: request, item, requester_name, "
        "requester_contact, uscc, resident_id, health. Nothing else does.",
    )


class PlanBody(Body):
    """方案 · A directed graph of asks."""

    model_config = ConfigDict(json_schema_extra={"examples": [PLAN_EXAMPLE]})

    asks: list[AskBody] = Field(min_length=1, max_length=MAX_ASKS)
    completion: Annotated[CompletionRule, AS_TEXT] = Field(
        default=CompletionRule.ALL,
        description="When enough has been answered: ALL, ANY (one lead), QUORUM, or LEAD_WITH_ADVICE.",
    )
    quorum: int | None = Field(default=None, ge=1, le=MAX_ASKS, description="QUORUM: how many acceptances are enough.")


class AskShown(Shown):
    """One ask with its limits. The values that leave with it are not repeated here."""

    key: str
    kind: AskKind
    text: str
    role: Role
    department: str | None
    party: str | None
    reply_limit: LimitShown | None
    sign_limit: LimitShown | None
    after: list[str]
    required: bool
    sees: list[str]
    silence_consents: str | None = Field(description="Policy document under which silence counts as consent.")


class PlanShown(Shown):
    asks: list[AskShown]
    completion: CompletionRule
    quorum: int | None


def to_plan(body: PlanBody) -> Plan:
    return Plan(asks=tuple(to_ask(ask) for ask in body.asks), completion=body.completion, quorum=body.quorum)


def to_ask(body: AskBody) -> Ask:
    return Ask(
        key=body.key,
        kind=body.kind,
        text=body.text,
        role=body.role,
        department=body.department,
        party=body.party,
        reply_limit=body.reply_limit,
        sign_limit=body.sign_limit,
        after=tuple(body.after),
        required=body.required,
        sees=tuple(body.sees),
    )


def show_plan(plan: Plan) -> PlanShown:
    return PlanShown.model_validate(plan)
