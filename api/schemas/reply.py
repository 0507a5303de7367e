"""What an external party said, in the same codes that departments use."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from api.schemas.values import Day, LimitText
from domain.reply import (
    Accepted,
    AcceptedConditionally,
    ExtensionRequested,
    Interim,
    MaterialPromise,
    NeedMore,
    NoResult,
    NotMine,
    Refused,
)

_STRICT = ConfigDict(frozen=True, extra="forbid")


class AcceptedBody(Accepted):
    model_config = _STRICT


class MaterialPromiseBody(MaterialPromise):
    model_config = _STRICT

    due: LimitText


class AcceptedConditionallyBody(AcceptedConditionally):
    model_config = _STRICT

    deferred: tuple[MaterialPromiseBody, ...] = Field(min_length=1, max_length=20)


class NeedMoreBody(NeedMore):
    model_config = _STRICT


class RefusedBody(Refused):
    model_config = _STRICT


class NotMineBody(NotMine):
    model_config = _STRICT


class ExtensionRequestedBody(ExtensionRequested):
    model_config = _STRICT

    until: Day


class InterimBody(Interim):
    model_config = _STRICT


class NoResultBody(NoResult):
    model_config = _STRICT


ReplyBody = Annotated[
    AcceptedBody
    | AcceptedConditionallyBody
    | NeedMoreBody
    | RefusedBody
    | NotMineBody
    | ExtensionRequestedBody
    | InterimBody
    | NoResultBody,
    Field(discriminator="code"),
]


class InboxReplyBody(BaseModel):
    """部门答复 · A department's answer."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"reply": {"code": "ACCEPTED", "note": "可以办理"}}]},
    )

    reply: ReplyBody


def to_reply(body: BaseModel) -> dict[str, JsonValue]:
    """As JSON: a case reads every reply, whoever brought it, with the same tolerant parser."""
    dumped: dict[str, Any] = body.model_dump(mode="json")
    return dumped
