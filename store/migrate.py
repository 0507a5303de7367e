"""Brings a database to the schema that this version needs."""

import asyncio
import os
import sqlite3
import time
from pathlib import Path

from alembic import command
from sqlalchemy import URL, Connection, text

from store.connection import WAIT_SECONDS, store_url, translated, write_engine
from store.schema import SchemaState, alembic_config, schema_state

_LOCK = 0x6C69616E646F6E67
"""Names the migration among PostgreSQL's advisory locks ("liandong")."""


async def migrate(database_url: str) -> SchemaState:
    """Upgrade to the newest schema. Safe to repeat, and for two processes at once: the second waits and finds it done.

    Everything happens in one transaction: a failing migration leaves the schema as it was.
    """
    url = store_url(database_url)
    if url.get_backend_name() == "sqlite":
        await asyncio.to_thread(_prepare_file, url)
    engine = write_engine(url)
    try:
        with translated():
            async with engine.begin() as connection:
                return await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> SchemaState:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": _LOCK})
    if not schema_state(connection).current:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return schema_state(connection)


def _prepare_file(url: URL) -> None:
    """The file holds personal data, so only its owner may read it. The switch to WAL does not wait for locks itself."""
    path = Path(url.database or "")
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    give_up = time.monotonic() + WAIT_SECONDS
    while True:
        connection = sqlite3.connect(path, timeout=WAIT_SECONDS)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.05)
        finally:
            connection.close()
