"""The door for departments' systems: a message is authenticated by its signature, then received like every other."""

from collections.abc import Mapping
from typing import Final

from domain.department import Department
from domain.errors import ErrorCategory, LiandongError
from domain.inbox import MAX_MESSAGE_BYTES, DepartmentMessage, InboxEntry
from services.callback_verdict import CallbackReply
from services.office import Office
from services.receive_message import receive_message
from services.refused_message import note_malformed

__all__ = ["CallbackReply", "receive_callback"]

_KEPT_HEADERS: Final = ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "user-agent")


async def receive_callback(office: Office, department: str, headers: Mapping[str, str], body: bytes) -> CallbackReply:
    """200 applied or duplicate, 202 stored for the relay, 409 kept but without effect.

    Raises UNAUTHENTICATED, TOO_LARGE, TOO_MANY, INVALID, and what `receive_message` raises.
    """
    received_at = office.time.now()
    sender, message = await _authentic(office, department, headers, body)
    entry = InboxEntry(
        entry_id=office.new_id(),
        department=department,
        message_id=message.message_id,
        received_at=received_at,
        raw=body,
        signature=_header(headers, "webhook-signature"),
        headers=_kept(headers),
        message=message,
    )
    return await receive_message(office, sender, entry)


async def _authentic(
    office: Office, department: str, headers: Mapping[str, str], body: bytes
) -> tuple[Department, DepartmentMessage]:
    async with office.store.reading() as session:
        known = await session.directory.get(department)
    adapter = office.adapters.get(known.technique) if known is not None and known.enabled else None
    if known is None or adapter is None:
        # Word for word what a wrong signature is told: nobody learns which departments there are
        raise LiandongError(
            ErrorCategory.UNAUTHENTICATED, "signature-not-valid", "the message carries no valid signature"
        )
    try:
        message = adapter.parse_callback(department, headers, body)
    except LiandongError as refusal:
        if refusal.category is ErrorCategory.INVALID:
            await note_malformed(office, department, body, refusal)
        raise
    if len(body) > MAX_MESSAGE_BYTES:
        detail = f"a message has at most {MAX_MESSAGE_BYTES} bytes"
        raise LiandongError(ErrorCategory.TOO_LARGE, "message-too-large", detail)
    # Only now: somebody without the secret must not be able to use up the department's share
    office.arrivals.admit(known, office.time.now())
    return known, message


def _header(headers: Mapping[str, str], wanted: str) -> str:
    return next((value for name, value in headers.items() if name.lower() == wanted), "")


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name in _KEPT_HEADERS if (value := _header(headers, name))}
