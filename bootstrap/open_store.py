"""The store of a data directory, on the newest schema."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bootstrap.data_dir import open_data_dir
from bootstrap.settings import Settings
from store.migrate import migrate
from store.sql_store import SqlStore


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[SqlStore]:
    """The store alone: enough for tokens, calendars and evidence. Raises DataDirError."""
    open_data_dir(settings.data_dir)
    await migrate(settings.sqlalchemy_url)
    store = SqlStore(settings.sqlalchemy_url)
    try:
        yield store
    finally:
        await store.close()
