"""What may go counts only once every case that it speaks of is over, its follow-up too."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError
from sqlalchemy import Executable, insert, update
from sqlmodel import col

from domain.audit import AuditKind, AuditRecord
from domain.codes import CaseStage
from domain.exchange import Exchange
from domain.retention import Expired, Retention, months_before
from store.connection import store_url, write_engine
from store.sql_store import SqlStore
from store.tables.cases import CaseRow
from store.tables.follow_ups import FollowUpRow
from tests.store.samples import START, case_id, record

CLOSED = START + timedelta(days=10)


async def change(database_url: str, *statements: Executable) -> None:
    engine = write_engine(store_url(database_url))
    try:
        async with engine.begin() as connection:
            for statement in statements:
                await connection.execute(statement)
    finally:
        await engine.dispose()


async def kept(store: SqlStore, name: str, *serials: int, at: datetime = START) -> None:
    rounds = tuple(f"{case_id(serial)}.licence.r1" for serial in serials)
    one = Exchange(
        entry_id=name, department="market", message_id=name, rounds=rounds, sent_at=at, method="GET", address="x"
    )
    async with store.writing() as session:
        await session.exchanges.save(one)


async def test_only_what_no_running_case_needs_counts(store: SqlStore, database_url: str) -> None:
    async with store.writing() as session:
        for serial in (1, 2, 3, 4):
            await session.cases.add(record(serial, stage=CaseStage.COORDINATING))
    for serial, at in ((1, CLOSED), (3, CLOSED), (4, CLOSED + timedelta(days=30))):
        closing = update(CaseRow).where(col(CaseRow.case_id) == case_id(serial))
        await change(database_url, closing.values(stage="CLOSED", closed_at=at))
    following = {"follow_up_id": "f", "case_id": case_id(3), "number": 1, "ordered_at": START, "document": "{}"}
    following |= {"reopening_owed": False, "second_owed": False}
    await change(database_url, insert(FollowUpRow).values(**following))
    await kept(store, "over", 1, at=START + timedelta(hours=1))
    await kept(store, "open", 2)
    await kept(store, "followed-up", 3)
    await kept(store, "closed-lately", 4)
    await kept(store, "over-and-open", 1, 2)
    await kept(store, "unknown-case", 9)
    await kept(store, "no-case")
    async with store.reading() as session:
        assert await session.retention.messages(CLOSED) == Expired(0, None)
        found = await session.retention.messages(CLOSED + timedelta(seconds=1))
    assert found == Expired(1, START + timedelta(hours=1))
    ended = update(FollowUpRow).values(ended_at=CLOSED)
    await change(database_url, ended)
    async with store.reading() as session:
        assert await session.retention.messages(CLOSED + timedelta(seconds=1)) == Expired(2, START)


async def test_the_audit_counts_by_its_own_instants(store: SqlStore) -> None:
    async with store.writing() as session:
        for days in (0, 5):
            at = START + timedelta(days=days)
            await session.audit.append(
                AuditRecord(record_id=f"a{days}", kind=AuditKind.REFUSED, at=at, actor="unknown", subject="x")
            )
    async with store.reading() as session:
        assert await session.retention.audit(START + timedelta(days=1)) == Expired(1, START)


@pytest.mark.parametrize("shorter", [{"messages_months": 35}, {"audit_months": 5}])
def test_shorter_than_the_law_asks_for_is_refused(shorter: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Retention.model_validate(shorter)


def test_months_are_those_of_the_calendar() -> None:
    assert months_before(datetime(2027, 8, 31, 9, tzinfo=UTC), 6) == datetime(2027, 2, 28, 9, tzinfo=UTC)
    assert months_before(datetime(2028, 2, 29, tzinfo=UTC), 36) == datetime(2025, 2, 28, tzinfo=UTC)
    assert months_before(datetime(2027, 1, 15, tzinfo=UTC), 1) == datetime(2026, 12, 15, tzinfo=UTC)
