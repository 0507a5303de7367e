"""The audit of closed doors: a department's message that was turned away leaves a fact in its case."""

import hashlib
import json
import logging
from typing import Final

from domain.errors import LiandongError
from domain.fact import Fact, FactKind
from domain.ids import case_of
from domain.store_ports import StoreSession
from services.office import Office
from services.round_ownership import case_of_message

_log = logging.getLogger(__name__)

MOST_REFUSALS_OF_A_SENDER: Final = 100
"""In one case. Who is turned away for ever must not fill it, nor keep what others are refused out of it."""


async def note_refusal(
    office: Office, case_id: str, department: str, rule: str, *, message_id: str, request_id: str | None = None
) -> None:
    """One fact per message and rule."""
    seal = hashlib.sha256(f"{department}\n{message_id}\n{rule}".encode()).hexdigest()[:24]
    fact = Fact(
        fact_id=f"{case_id}.refused.{seal}",
        case_id=case_id,
        kind=FactKind.MESSAGE_REFUSED,
        at=office.time.now(),
        actor=f"department:{department}",
        request_id=request_id,
        data={"rule": rule},
    )
    async with office.store.writing() as session:
        await append_refusal(session, fact)


async def append_refusal(session: StoreSession, fact: Fact) -> None:
    """Beyond the limit only the log knows."""
    if fact.kind is FactKind.MESSAGE_REFUSED:
        facts = await session.facts.of_case(fact.case_id)
        earlier = [one for one in facts if (one.fact.kind, one.fact.actor) == (fact.kind, fact.actor)]
        if len(earlier) >= MOST_REFUSALS_OF_A_SENDER:
            _log.warning("a message to %s was refused (%s)", fact.case_id, fact.data.get("rule"))
            return
    await session.facts.append(fact.case_id, [fact])


async def note_malformed(office: Office, department: str, body: bytes, refusal: LiandongError) -> None:
    """Authentic, but not readable: kept with the case if the message still says which one it means."""
    _log.warning("a message of %s is malformed: %s", department, refusal.code)
    request_id = _request_named(body)
    case_id = case_of(request_id) if request_id else None
    if case_id is None:
        return
    async with office.store.reading() as session:
        record = await case_of_message(session, case_id)
    if record is not None:
        message_id = hashlib.sha256(body).hexdigest()
        await note_refusal(office, case_id, department, refusal.code, message_id=message_id)


def _request_named(body: bytes) -> str | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    data = document.get("data") if isinstance(document, dict) else None
    named = data.get("request_id") if isinstance(data, dict) else None
    return named if isinstance(named, str) else None
