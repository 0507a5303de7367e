"""The relay: brings launches and messages that were stored while the engine was away."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from domain.case import LaunchIntent
from domain.inbox import InboxEntry, InboxStatus
from services.by_itself import by_itself
from services.office import Office
from services.settle_message import EngineAway, settle_message
from services.start_ordered import start_ordered

BATCH: Final = 50
_LOOKED_AT: Final = 1_000
"""Launches looked through for those whose turn it is, so that failing ones do not hide the others."""
_CLAIM: Final = timedelta(seconds=60)
_OURS_FOR: Final = timedelta(seconds=5)
"""How long the relay leaves a new launch to the request that ordered it."""
_FIRST_PAUSE: Final = timedelta(seconds=2)
_LONGEST_PAUSE: Final = timedelta(minutes=2)
_AWAY_AFTER: Final = 3
"""So many in a row that find no engine: the rest of the batch waits for the next call."""


async def relay_launches(office: Office) -> int:
    """Start ordered cases, one batch; returns how many the engine took over. Safe in several processes."""
    now = office.time.now()
    async with office.store.reading() as session:
        ordered = await session.intents.waiting(_LOOKED_AT)
    started = failures = 0
    for intent in [intent for intent in ordered if _next_try(intent) <= now][:BATCH]:
        taken = False
        with by_itself(intent.case_id):
            taken = await start_ordered(office, intent) is not None
        started += taken
        failures = 0 if taken else failures + 1
        if failures >= _AWAY_AFTER and await office.engine.ready() is not None:
            break
    return started


async def relay_inbox(office: Office) -> int:
    """Bring waiting messages into their cases, one batch; returns how many were settled. Safe in several processes."""
    settled = away = 0
    batch = await _claim(office)
    for position, entry in enumerate(batch):
        try:
            with by_itself(f"message {entry.entry_id}", EngineAway):
                settled += (await settle_message(office, entry)).status is not InboxStatus.RECEIVED
        except EngineAway:
            away += 1
            if away >= _AWAY_AFTER:
                await _release(office, batch[position + 1 :])
                break
            continue
        away = 0
    return settled


async def _claim(office: Office) -> list[InboxEntry]:
    """Take a batch out of the others' sight for a while; a process that dies gives it back by itself."""
    now = office.time.now()
    async with office.store.writing() as session:
        batch = [
            entry.model_copy(update={"next_attempt_at": now + _CLAIM})
            for entry in await session.inbox.waiting(now, BATCH)
        ]
        for entry in batch:
            await session.inbox.settle(entry, InboxStatus.RECEIVED)
    return batch


async def _release(office: Office, untouched: Sequence[InboxEntry]) -> None:
    async with office.store.writing() as session:
        for entry in untouched:
            await session.inbox.settle(entry.model_copy(update={"next_attempt_at": None}), InboxStatus.RECEIVED)


def _next_try(intent: LaunchIntent) -> datetime:
    """Derived from the order's instant and the attempts so far: pauses of 2, 4, 8 … seconds, two minutes at most."""
    if intent.attempts == 0:
        return intent.requested_at + _OURS_FOR
    pauses = (min(_FIRST_PAUSE * 2**attempt, _LONGEST_PAUSE) for attempt in range(min(intent.attempts, 5_000)))
    return intent.requested_at + sum(pauses, timedelta())
