"""Looks into the inbox on behalf of a rung that is about to fire."""

from datetime import datetime

from store.sql_store import SqlStore


class StoredPendingAnswers:
    def __init__(self, store: SqlStore) -> None:
        self._store = store

    async def in_time(self, request_id: str, round_number: int, due_at: datetime) -> str | None:
        """Also finds a reply that the engine took: a case that still asks has not got round to it yet."""
        async with self._store.reading() as session:
            entry = await session.inbox.arrived_in_time(request_id, round_number, due_at)
        return entry.entry_id if entry else None

    async def signed_in_time(self, request_id: str, round_number: int, due_at: datetime) -> str | None:
        async with self._store.reading() as session:
            entry = await session.inbox.signed_in_time(request_id, round_number, due_at)
        return entry.entry_id if entry else None
