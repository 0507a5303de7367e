"""Exchanges as the lines to departments keep them: one transaction an entry."""

from domain.exchange import Exchange
from domain.store_ports import Store


class StoredExchanges:
    elsewhere = False

    def __init__(self, store: Store) -> None:
        self._store = store

    async def keep(self, exchange: Exchange) -> None:
        """Raises UNAVAILABLE: what cannot be proved later is not sent."""
        async with self._store.writing() as session:
            await session.exchanges.save(exchange)
