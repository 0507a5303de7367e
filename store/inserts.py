"""Inserting what may be there already, in one statement on both databases."""

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables.row import Row


async def insert_if_absent(session: AsyncSession, row: Row, *unique: str) -> bool:
    """False when a row with the same `unique` columns exists; it stays as it is."""
    table = type(row)
    postgres = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert(table) if postgres else sqlite.insert(table)
    statement = insert.values(**row.model_dump()).on_conflict_do_nothing(index_elements=list(unique))
    # Drivers disagree about row counts here; what comes back was inserted
    inserted = await session.exec(statement.returning(getattr(table, unique[0])))
    return inserted.first() is not None
