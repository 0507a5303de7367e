"""What only the departments' side can tell: which messages were acknowledged to it, and what it was sent."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.inbox import InboxEntry, InboxStatus
from domain.store_ports import Store
from simulators.journal import Journal
from tests.server.waiting import until


@dataclass(frozen=True)
class Acknowledged:
    """A message that got 2xx."""

    department: str
    message_id: str


def acknowledged_in(journals: Iterable[Journal]) -> set[Acknowledged]:
    return {
        Acknowledged(journal.department, callback.message_id)
        for journal in journals
        for callback in journal.callbacks
        if callback.status is not None and 200 <= callback.status < 300
    }


async def assert_nothing_lost(store: Store, acknowledged: Iterable[Acknowledged]) -> None:
    """I3 as set equality: each is in the inbox with its bytes, and settled within a bounded time."""
    for message in acknowledged:
        entry = await until(lambda sent=message: _settled(store, sent), f"{message} to be settled")  # type: ignore[misc]
        assert entry.raw, message
        assert entry.signature, message


def assert_one_effect(journals: Sequence[Journal]) -> None:
    """I7: every send of a round carries the round's own key, and takes effect once."""
    for journal in journals:
        sends = [entry for entry in journal.received if entry.type == "request.dispatched"]
        for entry in sends:
            assert entry.authentic, entry
            assert entry.idempotency_key == f"{entry.request_id}.r{entry.round}", entry
        effects = Counter(entry.idempotency_key for entry in sends if entry.committed)
        assert all(count == 1 for count in effects.values()), effects


async def _settled(store: Store, message: Acknowledged) -> InboxEntry | None:
    async with store.reading() as session:
        entry = await session.inbox.find(message.department, message.message_id)
    assert entry is not None, f"{message} was acknowledged and is not in the inbox"
    return entry if entry.status is not InboxStatus.RECEIVED else None
