"""The inbox of people without a system: what lies on their desk, with its clocks, and how they answer it."""

import hashlib
import json
from datetime import datetime
from enum import StrEnum
from typing import Final

from pydantic import JsonValue

from domain.case import CaseRecord
from domain.codes import CaseStage
from domain.department import Department
from domain.desk import DeskEntry
from domain.errors import ErrorCategory, LiandongError, not_found
from domain.inbox import MAX_MESSAGE_BYTES, DepartmentMessage, InboxEntry, MessageKind
from domain.person import Person
from domain.reply import REPLY, Reply
from domain.snapshot import RoundSnapshot
from domain.store_ports import StoreSession
from domain.wire import Instant, Wire
from services.access import Action, may
from services.callback_verdict import CallbackReply
from services.office import Office
from services.receive_message import receive_message
from services.round_ownership import case_of_message

MOST_SHOWN: Final = 200


class DeskState(StrEnum):
    OPEN = "OPEN"
    ANSWERED = "ANSWERED"
    CLOSED = "CLOSED"
    """Withdrawn, asked of somebody else, or the case is over: no answer is wanted any more."""


class DeskItem(Wire):
    """One request on a desk as it stands now; due instants move when a clock is extended or paused."""

    entry: DeskEntry
    state: DeskState
    due_at: Instant | None
    sign_due_at: Instant | None
    signed_at: Instant | None
    answered_at: Instant | None
    overdue: bool


async def list_inbox(office: Office, person: Person) -> tuple[DeskItem, ...]:
    """The officer's own department's desk, at most MOST_SHOWN: what is open by its due instant, then the newest."""
    may(person, Action.ANSWER)
    if person.department is None:
        return ()
    async with office.store.reading() as session:
        entries = await session.desk.of_department(person.department, MOST_SHOWN)
        return tuple([await item_of(session, entry, office.time.now()) for entry in entries])


async def read_inbox_item(office: Office, person: Person, request_id: str) -> DeskItem:
    """The latest round of this request on the officer's desk. Raises NOT_FOUND, the same for missing and foreign."""
    entry = await _own(office, person, request_id)
    async with office.store.reading() as session:
        return await item_of(session, entry, office.time.now())


async def acknowledge(office: Office, person: Person, request_id: str, raw: bytes) -> CallbackReply:
    """Sign for the latest round; doing it twice has one effect."""
    entry = await _own(office, person, request_id)
    return await bring(office, entry, f"person:{person.person_id}", None, raw)


async def reply(
    office: Office, person: Person, request_id: str, answer: dict[str, JsonValue], raw: bytes
) -> CallbackReply:
    """Answer the latest round. The same answer again gets the same response; another one is kept as a contradiction."""
    entry = await _own(office, person, request_id)
    return await bring(office, entry, f"person:{person.person_id}", REPLY.validate_python(answer), raw)


async def bring(office: Office, entry: DeskEntry, author: str, answer: Reply | None, raw: bytes) -> CallbackReply:
    """Into the same durable inbox that systems' messages go to. `author` stands where a signature would."""
    if len(raw) > MAX_MESSAGE_BYTES:
        detail = f"a message has at most {MAX_MESSAGE_BYTES} bytes"
        raise LiandongError(ErrorCategory.TOO_LARGE, "message-too-large", detail)
    now = office.time.now()
    async with office.store.reading() as session:
        department = _enabled(await session.directory.get(entry.department))
    office.arrivals.admit(department, now)
    message_id = message_id_of(entry, author, answer)
    message = DepartmentMessage(
        message_id=message_id,
        kind=MessageKind.ACKNOWLEDGED if answer is None else MessageKind.REPLIED,
        request_id=entry.dispatch.request_id,
        round=entry.dispatch.round,
        reply=answer,
    )
    kept = InboxEntry(
        entry_id=office.new_id(),
        department=entry.department,
        message_id=message_id,
        received_at=now,
        # Whoever signs says all by the act: an empty body is kept as the message that it makes, never as nothing
        raw=raw or message.model_dump_json(exclude_none=True).encode(),
        signature=author,
        message=message,
    )
    return await receive_message(office, department, kept)


def message_id_of(entry: DeskEntry, author: str, answer: Reply | None) -> str:
    """Made from what is said: the same person saying the same again sends the same message."""
    said = "signed for" if answer is None else json.dumps(answer.model_dump(mode="json"), sort_keys=True)
    seal = hashlib.sha256(f"{author}\n{said}".encode()).hexdigest()[:32]
    return f"desk.{entry.round_id}.{seal}"


async def item_of(session: StoreSession, entry: DeskEntry, now: datetime) -> DeskItem:
    record = await case_of_message(session, entry.dispatch.case_id)
    turn = _turn(record, entry)
    # Until the projection has the round, what was sent says the same
    due_at = turn.due_at if turn is not None else entry.dispatch.due_at
    answered_at = turn.received_at if turn is not None else None
    state = _state(record, turn, entry)
    return DeskItem(
        entry=entry,
        state=state,
        due_at=due_at,
        sign_due_at=turn.sign_due_at if turn is not None else entry.dispatch.sign_due_at,
        signed_at=turn.signed_at if turn is not None else None,
        answered_at=answered_at,
        overdue=state is DeskState.OPEN and due_at is not None and due_at < now,
    )


def unknown_request() -> LiandongError:
    return not_found("unknown-request", "there is no such request for this department")


async def _own(office: Office, person: Person, request_id: str) -> DeskEntry:
    may(person, Action.ANSWER)
    async with office.store.reading() as session:
        entry = await session.desk.latest(person.department or "", request_id)
    if entry is None:
        raise unknown_request()
    return entry


def _enabled(department: Department | None) -> Department:
    if department is None or not department.enabled:
        raise unknown_request()
    return department


def _turn(record: CaseRecord | None, entry: DeskEntry) -> RoundSnapshot | None:
    requests = record.snapshot.requests if record is not None and record.snapshot is not None else ()
    rounds = (turn for one in requests if one.request_id == entry.dispatch.request_id for turn in one.rounds)
    return next((turn for turn in rounds if turn.number == entry.dispatch.round), None)


def _state(record: CaseRecord | None, turn: RoundSnapshot | None, entry: DeskEntry) -> DeskState:
    if turn is not None and turn.reply is not None:
        return DeskState.ANSWERED
    over = turn is not None and turn.ended_at is not None
    closed = record is None or record.stage is CaseStage.CLOSED
    return DeskState.CLOSED if over or closed or entry.withdrawn_at is not None else DeskState.OPEN
