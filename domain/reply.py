"""What a department can answer, one model per reply code, and how an answer enters a case without ever breaking it."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, JsonValue, TypeAdapter, ValidationError

from domain.codes import ReplyCode
from domain.deferral import Channel, Instrument
from domain.limit import Limit
from domain.proof import Proof
from domain.wire import Instant, Wire

Text = Annotated[str, Field(min_length=1, max_length=4_000)]
Note = Annotated[str, Field(max_length=4_000)]
Phrase = Annotated[str, Field(max_length=200)]

FINAL_REPLIES = frozenset(
    {ReplyCode.ACCEPTED, ReplyCode.ACCEPTED_CONDITIONALLY, ReplyCode.REFUSED, ReplyCode.NO_RESULT}
)
"""These end the request. The others, INTERIM excepted, end the round and wait for somebody else's move."""


class Accepted(Wire):
    code: Literal[ReplyCode.ACCEPTED]
    note: Note = ""


class MaterialPromise(Wire):
    """A secondary material that the requester hands in later."""

    name: Text
    due: Limit
    """Written like `5 working_days`."""
    channels: tuple[Channel, ...] = ()
    """Ways to hand it in; none named: any."""
    verifier: str | None = None
    """Department code; None: the department that accepted."""
    form: Phrase = ""
    """Original, copy, electronic licence …"""
    holder: Phrase = ""
    """Who has it or issues it: where the requester gets it."""
    method: Phrase = ""
    """How it will be verified."""


class AcceptedConditionally(Wire):
    code: Literal[ReplyCode.ACCEPTED_CONDITIONALLY]
    timing: Instrument
    deferred: tuple[MaterialPromise, ...] = Field(min_length=1, max_length=20)
    commitment: Note = ""
    """Who promised what, in the words of the signed letter."""
    remote_check: Note = ""
    """What was verified remotely at acceptance, and how."""
    note: Note = ""


class NeedMore(Wire):
    """The full list of what is missing, told once (一次性告知)."""

    code: Literal[ReplyCode.NEED_MORE]
    materials: tuple[Text, ...] = Field(min_length=1, max_length=50)
    note: Note = ""


class Refused(Wire):
    """A "no" has a legal basis, a reason and a way on."""

    code: Literal[ReplyCode.REFUSED]
    legal_basis: Text
    reason: Text
    remedy: Text
    suspected_false: bool = False
    """A material that contradicts what was checked remotely: everything stops until the supervisor has looked."""


class NotMine(Wire):
    code: Literal[ReplyCode.NOT_MINE]
    basis: Text
    proposed_owner: Text


class ExtensionRequested(Wire):
    code: Literal[ReplyCode.EXTENSION_REQUESTED]
    reason: Text
    until: date


class Interim(Wire):
    code: Literal[ReplyCode.INTERIM]
    note: Text


class NoResult(Wire):
    """Tried honestly and found nothing; not a refusal."""

    code: Literal[ReplyCode.NO_RESULT]
    tried: Text


Reply = Annotated[
    Accepted | AcceptedConditionally | NeedMore | Refused | NotMine | ExtensionRequested | Interim | NoResult,
    Field(discriminator="code"),
]

REPLY: TypeAdapter[Reply] = TypeAdapter(Reply)


class Answer(Wire):
    """A reply with the circumstances of its arrival."""

    reply: Reply
    received_at: Instant
    """When it reached our door; timeliness is judged by this alone."""
    ref: str
    """Inbox id, or the poll that brought it."""
    proof: Proof | None = None
    """Of the bytes in which it came."""


class PolledReply(Wire):
    """What a department says when it is asked, as it states it."""

    reply: JsonValue
    proof: Proof | None = None


class RawAnswer(Wire):
    """An answer on its way into a case: the circumstances are ours, the reply is whatever the department said."""

    reply: JsonValue
    received_at: Instant
    ref: str
    proof: Proof | None = None


class Unreadable(Wire):
    """An answer that no rule understands: kept, shown to a person, and harmless to the rest of the case."""

    problem: str
    received_at: Instant | None = None
    ref: str | None = None
    proof: Proof | None = None


RAW_ANSWER: TypeAdapter[RawAnswer] = TypeAdapter(RawAnswer)


def read_answer(value: JsonValue) -> Answer | Unreadable:
    """Parse what an activity returned. Never raises: a poisoned answer must not fail the workflow task."""
    try:
        raw = RAW_ANSWER.validate_python(value)
    except ValidationError as error:
        return Unreadable(problem=_problem(error))
    try:
        reply = REPLY.validate_python(raw.reply)
    except ValidationError as error:
        return Unreadable(problem=_problem(error), received_at=raw.received_at, ref=raw.ref, proof=raw.proof)
    return Answer(reply=reply, received_at=raw.received_at, ref=raw.ref, proof=raw.proof)


def _problem(error: ValidationError) -> str:
    """Field and rule of the first problem, without the submitted value."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    if first["type"] == "union_tag_invalid":
        # The library's own text repeats what was said
        return "code: no reply is called like this"
    return f"{'.'.join(str(part) for part in first['loc']) or 'answer'}: {first['msg']}"[:300]
