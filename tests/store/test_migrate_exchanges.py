"""Migration 0008 on a store that was in use: what had left for departments is still there, byte by byte, by case."""

from datetime import UTC, datetime

from alembic import command
from sqlalchemy import Connection, text

from store.connection import store_url, write_engine
from store.migrate import migrate
from store.schema import alembic_config
from store.sql_store import SqlStore

OUTBOX = text(
    "INSERT INTO outbox (entry_id, department, message_id, case_id, sent_at, body, reply, document) "
    "VALUES (:entry_id, 'market', :message_id, :case_id, :sent_at, :body, :reply, :document)"
)
ABOUT = {
    "delivered": "LD-2026-000001.licence.r1",
    "asked-again": "LD-2026-000001.licence.r12",
    "withdrawn": "LD-2026-000001.fire_2.r1.withdrawn",
    "of-another": "LD-2026-000002.licence.r1",
    "of-none": "check.market",
}


def old(entry_id: str) -> dict[str, object]:
    document = (
        f'{{"entry_id":"{entry_id}","department":"market","message_id":"{ABOUT[entry_id]}",'
        '"sent_at":"2026-03-02T01:00:00Z","method":"POST","address":"https://market.example/requests",'
        '"headers":{"webhook-signature":"v1,abc"},"body":"","status":200,"reply":"","failure":""}'
    )
    return {
        "entry_id": entry_id,
        "message_id": ABOUT[entry_id],
        "case_id": ABOUT[entry_id][:14] if entry_id != "of-none" else None,
        "sent_at": datetime(2026, 3, 2, 1, 0, tzinfo=UTC),
        "body": b"\x00\xff body of " + entry_id.encode(),
        "reply": b"reply to " + entry_id.encode(),
        "document": document,
    }


async def test_what_had_left_is_there_with_its_case_after_the_migration(empty_url: str) -> None:
    def in_use(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0007")
        connection.execute(OUTBOX, [old(entry_id) for entry_id in ABOUT])

    engine = write_engine(store_url(empty_url))
    async with engine.begin() as connection:
        await connection.run_sync(in_use)
    await engine.dispose()

    assert (await migrate(empty_url)).current

    store = SqlStore(empty_url)
    async with store.reading() as session:
        first = {one.entry_id: one for one in await session.exchanges.of_case("LD-2026-000001")}
        second = [one.entry_id for one in await session.exchanges.of_case("LD-2026-000002")]
        check = await session.exchanges.get("of-none")
    await store.close()
    assert sorted(first) == ["asked-again", "delivered", "withdrawn"]
    assert second == ["of-another"]
    assert check is not None
    for one in (*first.values(), check):
        assert (one.body, one.reply) == (old(one.entry_id)["body"], old(one.entry_id)["reply"])
        assert (one.status, one.headers["webhook-signature"]) == (200, "v1,abc")
