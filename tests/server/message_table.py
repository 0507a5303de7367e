"""Single faults of departments' messages, as a table: what arrives, what the sender is told, what it does to the
clocks, and what stays on record. `test_message_faults.py` plays every row through the real API, store and workflow.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from domain.clock import ClockKind
from domain.fact import FactKind
from domain.inbox import MAX_MESSAGE_BYTES, InboxStatus
from tests.server.scene import Message, Scene

RUN_ON: frozenset[ClockKind] = frozenset()
"""The message stops no clock: due instants stay, and the ladder goes on."""
SIGNED = frozenset({ClockKind.SIGN_FOR})
OVER = frozenset({ClockKind.SIGN_FOR, ClockKind.REPLY, ClockKind.OBJECTION})


class Before(StrEnum):
    """What happened to the round before the message arrives."""

    ASKED = "asked"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "given to another department"
    FLOODED = "the department has sent as much as it may"
    NOTED_OFTEN = "as many notes as are forwarded"
    CASE_CLOSED = "the case is closed"


@dataclass(frozen=True)
class Row:
    sends: Callable[[Scene], Message]
    status: int
    told: str
    """The body's `status`, or the problem's `code`."""
    before: Before = Before.ASKED
    kept: InboxStatus | None = None
    """The message is in the inbox, bytes and signature. None: it was turned away before."""
    stops: frozenset[ClockKind] = RUN_ON
    fact: tuple[FactKind, str] | None = None
    """The one fact in the case, with its rule."""
    audit: str | None = None
    """The code of the one record beside the cases."""
    in_time: bool | None = None


def taken(sends: Callable[[Scene], Message], fact: FactKind, stops: frozenset[ClockKind]) -> Row:
    return Row(sends, 200, "applied", kept=InboxStatus.APPLIED, stops=stops, fact=(fact, ""))


def no_effect(sends: Callable[[Scene], Message], told: str, kept: InboxStatus, rule: str, before: Before) -> Row:
    """409: durable, on record in the case, and without effect."""
    return Row(sends, 409, told, before, kept, fact=(FactKind.MESSAGE_REFUSED, rule))


def unsigned(sends: Callable[[Scene], Message]) -> Row:
    """401, word for word the same for every reason; the case, which nobody has proved to know, is not touched."""
    return Row(sends, 401, "signature-not-valid", audit="signature-not-valid")


def unreadable(code: str, sends: Callable[[Scene], Message], *, names_case: bool = True) -> Row:
    """422: authentic, and not a message. On record in the case if it still says which one it means."""
    fact = (FactKind.MESSAGE_REFUSED, code) if names_case else None
    return Row(sends, 422, code, fact=fact, audit=code)


def foreign(sends: Callable[[Scene], Message], *, names_case: bool = True) -> Row:
    """404, the same for what does not exist and for what is somebody else's."""
    fact = (FactKind.MESSAGE_REFUSED, "unknown-request") if names_case else None
    return Row(sends, 404, "unknown-request", fact=fact, audit="unknown-request")


def too_large(sends: Callable[[Scene], Message]) -> Row:
    """413 before anybody looks at it: nothing is parsed, not even the signature."""
    return Row(sends, 413, "body-too-large", audit="body-too-large")


ACCEPTED = {"code": "ACCEPTED", "note": "已办"}
NO_RESULT = {"code": "NO_RESULT", "tried": "已查档案"}
INTERIM = {"code": "INTERIM", "note": "正在核查"}
NOT_MINE = {"code": "NOT_MINE", "basis": "目录未移交", "proposed_owner": "water"}
MORE_TIME = {"code": "EXTENSION_REQUESTED", "reason": "调档", "until": "2031-01-02"}
NO_BASIS = {"code": "REFUSED", "reason": "不符合条件", "remedy": "可申请复核"}


def spoiled(old: str, new: str) -> Callable[[Scene], Message]:
    """Correctly signed, with a part of its text replaced."""
    return lambda scene: scene.signed(json.dumps(scene.reply(ACCEPTED)).replace(old, new).encode())


def other(**data: Any) -> Callable[[Scene], Message]:
    return lambda scene: scene.signed(scene.reply(ACCEPTED) | data)


def header(name: str, value: str | None) -> Callable[[Scene], Message]:
    """Signed, and then one header exchanged or left out."""

    def sends(scene: Scene) -> Message:
        message = scene.answer(ACCEPTED)
        kept = {one: said for one, said in message.headers.items() if one != name}
        return replace(message, headers=kept | ({name: value} if value is not None else {}))

    return sends


def signatures(*, valid: int, other: int) -> Callable[[Scene], Message]:
    def sends(scene: Scene) -> Message:
        message = scene.answer(ACCEPTED)
        good = message.headers["webhook-signature"]
        listed = [f"v1,{'A' * 43}="] * other + [good] * valid
        return replace(message, headers=message.headers | {"webhook-signature": " ".join(listed)})

    return sends


def changed_body(scene: Scene) -> Message:
    message = scene.answer(ACCEPTED)
    return replace(message, body=message.body.replace(b"ACCEPTED", b"ACCEPTEE"))


def sized(size: int) -> Callable[[Scene], Message]:
    def sends(scene: Scene) -> Message:
        body = json.dumps(scene.reply(ACCEPTED)).encode()
        return scene.signed(body.ljust(size) if size > len(body) else body[:size])

    return sends


def at(row: Row, instant: Callable[[Scene], Any]) -> Row:
    """The same message, received at that instant of the round."""
    return replace(row, sends=lambda scene: replace(row.sends(scene), received_at=instant(scene)))


MOMENT = timedelta(microseconds=1)
DEEP = "[" * 10_000 + "]" * 10_000
LATE, CLOSED = InboxStatus.LATE, "round-closed"

IN_ORDER = {
    "signed for": taken(lambda s: s.signed(s.acknowledgement()), FactKind.ACKNOWLEDGED, SIGNED),
    "progress": taken(lambda s: s.answer(INTERIM), FactKind.INTERIM, RUN_ON),
    "a final answer": taken(lambda s: s.answer(ACCEPTED), FactKind.REPLIED, OVER),
    "an answer at the very instant of the deadline": replace(
        at(taken(lambda s: s.answer(ACCEPTED), FactKind.REPLIED, OVER), lambda s: s.due_at), in_time=True
    ),
    "an answer a moment after the deadline": replace(
        at(taken(lambda s: s.answer(ACCEPTED), FactKind.REPLIED, OVER), lambda s: s.due_at + MOMENT), in_time=False
    ),
    "exactly as large as may be": taken(sized(MAX_MESSAGE_BYTES), FactKind.REPLIED, OVER),
    "two signatures of which one is valid": taken(signatures(valid=1, other=1), FactKind.REPLIED, OVER),
}

REPEATED = {
    "the same message again": Row(
        lambda s: s.answer(ACCEPTED, message_id=s.first_message_id), 200, "applied", Before.ANSWERED
    ),
    "the same answer under another id": Row(
        lambda s: s.answer(ACCEPTED), 200, "duplicate", Before.ANSWERED, InboxStatus.DUPLICATE
    ),
    "a contradicting answer": no_effect(
        lambda s: s.answer(NO_RESULT), "contradicted", InboxStatus.CONTRADICTED, "contradicted", Before.ANSWERED
    ),
    "another message under a used id": no_effect(
        lambda s: s.answer(NO_RESULT, message_id=s.first_message_id),
        "webhook-id-reused",
        InboxStatus.REFUSED,
        "webhook-id-reused",
        Before.ANSWERED,
    ),
    "a note more than is forwarded": Row(
        lambda s: s.answer(INTERIM), 200, "stored", Before.NOTED_OFTEN, InboxStatus.STORED
    ),
    "more messages than were agreed": Row(
        lambda s: s.answer(ACCEPTED), 429, "too-many-messages", Before.FLOODED, audit="too-many-messages"
    ),
}

OUT_OF_ORDER = {
    "signed for after the answer": no_effect(
        lambda s: s.signed(s.acknowledgement()), CLOSED, LATE, "late", Before.ANSWERED
    ),
    "progress after the answer": no_effect(lambda s: s.answer(INTERIM), CLOSED, LATE, "late", Before.ANSWERED),
    "an answer after the withdrawal": no_effect(lambda s: s.answer(ACCEPTED), CLOSED, LATE, "late", Before.WITHDRAWN),
    "an answer to an earlier round": no_effect(lambda s: s.answer(ACCEPTED), CLOSED, LATE, "late", Before.SUPERSEDED),
    "a note of an earlier round": no_effect(
        lambda s: s.signed(s.acknowledgement()), CLOSED, LATE, "late", Before.SUPERSEDED
    ),
    "an answer after the end of the case": no_effect(
        lambda s: s.answer(ACCEPTED), "late", LATE, "late", Before.CASE_CLOSED
    ),
    "more time asked for when it is over": at(
        no_effect(
            lambda s: s.answer(MORE_TIME),
            "extension-asked-too-late",
            InboxStatus.REFUSED,
            "extension-asked-too-late",
            Before.ASKED,
        ),
        lambda s: s.due_at + MOMENT,
    ),
    "returned when the time for it is over": at(
        no_effect(
            lambda s: s.answer(NOT_MINE),
            "objection-too-late",
            InboxStatus.REFUSED,
            "objection-too-late",
            Before.ASKED,
        ),
        lambda s: s.objection_due_at + MOMENT,
    ),
    "a round that nobody opened": foreign(lambda s: s.signed(s.reply(ACCEPTED, number=3))),
    "a request that the case does not have": foreign(
        lambda s: s.signed(s.reply(ACCEPTED, request_id=f"{s.case_id}.nothing"))
    ),
    "a case that does not exist": foreign(
        lambda s: s.signed(s.reply(ACCEPTED, request_id="LD-2020-999999.a")), names_case=False
    ),
}

SOMEBODY_ELSES = {
    "no signature": unsigned(header("webhook-signature", None)),
    "no id": unsigned(header("webhook-id", None)),
    "no timestamp": unsigned(header("webhook-timestamp", None)),
    "a wrong secret": unsigned(lambda s: s.answer(ACCEPTED, secret=s.unknown_secret)),
    "a revoked key, or another environment's": unsigned(lambda s: s.answer(ACCEPTED, secret=s.revoked_secret)),
    "another department's valid secret at this door": unsigned(lambda s: s.answer(ACCEPTED, secret=s.police_secret)),
    "another department's valid secret on this request": foreign(
        lambda s: s.answer(ACCEPTED, secret=s.police_secret, door="police")
    ),
    "a department that does not exist": unsigned(lambda s: s.answer(ACCEPTED, door="nowhere")),
    "the body changed by a byte": unsigned(changed_body),
    "the id changed": unsigned(header("webhook-id", "msg-other")),
    "the timestamp changed": unsigned(lambda s: header("webhook-timestamp", str(s.seconds + 1))(s)),
    "an old timestamp: a replay days later": unsigned(lambda s: s.answer(ACCEPTED, sent=-86_400 * 3)),
    "a timestamp of the future": unsigned(lambda s: s.answer(ACCEPTED, sent=3_600)),
    "a malformed timestamp": unsigned(header("webhook-timestamp", "soon")),
    "two hundred signatures": unsigned(signatures(valid=1, other=199)),
    "bytes that are no text": unsigned(lambda s: s.signed(b"ACC\xff\xfe")),
}

POISONED = {
    "no byte": unreadable("malformed-json", sized(0), names_case=False),
    "one byte": unreadable("malformed-json", sized(1), names_case=False),
    "a byte too large": too_large(sized(MAX_MESSAGE_BYTES + 1)),
    "six megabytes": too_large(sized(6_000_000)),
    "not JSON": unreadable("malformed-json", lambda s: s.signed(b"<html></html>"), names_case=False),
    "cut off": unreadable(
        "malformed-json", lambda s: s.signed(json.dumps(s.reply(ACCEPTED)).encode()[:-5]), names_case=False
    ),
    "NaN": unreadable("malformed-json", spoiled('"round": 1', '"round": NaN')),
    "a huge number": unreadable("malformed-json", spoiled('"round": 1', '"round": 1e999')),
    "many digits": unreadable("malformed-json", spoiled('"round": 1', f'"round": {"9" * 400}')),
    "a key twice": unreadable("malformed-json", spoiled('"round": 1', '"round": 1, "round": 1')),
    "ten thousand deep": unreadable("malformed-json", spoiled('"round": 1', f'"round": {DEEP}'), names_case=False),
    "half a character": unreadable("malformed-json", spoiled("ACCEPTED", "\\ud800")),
    "the NUL character": unreadable("malformed-json", lambda s: s.answer(ACCEPTED | {"note": "\x00"})),
    "null": unreadable("invalid-message", lambda s: s.signed(b"null"), names_case=False),
    "data is null": unreadable("invalid-message", other(data=None), names_case=False),
    "the round as text": unreadable("invalid-message", spoiled('"round": 1', '"round": "1"')),
    "the round as truth": unreadable("invalid-message", spoiled('"round": 1', '"round": true')),
    "round zero": unreadable("invalid-message", spoiled('"round": 1', '"round": 0')),
    "more than agreed": unreadable("invalid-message", other(received_at="2020-01-01T00:00:00Z")),
    "a time without its zone": unreadable("invalid-message", other(timestamp="2026-01-01T00:00:00")),
    "a refusal without its legal basis": unreadable("invalid-message", lambda s: s.answer(NO_BASIS)),
    "a legal basis of blanks": unreadable("invalid-message", lambda s: s.answer(NO_BASIS | {"legal_basis": " "})),
    "a date that is over": Row(
        lambda s: s.answer(MORE_TIME | {"until": "2020-01-02"}),
        422,
        "date-in-the-past",
        fact=(FactKind.MESSAGE_REFUSED, "date-in-the-past"),
        audit="date-in-the-past",
    ),
}

TABLE = IN_ORDER | REPEATED | OUT_OF_ORDER | SOMEBODY_ELSES | POISONED
