"""Sends a message of ours and keeps it: bytes and signature before they leave, the answer after it came."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

import structlog

from adapters.http_client import HttpCall, HttpClient, HttpReply
from domain.errors import LiandongError
from domain.outbox import MAX_REPLY_KEPT, SentMessage
from domain.ports import DepartmentUnavailable, Outbox

_log = structlog.get_logger(__name__)

_PROOF: Final = ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "soapaction")
"""Headers that are kept. A bearer token proves nothing to others and opens doors."""


async def kept_exchange(
    client: HttpClient, outbox: Outbox | None, department: str, call: HttpCall, kept_as: str | None = None
) -> HttpReply:
    """Like `client.send`. Raises DepartmentUnavailable also when the message could not be kept: then it did not leave.

    Questions without a body (polls) say nothing and are not kept.
    """
    if outbox is None or call.content is None:
        return await client.send(call)
    sent = SentMessage(
        entry_id=uuid4().hex,
        department=department,
        message_id=kept_as or _message_id(call),
        sent_at=datetime.now(UTC),
        method=call.method,
        address=call.url,
        headers=_kept(call.headers),
        body=call.content,
    )
    try:
        await outbox.keep(sent)
    except LiandongError:
        raise DepartmentUnavailable("outbox: the message could not be kept, so it was not sent") from None
    try:
        reply = await client.send(call)
    except DepartmentUnavailable as error:
        await _settle(outbox, sent.model_copy(update={"failure": str(error)}))
        raise
    await _settle(outbox, sent.model_copy(update={"status": reply.status, "reply": reply.body[:MAX_REPLY_KEPT]}))
    return reply


async def _settle(outbox: Outbox, sent: SentMessage) -> None:
    """What was sent is kept already; a lost note about the answer must not make it look unsent."""
    try:
        await outbox.keep(sent)
    except LiandongError as error:
        _log.warning("what came back for a message could not be kept", entry=sent.entry_id, code=error.code)


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower() in _PROOF}


def _message_id(call: HttpCall) -> str:
    signed = next((value for name, value in call.headers.items() if name.lower() == "webhook-id"), None)
    if signed is not None:
        return signed
    # PUT /requests/<request>/rounds/<round>: the address is the key
    _, _, tail = call.url.rpartition("/requests/")
    request, _, number = tail.partition("/rounds/")
    return f"{request}.r{number}" if number else call.url[-200:]
