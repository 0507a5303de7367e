"""What a department's message is worth when it arrives: pure rules over what the inbox and the projection know."""

import json
from typing import Final, NamedTuple

from pydantic import JsonValue

from domain.codes import CaseStage, ReplyCode
from domain.inbox import MAX_NOTES_PER_ROUND, DepartmentMessage, InboxEntry, InboxStatus, MessageKind
from domain.wire import Wire
from services.callback_door import ClosedDoor


class CallbackReply(Wire):
    """What the department's system is answered; a repetition of the message gets the same."""

    status: int
    body: dict[str, JsonValue]


class Known(NamedTuple):
    """The circumstances in which a message arrives."""

    stage: CaseStage
    round_ended: bool
    effective: InboxEntry | None
    """The first reply to the round."""
    notes: int
    """Notes of this round so far."""
    door: ClosedDoor | None = None


_ANSWERS: Final[dict[InboxStatus, CallbackReply]] = {
    InboxStatus.APPLIED: CallbackReply(status=200, body={"status": "applied"}),
    InboxStatus.RECEIVED: CallbackReply(status=202, body={"status": "stored"}),
    InboxStatus.STORED: CallbackReply(
        status=200, body={"status": "stored", "detail": "the round has enough notes; this one is kept, not forwarded"}
    ),
    InboxStatus.DUPLICATE: CallbackReply(
        status=200, body={"status": "duplicate", "detail": "the same answer came before under another message id"}
    ),
    InboxStatus.CONTRADICTED: CallbackReply(
        status=409, body={"status": "contradicted", "detail": "another answer to this round came first and stands"}
    ),
}


def answer_for(status: InboxStatus, door: ClosedDoor | None = None, *, case_closed: bool = False) -> CallbackReply:
    if status is InboxStatus.REFUSED and door is not None:
        return _turned_away(door)
    if status is not InboxStatus.LATE:
        return _ANSWERS[status]
    if case_closed:
        return CallbackReply(status=409, body={"status": "late", "detail": "the case is closed; this was kept"})
    return CallbackReply(status=409, body={"status": "round-closed", "detail": "the round is over; this was kept"})


def _turned_away(door: ClosedDoor) -> CallbackReply:
    body: dict[str, JsonValue] = {"status": door.rule, "detail": f"{door.detail}; this was kept"}
    if door.ruling is not None:
        body["ruling"] = door.ruling
    return CallbackReply(status=409, body=body)


def is_note(message: DepartmentMessage) -> bool:
    """Acknowledgements and interim notes say something about a round and do not end it."""
    if message.kind is MessageKind.ACKNOWLEDGED or message.reply is None:
        return True
    return message.reply.code is ReplyCode.INTERIM


def judge(message: DepartmentMessage, known: Known) -> InboxStatus:
    """The first reply stands; a note after the round, or beyond the limit, has no effect."""
    if is_note(message):
        if known.notes >= MAX_NOTES_PER_ROUND:
            return InboxStatus.STORED
        over = known.round_ended or known.stage is CaseStage.CLOSED or known.effective is not None
        return InboxStatus.LATE if over else InboxStatus.RECEIVED
    if known.effective is not None:
        same = known.effective.message.reply == message.reply
        return InboxStatus.DUPLICATE if same else InboxStatus.CONTRADICTED
    if known.round_ended or known.stage is CaseStage.CLOSED:
        return InboxStatus.LATE
    return InboxStatus.RECEIVED if known.door is None else InboxStatus.REFUSED


def with_answer(entry: InboxEntry, answer: CallbackReply) -> InboxEntry:
    """Keep what the sender is told, so that a repetition is told the same."""
    return entry.model_copy(
        update={"response_status": answer.status, "response_json": json.dumps(answer.body, ensure_ascii=False)}
    )


def stored_answer(entry: InboxEntry) -> CallbackReply:
    return CallbackReply(status=entry.response_status, body=json.loads(entry.response_json))
