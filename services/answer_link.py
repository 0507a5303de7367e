"""The door for people without a token: a link that opens one round, once, until it expires."""

from pydantic import JsonValue

from domain.codes import ReplyCode
from domain.desk import DeskEntry
from domain.errors import LiandongError, not_found
from domain.inbox import WITHOUT_EFFECT
from domain.reply import REPLY
from domain.store_ports import StoreSession
from services.authenticate import token_hash
from services.callback_verdict import CallbackReply, is_note, stored_answer
from services.office import Office
from services.officer_inbox import DeskItem, bring, item_of, message_id_of


async def open_link(office: Office, token: str) -> DeskItem:
    """Raises NOT_FOUND `unknown-link`, the same for unknown, expired, used, withdrawn, and a disabled department's."""
    entry = await _entry(office, token)
    async with office.store.reading() as session:
        if await _used_up(session, entry):
            raise _unknown()
        return await item_of(session, entry, office.time.now())


async def acknowledge_by_link(office: Office, token: str, raw: bytes) -> CallbackReply:
    entry = await _entry(office, token)
    async with office.store.reading() as session:
        if await _used_up(session, entry):
            raise _unknown()
    return await bring(office, entry, _author(entry), None, raw)


async def reply_by_link(office: Office, token: str, answer: dict[str, JsonValue], raw: bytes) -> CallbackReply:
    """One answer; what had no effect and interim notes do not use the link up. The same answer again gets the same
    response."""
    entry = await _entry(office, token)
    reply = REPLY.validate_python(answer)
    async with office.store.reading() as session:
        if await _used_up(session, entry):
            earlier = await session.inbox.find(entry.department, message_id_of(entry, _author(entry), reply))
            if earlier is None:
                raise _unknown()
            return stored_answer(earlier)
    told = await bring(office, entry, _author(entry), reply, raw)
    if reply.code is not ReplyCode.INTERIM:
        async with office.store.writing() as session:
            current = await session.desk.get(entry.dispatch.request_id, entry.dispatch.round, lock=True) or entry
            await session.desk.save(current.model_copy(update={"link_used_at": office.time.now()}))
    return told


async def _entry(office: Office, token: str) -> DeskEntry:
    async with office.store.reading() as session:
        entry = await session.desk.by_link(token_hash(token))
        department = await session.directory.get(entry.department) if entry else None
    now = office.time.now()
    if entry is None or entry.withdrawn_at is not None:
        raise _unknown()
    if department is None or not department.enabled:
        raise _unknown()
    if entry.link_expires_at is None or entry.link_expires_at <= now:
        raise _unknown()
    return entry


async def _used_up(session: StoreSession, entry: DeskEntry) -> bool:
    """Asked of the inbox: an answer that had to wait for the engine can be turned away later, and then the round goes
    on waiting for one."""
    if entry.link_used_at is None:
        return False
    kept = await session.inbox.of_case(entry.dispatch.case_id)
    answers = [one for one in kept if one.signature == _author(entry) and not is_note(one.message)]
    return any(one.status not in WITHOUT_EFFECT for one in answers)


def _author(entry: DeskEntry) -> str:
    return f"link:{(entry.link_hash or '')[:16]}"


def _unknown() -> LiandongError:
    return not_found("unknown-link", "this link opens nothing, or nothing any more")
