"""Migration 0011 on a store that was in use: the notices stay in force, and each can be taken back."""

from alembic import command
from sqlalchemy import Connection, text

from domain.working_calendar import YearNotice
from store.connection import store_url, write_engine
from store.migrate import migrate
from store.schema import alembic_config
from store.sql_store import SqlStore
from tests.store.samples import DUE
from tests.store.test_calendars import notice


async def test_notices_from_before_are_loads_of_which_nobody_knows_who(empty_url: str) -> None:
    kept = [notice("second", 2027), notice("first", 2026)]

    def in_use(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0010")
        row = text("INSERT INTO calendar_notices (year, document) VALUES (:year, :document)")
        connection.execute(row, [{"year": one.year, "document": one.model_dump_json()} for one in kept])

    def back(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0010")

    engine = write_engine(store_url(empty_url))
    async with engine.begin() as connection:
        await connection.run_sync(in_use)
    assert (await migrate(empty_url)).current
    store = SqlStore(empty_url)
    async with store.writing() as session:
        assert list(await session.calendars.notices()) == kept[::-1]
        loads = await session.calendars.loads()
        assert [(one.loaded_by, one.loaded_at) for one in loads] == [("unknown", None)] * 2
        await session.calendars.load(notice("amended", 2026), by="operator", at=DUE)
        (latest,) = await session.calendars.loads(2027)
        await session.calendars.take_back(latest, by="operator", at=DUE)
    await store.close()
    async with engine.begin() as connection:
        await connection.run_sync(back)
        rows = (await connection.execute(text("SELECT document FROM calendar_notices"))).scalars().all()
    assert [YearNotice.model_validate_json(row).notice_number for row in rows] == ["amended"]
    await engine.dispose()
