"""The store on SQLite or PostgreSQL: opens transactions over all repositories."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.errors import LiandongError
from store.audit import SqlAudit
from store.calendars import SqlCalendars
from store.cases import SqlCases
from store.commands import SqlCommands
from store.connection import WAIT_SECONDS, read_engine, reason, store_url, translated, write_engine
from store.desk import SqlDesk
from store.directory import SqlDirectory
from store.exchanges import SqlExchanges
from store.facts import SqlFacts
from store.figures import SqlFigures
from store.follow_ups import SqlFollowUps
from store.inbox import SqlInbox
from store.launch_intents import SqlLaunchIntents
from store.people import SqlPeople
from store.precedents import SqlPrecedents
from store.progress_codes import SqlProgressCodes
from store.rating_links import SqlRatingLinks
from store.retention import SqlRetention
from store.schema import schema_state

READY_SECONDS = 5
_START_LOCK = 0x6C69616E73747274
"""Names starts among PostgreSQL's advisory locks ("lianstrt")."""


class SqlSession:
    """One transaction."""

    def __init__(self, session: AsyncSession, *, writes: bool) -> None:
        self._session = session
        self.cases = SqlCases(session)
        self.facts = SqlFacts(session)
        self.inbox = SqlInbox(session, writes=writes)
        self.intents = SqlLaunchIntents(session)
        self.commands = SqlCommands(session)
        self.desk = SqlDesk(session)
        self.directory = SqlDirectory(session)
        self.people = SqlPeople(session)
        self.calendars = SqlCalendars(session)
        self.follow_ups = SqlFollowUps(session)
        self.rating_links = SqlRatingLinks(session)
        self.progress_codes = SqlProgressCodes(session)
        self.precedents = SqlPrecedents(session)
        self.audit = SqlAudit(session)
        self.exchanges = SqlExchanges(session)
        self.retention = SqlRetention(session)
        self.figures = SqlFigures(session)

    async def alone(self) -> None:
        """Wait until no other transaction that asked for this runs. On SQLite a write transaction is alone anyway."""
        connection = await self._session.connection()
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": _START_LOCK})


class SqlStore:
    """Needs a migrated database (`store.migrate`). Write sessions on SQLite run one after the other."""

    def __init__(self, database_url: str, *, wait_seconds: float = WAIT_SECONDS) -> None:
        """`wait_seconds`: how long a transaction waits for its turn."""
        url = store_url(database_url)
        self._writer = write_engine(url, wait_seconds)
        self._reader = read_engine(url, self._writer, wait_seconds)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[SqlSession]:
        """Raises UNAVAILABLE `store-unavailable`, also from its end: then nobody knows whether it was written."""
        async with self._transaction(self._writer, writes=True) as session:
            yield session

    @asynccontextmanager
    async def starting(self) -> AsyncIterator[SqlSession]:
        async with self._transaction(self._writer, writes=True) as session:
            await session.alone()
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[SqlSession]:
        """Sees one instant of the store; cannot write."""
        async with self._transaction(self._reader, writes=False) as session:
            yield session

    async def ready(self) -> str | None:
        try:
            async with asyncio.timeout(READY_SECONDS):
                with translated():
                    async with self._reader.connect() as connection:
                        state = await connection.run_sync(schema_state)
        except (LiandongError, TimeoutError) as error:
            return f"the store does not answer: {reason(error)}"
        if state.current:
            return None
        return f"the store's schema is at {state.found or 'nothing'}, this version needs {state.needed}"

    async def close(self) -> None:
        await self._reader.dispose()
        await self._writer.dispose()

    @asynccontextmanager
    async def _transaction(self, engine: AsyncEngine, *, writes: bool) -> AsyncIterator[SqlSession]:
        with translated():
            async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
                opened = SqlSession(session, writes=writes)
                yield opened
                await opened.audit.seal()
