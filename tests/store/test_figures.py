"""Counts for those who run the product: what is open and owed, nothing that is over."""

from datetime import timedelta

from domain.case import LaunchIntent
from domain.codes import CaseStage, Outcome
from domain.inbox import InboxStatus
from store.sql_store import SqlStore
from tests.store.samples import DUE, START, accepted, case_id, entry, record, request, snapshot, turn

LATER = DUE + timedelta(hours=1)


async def test_an_empty_office_owes_nothing(store: SqlStore) -> None:
    async with store.reading() as session:
        figures = await session.figures.at(LATER)
    assert set(figures.open_cases.values()) == {0}
    assert CaseStage.CLOSED not in figures.open_cases
    assert figures._replace(open_cases={}) == ({}, 0, 0, 0, 0, None, 0)


async def test_what_is_open_and_owed_is_counted_and_what_is_over_is_not(store: SqlStore) -> None:
    late = entry("late", reply=accepted(), request_id=f"{case_id(4)}.market", status=InboxStatus.QUARANTINED)
    async with store.writing() as session:
        for serial in range(1, 6):
            await session.cases.add(record(serial, contacted=True))
        # Overdue; waits for its leader; closed; answered in time by a message on its way; registered only
        await session.cases.project(snapshot(1, request(1, "market", turn())))
        await session.cases.project(snapshot(2, decision_needed="an answer waits"))
        await session.cases.project(snapshot(3, request(3, "market", turn()), outcome=Outcome.DONE))
        await session.cases.project(snapshot(4, request(4, "market", turn())))
        for number, at in enumerate((START, START + timedelta(minutes=5))):
            await session.inbox.add(entry(f"m{number}", reply=None, request_id=f"{case_id(4)}.market", at=at))
        await session.inbox.add(entry("answer", reply=accepted(), request_id=f"{case_id(4)}.market", at=START))
        await session.inbox.add(late)
        await session.intents.add(LaunchIntent(case_id=case_id(5), requested_at=START, launch_json="{}"))
        done = LaunchIntent(case_id=case_id(1), requested_at=START, launch_json="{}", done_at=START)
        await session.intents.add(done)
    async with store.reading() as session:
        figures = await session.figures.at(LATER)
    assert {stage: number for stage, number in figures.open_cases.items() if number} == {
        CaseStage.REGISTERED: 1,
        CaseStage.COORDINATING: 3,
    }
    assert figures._replace(open_cases={}) == ({}, 1, 1, 1, 3, START, 1)
