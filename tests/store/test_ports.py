"""The store is what the ports ask for: mypy checks the types, the test that one walks through all of them."""

from datetime import timedelta

from domain.ports import CalendarSource, PendingAnswers, ProgressRecorder
from domain.store_ports import Store
from domain.working_calendar import OfficeHours
from store.calendar_source import StoredCalendar
from store.pending_answers import StoredPendingAnswers
from store.progress_recorder import StoredProgress
from store.sql_store import SqlStore
from tests.store.samples import DUE, accepted, entry, fact, progress, record, request, snapshot, turn


async def test_a_case_walks_through_every_port(store: SqlStore) -> None:
    port: Store = store
    recorder: ProgressRecorder = StoredProgress(port)
    pending: PendingAnswers = StoredPendingAnswers(store)
    calendar: CalendarSource = StoredCalendar(port, office=OfficeHours(), compressed_day_seconds=6)

    async with port.writing() as session:
        await session.cases.add(record())
    await recorder.record(progress(snapshot(1, request(1, "market", turn())), fact("f1")))
    answer = entry("m1", reply=accepted(), at=DUE)
    async with port.writing() as session:
        assert await session.inbox.add(answer)

    assert await pending.in_time("LD-2026-000001.market", 1, DUE) == answer.entry_id
    assert await pending.in_time("LD-2026-000001.market", 1, DUE - timedelta(seconds=1)) is None
    assert await pending.in_time("LD-2026-000001.market", 2, DUE) is None
    assert (await calendar.current()).compressed_day_seconds == 6
