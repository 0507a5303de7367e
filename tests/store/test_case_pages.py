"""Lists: complete under inserts, every filter, refused cursors, and plans that stay flat."""

import base64
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import sqlite

from domain.case import CaseFilter
from domain.codes import CaseStage, Cause, Outcome, RequestState
from domain.errors import ErrorCategory, LiandongError
from store.case_pages import CasePages
from store.connection import store_url, write_engine
from store.sql_store import SqlSession, SqlStore
from tests.store.samples import DUE, HOSTILE, START, case_id, record, request, snapshot, turn

NOW = START + timedelta(days=1)
LATER = NOW + timedelta(days=1)


async def _page(store: SqlStore, wanted: CaseFilter) -> tuple[list[str], str | None]:
    async with store.reading() as session:
        page = await session.cases.page(wanted, NOW)
    return [line.case_id for line in page.items], page.next_cursor


async def _register(session: SqlSession, *serials: int) -> None:
    """Three at a time share their instant: the number decides then."""
    for serial in serials:
        await session.cases.add(record(serial, at=START + timedelta(seconds=serial // 3)))


@pytest.mark.parametrize("limit", [1, 3, 4, 200])
async def test_walking_the_pages_shows_every_case_once_newest_first(store: SqlStore, limit: int) -> None:
    async with store.writing() as session:
        await _register(session, *range(1, 11))
    seen: list[str] = []
    cursor = None
    while True:
        shown, cursor = await _page(store, CaseFilter(limit=limit, cursor=cursor))
        assert len(shown) <= limit
        seen += shown
        if cursor is None:
            break
    assert seen == [case_id(serial) for serial in range(10, 0, -1)]


async def test_inserts_while_walking_neither_hide_nor_repeat_a_case(store: SqlStore) -> None:
    async with store.writing() as session:
        await _register(session, *range(42, 61, 2))
    seen: list[str] = []
    cursor, arriving = None, 61
    while True:
        shown, cursor = await _page(store, CaseFilter(limit=3, cursor=cursor))
        seen += shown
        if cursor is None:
            break
        async with store.writing() as session:
            # One newer than all, one older than what has been shown
            await _register(session, arriving, 102 - arriving)
        arriving += 2
    assert len(seen) == len(set(seen))
    assert {case_id(serial) for serial in range(42, 61, 2)} <= set(seen)
    assert seen == sorted(seen, reverse=True)


async def test_a_page_that_ends_with_the_last_case_has_no_next_one(store: SqlStore) -> None:
    async with store.writing() as session:
        await _register(session, 1, 2)
    assert await _page(store, CaseFilter(limit=2)) == ([case_id(2), case_id(1)], None)
    assert await _page(store, CaseFilter(owner="nobody")) == ([], None)


async def test_every_filter_holds_together_with_the_others(store: SqlStore) -> None:
    waiting = request(4, "police", turn(department="police", due_at=NOW - timedelta(hours=1)))
    answered = request(5, "police", turn(department="police"), state=RequestState.ANSWERED)
    first, second = turn(department="police", due_at=LATER), turn(2, department="market", due_at=LATER)
    moved = request(7, "market", first.model_copy(update={"ended_at": START}), second)
    async with store.writing() as session:
        await session.cases.add(record(1))
        by_another = record(2, stage=CaseStage.TRIAGED, cause=Cause.UNAWARE, owner="li")
        await session.cases.add(by_another.model_copy(update={"registered_by": "user:other"}))
        await session.cases.add(record(3, stage=CaseStage.TRIAGED, cause=Cause.CROSS_DEPT, owner="li"))
        await session.cases.add(record(4, cause=Cause.CROSS_DEPT, owner="wang"))
        await session.cases.add(record(5, cause=Cause.CROSS_DEPT, owner="li"))
        await session.cases.project(snapshot(4, waiting))
        await session.cases.project(snapshot(5, answered, decision_needed="undecided"))
        await session.cases.add(record(6))
        await session.cases.project(snapshot(6, outcome=Outcome.DONE))
        await session.cases.add(record(7))
        await session.cases.project(snapshot(7, moved))
    expected = {
        CaseFilter(stage=CaseStage.TRIAGED): [3, 2],
        CaseFilter(stage=CaseStage.CLOSED): [6],
        CaseFilter(owner="li"): [5, 3, 2],
        CaseFilter(cause=Cause.CROSS_DEPT): [5, 4, 3],
        CaseFilter(outcome=Outcome.DONE): [6],
        CaseFilter(waiting_on="police"): [4],
        CaseFilter(waiting_on="market"): [7],
        CaseFilter(department="police"): [7, 5, 4],
        CaseFilter(department="market"): [7],
        CaseFilter(department="police", waiting_on="market"): [7],
        CaseFilter(department="water"): [],
        CaseFilter(registered_by="user:clerk"): [7, 6, 5, 4, 3, 1],
        CaseFilter(registered_by="user:other", owner="li"): [2],
        CaseFilter(needs_decision=True): [5],
        CaseFilter(needs_decision=False, owner="li"): [3, 2],
        CaseFilter(overdue=True): [4],
        CaseFilter(overdue=True, owner="li"): [],
        CaseFilter(overdue=False, cause=Cause.CROSS_DEPT, owner="li", stage=CaseStage.TRIAGED): [3],
        CaseFilter(overdue=True, waiting_on="police", owner="wang", cause=Cause.CROSS_DEPT): [4],
    }
    for wanted, serials in expected.items():
        assert (await _page(store, wanted))[0] == [case_id(serial) for serial in serials], wanted


async def test_a_line_says_what_a_board_needs(store: SqlStore) -> None:
    asked = request(1, "market", turn())
    shown = snapshot(1, asked, decision_needed="谁来牵头").model_copy(update={"next_due_at": DUE})
    async with store.writing() as session:
        await session.cases.add(record(title=HOSTILE[:60], cause=Cause.CROSS_DEPT, owner="li"))
        await session.cases.project(shown)
    async with store.reading() as session:
        (line,) = (await session.cases.page(CaseFilter(), NOW)).items
    assert line.title == HOSTILE[:60].replace("\0", "\ufffd")
    assert (line.stage, line.cause, line.owner) == (CaseStage.COORDINATING, Cause.CROSS_DEPT, "li")
    assert (line.next_due_at, line.decision_needed, line.overdue) == (DUE, "谁来牵头", False)
    (requested,) = line.requests
    assert (requested.request_id, requested.round, requested.due_at) == (asked.request_id, 1, DUE)


async def test_a_case_of_the_list_can_be_opened_in_the_same_session(store: SqlStore) -> None:
    async with store.writing() as session:
        await session.cases.add(record())
        await session.cases.project(snapshot(1, request(1, "market", turn())))
    async with store.reading() as session:
        (line,) = (await session.cases.page(CaseFilter(), NOW)).items
        opened = await session.cases.get(line.case_id)
    assert opened.snapshot is not None
    assert opened.registration == record().registration


async def test_a_cursor_that_does_not_fit_is_refused(store: SqlStore) -> None:
    async with store.writing() as session:
        await _register(session, 1, 2, 3)
    _, cursor = await _page(store, CaseFilter(limit=1))
    assert cursor is not None
    forged = base64.urlsafe_b64encode(b"1|99999999999999999|00000000|x").decode()
    for wrong in ("", "x", "!!!!", "é", "a" * 200, HOSTILE, cursor[:-3], cursor + "=", forged):
        with pytest.raises(LiandongError) as refused:
            await _page(store, CaseFilter(limit=1, cursor=wrong))
        assert (refused.value.category, refused.value.field) == (ErrorCategory.INVALID, "cursor"), wrong
    with pytest.raises(LiandongError, match="does not continue this list"):
        await _page(store, CaseFilter(owner="li", cursor=cursor))
    assert (await _page(store, CaseFilter(limit=2, cursor=cursor)))[0] == [case_id(2), case_id(1)]


FLAT = {
    "overdue": CaseFilter(overdue=True),
    "overdue of one owner": CaseFilter(overdue=True, owner="li"),
    "waiting on a department": CaseFilter(waiting_on="market"),
    "asked of a department": CaseFilter(department="market"),
    "mine": CaseFilter(owner="li"),
    "registered by me": CaseFilter(registered_by="user:clerk"),
    "decisions": CaseFilter(needs_decision=True),
    "one stage": CaseFilter(stage=CaseStage.TRIAGED),
    "one cause": CaseFilter(cause=Cause.UNAWARE),
    "everything": CaseFilter(),
}


@pytest.mark.parametrize("name", FLAT)
async def test_no_list_reads_a_whole_table(sqlite_url: str, name: str) -> None:
    plan = await _plan(sqlite_url, FLAT[name])
    scans = [step for step in plan if step.startswith("SCAN") and "USING" not in step and "SUBQUERY" not in step]
    assert scans == [], plan
    if "overdue" in name:
        assert any("ix_requests_owed_until" in step for step in plan), plan
        assert any("ix_cases_contact_owed_until" in step for step in plan), plan
        assert not any(step.startswith(("SCAN requests", "SCAN inbox", "SCAN cases")) for step in plan), plan


async def _plan(url: str, wanted: CaseFilter) -> list[str]:
    engine = write_engine(store_url(url))
    async with engine.connect() as connection:
        pages = CasePages(session=None, now=NOW)  # type: ignore[arg-type]
        compiled = pages.statement(wanted).compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
        steps = [str(row.detail) for row in await connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}"))]
    await engine.dispose()
    return steps
