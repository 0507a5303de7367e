"""Writing rows that may be there already, in one statement on both databases.

Statements are built once: with SQLAlchemy that takes longer than running them.
"""

from collections.abc import Mapping, Sequence
from functools import cache

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables.row import Row

Columns = Mapping[str, object]
"""One row by the names of its columns."""
_Insert = postgresql.Insert | sqlite.Insert


async def insert_if_absent(session: AsyncSession, row: Row, *unique: str) -> bool:
    """False when a row with the same `unique` columns exists, or with any unique ones when none are named."""
    connection = await session.connection()
    statement = _insert_if_absent(type(row), connection.dialect.name, unique)
    # Drivers disagree about row counts here; what comes back was inserted
    return (await connection.execute(statement, row.model_dump())).first() is not None


async def put(session: AsyncSession, table: type[Row], rows: Sequence[Columns]) -> None:
    """Write these rows over whatever stands under their keys; nothing is sent for none."""
    if rows:
        connection = await session.connection()
        await connection.execute(_put(table, connection.dialect.name), list(rows))


async def append(session: AsyncSession, table: type[Row], rows: Sequence[Columns]) -> None:
    """Write rows that are new; nothing is sent for none."""
    if rows:
        connection = await session.connection()
        await connection.execute(_insert(table, connection.dialect.name), list(rows))


@cache
def _insert_if_absent(table: type[Row], dialect: str, unique: tuple[str, ...]) -> ReturningInsert[tuple[object, ...]]:
    insert = _insert(table, dialect).on_conflict_do_nothing(index_elements=list(unique) or None)
    return insert.returning(*table_of(table).primary_key)


@cache
def _put(table: type[Row], dialect: str) -> _Insert:
    insert, columns = _insert(table, dialect), table_of(table).columns
    changed = {column.name: insert.excluded[column.name] for column in columns if not column.primary_key}
    return insert.on_conflict_do_update(index_elements=list(table_of(table).primary_key), set_=changed)


@cache
def _insert(table: type[Row], dialect: str) -> _Insert:
    return postgresql.insert(table_of(table)) if dialect == "postgresql" else sqlite.insert(table_of(table))


def table_of(row: type[Row]) -> Table:
    return Row.metadata.tables[str(row.__tablename__)]
