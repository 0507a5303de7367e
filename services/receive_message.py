"""A department's message whose sender is known: kept as received, then brought into its case. Every door leads here."""

import hashlib
import logging
from datetime import timedelta
from typing import Final

from domain.codes import CaseStage
from domain.department import Department
from domain.errors import LiandongError, not_found
from domain.fact import Fact, FactKind
from domain.inbox import DepartmentMessage, InboxEntry, InboxStatus
from domain.store_ports import StoreSession
from services.callback_door import ClosedDoor, closed_door
from services.callback_verdict import CallbackReply, Known, answer_for, is_note, judge, stored_answer, with_answer
from services.decision_content import check_dates, names_a_day
from services.office import Office
from services.refused_message import append_refusal, note_refusal
from services.round_ownership import Ownership, Stored, as_stored, ownership
from services.settle_message import Addressed, EngineAway, settle_message

_log = logging.getLogger(__name__)

_OURS_FOR: Final = timedelta(seconds=30)
"""How long the relay leaves a new message to the request that brought it."""
_ID_REUSED: Final = ClosedDoor("webhook-id-reused", "this id came before with another content, which stands")


async def receive_message(office: Office, sender: Department, entry: InboxEntry) -> CallbackReply:
    """200 applied or duplicate, 202 stored for the relay, 409 kept but without effect.

    Raises NOT_FOUND `unknown-request` (the same for what does not exist and for what belongs to somebody else) and
    UNAVAILABLE when the message could not be made durable.
    """
    async with office.store.reading() as session:
        if (earlier := await _earlier(session, entry)) is not None:
            return stored_answer(earlier)
        stored = await as_stored(session, entry.message)
    case_id, owner = await _authorised(office, entry.department, entry.message, stored)
    await _refuse_past_dates(office, case_id, entry)
    door = await closed_door(office, case_id, entry.message, entry.received_at)
    kept = await _store(office, entry, case_id, owner, door)
    if kept.entry_id != entry.entry_id or kept.status is not InboxStatus.RECEIVED:
        return stored_answer(kept)
    return await _bring(office, kept, Addressed(case_id, owner, sender))


async def _earlier(session: StoreSession, entry: InboxEntry) -> InboxEntry | None:
    """This very message, if it came before: what was said counts, not the bytes, in which a retry may be dated anew."""
    first = await session.inbox.find(entry.department, entry.message_id)
    if first is None or first.message == entry.message:
        return first
    return await session.inbox.find(entry.department, _id_of_its_own(entry))


async def _authorised(
    office: Office, department: str, message: DepartmentMessage, stored: Stored
) -> tuple[str, Ownership]:
    case_id, owner = stored.case_id, await ownership(office, stored, message)
    if case_id is not None and owner is not None and owner.department == department:
        return case_id, owner
    if case_id is not None:
        await note_refusal(office, case_id, department, "unknown-request", message_id=message.message_id)
    raise not_found("unknown-request", "there is no such request for this department")


async def _refuse_past_dates(office: Office, case_id: str, entry: InboxEntry) -> None:
    if entry.message.reply is None or not names_a_day(entry.message.reply):
        return
    today = (await office.calendar.current()).local_day(office.time.now())
    try:
        check_dates(entry.message.reply, today, field="data.reply")
    except LiandongError as refusal:
        await note_refusal(office, case_id, entry.department, refusal.code, message_id=entry.message_id)
        raise


async def _store(
    office: Office, entry: InboxEntry, case_id: str, owner: Ownership, door: ClosedDoor | None
) -> InboxEntry:
    """Judge and keep the message in one transaction. The case's lock makes the first reply the first."""
    async with office.store.writing() as session:
        stage = await session.cases.hold(case_id)
        known = await _known(session, stage, entry.message, owner)
        status = judge(entry.message, known._replace(door=door))
        entry = with_answer(entry, answer_for(status, door, case_closed=stage is CaseStage.CLOSED))
        waits_until = entry.received_at + _OURS_FOR if status is InboxStatus.RECEIVED else None
        entry = entry.model_copy(update={"status": status, "next_attempt_at": waits_until})
        if await session.inbox.add(entry):
            if status in (InboxStatus.LATE, InboxStatus.CONTRADICTED, InboxStatus.REFUSED):
                rule = door.rule if door and status is InboxStatus.REFUSED else status.value.lower()
                await append_refusal(session, _kept_without_effect(entry, case_id, rule))
            return entry
        return await _earlier(session, entry) or await _keep_reused(session, entry, case_id)


async def _keep_reused(session: StoreSession, entry: InboxEntry, case_id: str) -> InboxEntry:
    """The id stands for what came first under it; this has no effect, and must not vanish."""
    refused = {"message_id": _id_of_its_own(entry), "status": InboxStatus.REFUSED, "next_attempt_at": None}
    kept = with_answer(entry.model_copy(update=refused), answer_for(InboxStatus.REFUSED, _ID_REUSED))
    await session.inbox.add(kept)
    await append_refusal(session, _kept_without_effect(kept, case_id, _ID_REUSED.rule))
    return kept


def _id_of_its_own(entry: InboxEntry) -> str:
    """Made from what is said, so that a repetition is known again. No id that is sent has a blank in it."""
    said = hashlib.sha256(entry.message.model_dump_json().encode()).hexdigest()
    return f"{entry.message_id} reused:{said[:32]}"


async def _known(session: StoreSession, stage: CaseStage, message: DepartmentMessage, owner: Ownership) -> Known:
    fresh = await session.cases.round_owner(message.request_id, message.round)
    return Known(
        stage=stage,
        round_ended=fresh.ended if fresh else owner.ended,
        effective=await session.inbox.effective(message.request_id, message.round),
        notes=await session.inbox.notes_of_round(message.request_id, message.round) if is_note(message) else 0,
    )


async def _bring(office: Office, entry: InboxEntry, just_read: Addressed) -> CallbackReply:
    """Durable already: whatever happens to the engine from here on, the sender is told 2xx or why not."""
    try:
        settled = await settle_message(office, entry, just_read)
    except EngineAway:
        return stored_answer(entry)
    except LiandongError as error:
        _log.warning("message %s is stored, the relay will bring it: %s", entry.entry_id, error.code)
        return stored_answer(entry)
    return stored_answer(settled)


def _kept_without_effect(entry: InboxEntry, case_id: str, rule: str) -> Fact:
    return Fact(
        fact_id=f"{entry.entry_id}.{entry.status.value.lower()}",
        case_id=case_id,
        kind=FactKind.MESSAGE_REFUSED,
        at=entry.received_at,
        actor=f"department:{entry.department}",
        request_id=entry.message.request_id,
        round=entry.message.round,
        data={"entry": entry.entry_id, "rule": rule, **entry.proof.told()},
    )
