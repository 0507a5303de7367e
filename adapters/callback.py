"""A department's message to us: size, signature, plain JSON, strict envelope, in this order."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from adapters.strict_json import MalformedJson, parse_json
from adapters.webhook_signature import verify
from domain.codes import ReplyCode
from domain.errors import ErrorCategory, LiandongError, invalid
from domain.ids import REQUEST_ID
from domain.inbox import MAX_MESSAGE_BYTES, DepartmentMessage, MessageKind
from domain.reply import Reply

_ACKNOWLEDGED: Literal["request.acknowledged"] = "request.acknowledged"
_REPLIED: Literal["request.replied"] = "request.replied"
_TAGS = frozenset({_ACKNOWLEDGED, _REPLIED, *ReplyCode})
"""Choices that pydantic puts into an error's location although no field is called so."""
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Round(_Strict):
    request_id: Annotated[str, Field(pattern=REQUEST_ID, max_length=60)]
    round: Annotated[int, Field(ge=1, le=10_000)]


class _ReplyToRound(_Round):
    reply: Reply


class _Envelope(_Strict):
    timestamp: AwareDatetime


class _Acknowledged(_Envelope):
    type: Literal["request.acknowledged"]
    data: _Round


class _Replied(_Envelope):
    type: Literal["request.replied"]
    data: _ReplyToRound


CALLBACK: TypeAdapter[_Acknowledged | _Replied] = TypeAdapter(
    Annotated[_Acknowledged | _Replied, Field(discriminator="type")]
)
"""What a callback's body must be; also the source of the published schema."""


def receive(secrets: Sequence[str], headers: Mapping[str, str], body: bytes) -> DepartmentMessage:
    """Raises TOO_LARGE, UNAUTHENTICATED or INVALID; the sender's text is never repeated in an error."""
    if len(body) > MAX_MESSAGE_BYTES:
        detail = f"a message has at most {MAX_MESSAGE_BYTES} bytes"
        raise LiandongError(ErrorCategory.TOO_LARGE, "message-too-large", detail)
    return parse(verify(secrets, headers, body), body)


def parse(message_id: str, body: bytes) -> DepartmentMessage:
    """Read a message whose sender is known already."""
    try:
        parse_json(body)
    except MalformedJson as error:
        raise invalid("malformed-json", f"the message is not plain JSON: {error}") from None
    try:
        message = CALLBACK.validate_json(body, strict=True, extra="forbid")
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False, include_context=False)[0]
        raise _refused(_field(problem), _rule(problem)) from None
    if isinstance(message, _Acknowledged):
        return _message(message_id, MessageKind.ACKNOWLEDGED, message.data, None)
    _check_said_something(message.data.reply)
    return _message(message_id, MessageKind.REPLIED, message.data, message.data.reply)


def _message(message_id: str, kind: MessageKind, round_: _Round, reply: Reply | None) -> DepartmentMessage:
    return DepartmentMessage(
        message_id=message_id, kind=kind, request_id=round_.request_id, round=round_.round, reply=reply
    )


def _check_said_something(reply: Reply) -> None:
    """A legal basis of blanks is none."""
    for name, field in type(reply).model_fields.items():
        value = getattr(reply, name)
        texts = value if isinstance(value, tuple) else (value,)
        if field.is_required() and any(isinstance(text, str) and not text.strip() for text in texts):
            raise _refused(f"data.reply.{name}", "must say something")


def _refused(field: str, rule: str) -> LiandongError:
    return invalid("invalid-message", f"{field}: {rule}"[:300], field=field)


def _field(problem: ErrorDetails) -> str:
    """Dotted path. A key that the sender made up is shown only if it is a plain word."""
    parts = [str(part) for part in problem["loc"] if part not in _TAGS]
    path = [part if _PLAIN_NAME.fullmatch(part) else "?" for part in parts]
    if problem["type"] in ("union_tag_invalid", "union_tag_not_found"):
        path.append("code" if path else "type")
    return ".".join(path) or "message"


def _rule(problem: ErrorDetails) -> str:
    """pydantic's wording, except where it would repeat what was sent."""
    if problem["type"] == "union_tag_invalid":
        return "is none of the values known here"
    if problem["type"] == "union_tag_not_found":
        return "Field required"
    return problem["msg"]
