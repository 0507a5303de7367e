"""The outbox as the lines to departments use it: one transaction an entry."""

from domain.outbox import SentMessage
from domain.store_ports import Store


class StoredOutbox:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def keep(self, sent: SentMessage) -> None:
        """Raises UNAVAILABLE: what cannot be proved later is not sent."""
        async with self._store.writing() as session:
            await session.outbox.save(sent)
