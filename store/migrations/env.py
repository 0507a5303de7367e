"""Alembic's entry: runs on the connection it is given, or on its own for `alembic revision`."""

import asyncio
import os
from importlib import import_module
from pkgutil import iter_modules
from typing import Literal

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from store import tables
from store.columns import KeyText, ShownText, UtcInstant
from store.tables.row import Row

# Every table must be known before it is compared
for subject in iter_modules(tables.__path__, f"{tables.__name__}."):
    import_module(subject.name)


def render_plain(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Migrations name plain types: what the code's own types become later must not change an old migration."""
    if kind == "type" and isinstance(item, UtcInstant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, KeyText | ShownText):
        return "sa.Text()"
    return False


def run(connection: Connection) -> None:
    # SQLite cannot alter most things in place; batch mode copies the table instead
    context.configure(
        connection=connection, target_metadata=Row.metadata, render_as_batch=True, render_item=render_plain
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_alone() -> None:
    engine = create_async_engine(os.environ["LIANDONG_DATABASE_URL"])
    try:
        async with engine.begin() as connection:
            await connection.run_sync(run)
    finally:
        await engine.dispose()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    asyncio.run(run_alone())
