"""A store that refuses a session inside a session.

SQLite has room for a reader beside its writer, so that nothing else here notices. On PostgreSQL both take connections
from one pool: as many callers as it has, each holding one and waiting for a second, wait for each other.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from store.sql_store import SqlSession, SqlStore


class OneSessionStore(SqlStore):
    def __init__(self, database_url: str) -> None:
        super().__init__(database_url)
        self._inside: set[asyncio.Task[Any] | None] = set()

    @asynccontextmanager
    async def _transaction(self, engine: AsyncEngine, *, writes: bool) -> AsyncIterator[SqlSession]:
        task = asyncio.current_task()
        assert task not in self._inside, "a second session inside an open one"
        self._inside.add(task)
        try:
            async with super()._transaction(engine, writes=writes) as session:
                yield session
        finally:
            self._inside.discard(task)
