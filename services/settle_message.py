"""Bring one stored message into its case, and write down what became of it. Used at once and by the relay."""

import asyncio
import logging
from collections.abc import Awaitable
from datetime import timedelta
from typing import Final, NamedTuple

from domain.codes import CaseStage
from domain.department import Department
from domain.dispatch import DepartmentNote, RoundRef
from domain.errors import ErrorCategory, LiandongError, unavailable
from domain.fact import Fact, FactKind
from domain.ids import case_of
from domain.inbox import WITHOUT_EFFECT, InboxEntry, InboxStatus
from domain.reply import RawAnswer
from domain.snapshot import CaseSnapshot, RoundSnapshot
from services.callback_door import ClosedDoor, closed_door
from services.callback_verdict import answer_for, is_note, with_answer
from services.live_snapshot import CaseSilent, ask_live
from services.office import Office
from services.refused_message import append_refusal
from services.round_ownership import Ownership, as_stored, case_of_message, ownership

_log = logging.getLogger(__name__)

MOST_ATTEMPTS: Final = 20
"""With the pauses below, about an hour during which the case could be asked and did not take the message."""
_LONGEST_PAUSE: Final = timedelta(minutes=5)
_ENGINE_AWAY_PAUSE: Final = timedelta(seconds=5)
_PATIENCE_SECONDS: Final = 5.0
"""A department waits for our answer meanwhile; what was cut short here is found out by the relay."""


_LEAVE_A_FACT: Final = WITHOUT_EFFECT | {InboxStatus.LATE}


class EngineAway(Exception):
    """The engine did not answer: no fault of this message."""


class Addressed(NamedTuple):
    """Which case a message is about, whose round it is, and who sent it."""

    case_id: str | None
    owner: Ownership | None
    department: Department | None


async def settle_message(office: Office, entry: InboxEntry, just_read: Addressed | None = None) -> InboxEntry:
    """The entry as it stands afterwards. Raises nothing for what is wrong with the message or its case.

    `just_read`: by the request that brought the message and still answers its sender; the answer is written down in
    the same step. Raises EngineAway after having put the message back, UNAVAILABLE when the store is away.
    """
    try:
        status, why = await _apply(office, entry, just_read or await _addressed(office, entry))
    except LiandongError as error:
        if error.category is ErrorCategory.UNAVAILABLE:
            await _put_back(office, entry, error.code, pause=_ENGINE_AWAY_PAUSE)
            raise EngineAway from error
        status, why = InboxStatus.RECEIVED, error.code
    except CaseSilent as silence:
        _log.warning("whether a case waits for message %s cannot be asked: %s", entry.entry_id, silence)
        return await _put_back(office, entry, str(silence), pause=_as_long_again(office, entry))
    except Exception as error:
        _log.exception("message %s cannot be applied", entry.entry_id)
        status, why = InboxStatus.RECEIVED, type(error).__name__
    if status is InboxStatus.RECEIVED:
        return await _put_back(office, entry, why)
    if just_read is not None and status in (InboxStatus.APPLIED, InboxStatus.LATE, InboxStatus.REFUSED):
        door = ClosedDoor(why or "refused", "this answer came too late for what it asks")
        entry = with_answer(entry, answer_for(status, door))
    return await _settled(office, entry, status, why)


async def _addressed(office: Office, entry: InboxEntry) -> Addressed:
    async with office.store.reading() as session:
        stored = await as_stored(session, entry.message)
        department = await session.directory.get(entry.department)
    return Addressed(stored.case_id, await ownership(office, stored, entry.message), department)


async def _apply(office: Office, entry: InboxEntry, addressed: Addressed) -> tuple[InboxStatus, str]:
    """The new status and why; RECEIVED means that it must be tried again."""
    case_id, owner, department = addressed
    if case_id is None or department is None or (owner is not None and owner.department != entry.department):
        return InboxStatus.QUARANTINED, "this department was never asked in this round"
    if owner is None or not owner.seen:
        if (reason := await office.engine.ready()) is not None:
            raise unavailable("engine-unavailable", reason)
        # Not known to whom? Only a case that can be asked can be said not to wait for this message
        await ask_live(office, case_id)
        return InboxStatus.RECEIVED, "the round is not known yet"
    message = entry.message
    if is_note(message):
        taken = await _bounded(office.engine.note(_note_of(entry), case_id))
        return await _unless_taken(office, entry, case_id, taken=taken)
    if (door := await closed_door(office, case_id, message, entry.received_at)) is not None:
        return InboxStatus.REFUSED, door.rule
    ref = RoundRef(case_id=case_id, request_id=message.request_id, round=message.round, department=department.route())
    reply = message.reply.model_dump(mode="json") if message.reply else None
    answer = RawAnswer(reply=reply, received_at=entry.received_at, ref=entry.entry_id, proof=entry.proof)
    taken = await _bounded(office.engine.complete_round(ref, answer))
    return await _unless_taken(office, entry, case_id, taken=taken)


async def _bounded(call: Awaitable[bool]) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await call
    except TimeoutError:
        raise unavailable("engine-unavailable", "the engine does not answer in time") from None


async def _unless_taken(office: Office, entry: InboxEntry, case_id: str, *, taken: bool) -> tuple[InboxStatus, str]:
    """Nothing waits there any more: find out whether that is because of this very message."""
    if taken:
        return InboxStatus.APPLIED, ""
    async with office.store.reading() as session:
        record = await session.cases.get(case_id)
    silence: CaseSilent | None = None
    try:
        snapshot = await ask_live(office, case_id) or record.snapshot
    except CaseSilent as error:
        snapshot, silence = record.snapshot, error
    turn = _turn(snapshot, entry) if snapshot else None
    if turn is not None and turn.answer_ref == entry.entry_id:
        return InboxStatus.APPLIED, ""
    if turn is not None and turn.ended_at is not None:
        return InboxStatus.LATE, "the round ended without this message"
    if record.stage is CaseStage.CLOSED or (snapshot is not None and snapshot.outcome is not None):
        return InboxStatus.LATE, "the case has ended"
    if silence is not None:
        raise silence
    return InboxStatus.RECEIVED, "the round is open, but nothing waits for an answer yet"


def _turn(snapshot: CaseSnapshot, entry: InboxEntry) -> RoundSnapshot | None:
    for request in snapshot.requests:
        if request.request_id == entry.message.request_id:
            return next((turn for turn in request.rounds if turn.number == entry.message.round), None)
    return None


def _note_of(entry: InboxEntry) -> DepartmentNote:
    reply = entry.message.reply
    return DepartmentNote(
        note_id=entry.entry_id,
        request_id=entry.message.request_id,
        round=entry.message.round,
        acknowledged=reply is None,
        text=getattr(reply, "note", ""),
        received_at=entry.received_at,
        proof=entry.proof,
    )


def _as_long_again(office: Office, entry: InboxEntry) -> timedelta:
    """As it has waited already: such attempts are not counted, and each takes a while."""
    return min(max(office.time.now() - entry.received_at, _ENGINE_AWAY_PAUSE), _LONGEST_PAUSE)


async def _put_back(office: Office, entry: InboxEntry, why: str, *, pause: timedelta | None = None) -> InboxEntry:
    """Try again later; out of budget, a person must look. With a `pause` given it was no fault of the message, and
    costs it no budget."""
    attempts = entry.attempts + (pause is None)
    if attempts >= MOST_ATTEMPTS:
        return await _settled(office, entry.model_copy(update={"attempts": attempts}), InboxStatus.QUARANTINED, why)
    pause = pause or min(timedelta(seconds=2**attempts), _LONGEST_PAUSE)
    update = {"attempts": attempts, "next_attempt_at": office.time.now() + pause, "last_error": why}
    return await _write(office, entry.model_copy(update=update), InboxStatus.RECEIVED)


async def _settled(office: Office, entry: InboxEntry, status: InboxStatus, why: str) -> InboxEntry:
    applied_at = office.time.now() if status is InboxStatus.APPLIED else None
    update = {"last_error": why or None, "applied_at": applied_at, "next_attempt_at": None}
    return await _write(office, entry.model_copy(update=update), status)


async def _write(office: Office, entry: InboxEntry, status: InboxStatus) -> InboxEntry:
    """What another process settled meanwhile stays as it settled it."""
    case_id = case_of(entry.message.request_id) or ""
    async with office.store.writing() as session:
        record = None
        if status in _LEAVE_A_FACT:
            record = await case_of_message(session, case_id)
        if record is not None and status in WITHOUT_EFFECT:
            # Held like the case of a message that comes in, so that none is judged by an answer that is just ending
            await session.cases.hold(case_id)
        current = await session.inbox.find(entry.department, entry.message_id, lock=True)
        if current is not None and current.status is not InboxStatus.RECEIVED:
            return current
        entry = entry.model_copy(update={"status": status})
        await session.inbox.settle(entry, status)
        if record is not None:
            await append_refusal(session, _without_effect(office, entry, status))
        if status in WITHOUT_EFFECT and not is_note(entry.message):
            await session.inbox.give_turn(entry.message.request_id, entry.message.round)
    if status is InboxStatus.QUARANTINED:
        _log.error("message %s needs a person: %s", entry.entry_id, entry.last_error)
    return entry


def _without_effect(office: Office, entry: InboxEntry, status: InboxStatus) -> Fact:
    quarantined = status is InboxStatus.QUARANTINED
    rule = (entry.last_error or "") if status is InboxStatus.REFUSED else status.value.lower()
    return Fact(
        fact_id=f"{entry.entry_id}.{status.value.lower()}",
        case_id=case_of(entry.message.request_id) or "",
        kind=FactKind.QUARANTINED if quarantined else FactKind.MESSAGE_REFUSED,
        at=office.time.now(),
        actor=f"department:{entry.department}",
        request_id=entry.message.request_id,
        round=entry.message.round,
        data={"entry": entry.entry_id, "rule": rule, "why": entry.last_error or "", **entry.proof.told()},
    )
