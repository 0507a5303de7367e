"""Cases: numbers, registration, saving, locking and lists of ids."""

import asyncio

import pytest

from domain.case import CaseFilter, CaseRecord
from domain.codes import CaseStage, Cause, Outcome, Urgency
from domain.errors import ErrorCategory, LiandongError
from domain.limit import Limit
from domain.plan import Ask, Plan
from domain.snapshot import OutcomeRecord
from store.sql_store import SqlStore
from tests.store.samples import DUE, HOSTILE, case_id, record, request, snapshot, turn


async def _add(store: SqlStore, *records: CaseRecord) -> None:
    async with store.writing() as session:
        for each in records:
            await session.cases.add(each)


async def test_numbers_run_per_year_without_a_gap_or_a_repetition(store: SqlStore, other_store: SqlStore) -> None:
    async def take(one: SqlStore) -> str:
        async with one.writing() as session:
            return await session.cases.next_case_id(2026)

    taken = await asyncio.gather(*(take(one) for one in (store, other_store) * 5))
    assert sorted(taken) == [case_id(serial) for serial in range(1, 11)]
    async with store.writing() as session:
        assert await session.cases.next_case_id(2027) == "LD-2027-000001"


async def test_a_number_of_a_failed_registration_is_used_again(store: SqlStore) -> None:
    async def fail() -> None:
        async with store.writing() as session:
            await session.cases.next_case_id(2026)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    async with store.writing() as session:
        assert await session.cases.next_case_id(2026) == case_id(1)


async def test_what_was_registered_comes_back_exactly(store: SqlStore) -> None:
    registered = record(external_id="外-1", cause=Cause.CROSS_DEPT, contacted=True)
    await _add(store, registered)
    async with store.reading() as session:
        assert await session.cases.get(registered.case_id) == registered
        assert await session.cases.find("window", "外-1") == registered
        assert await session.cases.find("other", "外-1") is None


async def test_every_part_of_a_record_comes_back_exactly(store: SqlStore) -> None:
    ask = Ask(
        key="market",
        text=HOSTILE,
        department="market",
        reply_limit=Limit.parse("5 working_days"),
        sees=("health",),
        fields={"health": HOSTILE},
    )
    plain = record(cause=Cause.URGENT, contacted=True, owner="li")
    assert plain.triage is not None
    assert plain.first_contact is not None
    outcome = OutcomeRecord(outcome=Outcome.REFERRED, decided_by="user:li", decided_at=DUE, reason=HOSTILE)
    full = plain.model_copy(
        update={
            "stage": CaseStage.CLOSED,
            "triage": plain.triage.model_copy(update={"advice": HOSTILE, "urgency": Urgency.URGENT}),
            "first_contact": plain.first_contact.model_copy(update={"note": HOSTILE}),
            "plan": Plan(asks=(ask,)),
            "outcome": outcome,
            "closed_at": DUE,
        }
    )
    await _add(store, full)
    async with store.reading() as session:
        assert await session.cases.get(full.case_id) == full
        (line,) = (await session.cases.page(CaseFilter(outcome=Outcome.REFERRED), DUE)).items
    assert line.urgency is Urgency.URGENT


async def test_hostile_text_comes_back_exactly(store: SqlStore) -> None:
    hostile = record(title=HOSTILE[:200], external_id=HOSTILE.replace("\0", ""))
    await _add(store, hostile)
    async with store.reading() as session:
        assert await session.cases.get(hostile.case_id) == hostile


async def test_a_nul_in_an_identifier_is_refused(store: SqlStore) -> None:
    with pytest.raises(LiandongError) as refused:
        await _add(store, record(external_id="a\0b"))
    assert (refused.value.category, refused.value.code) == (ErrorCategory.INVALID, "text-not-storable")
    async with store.reading() as session:
        assert await session.cases.ids() == []


async def test_the_same_matter_is_registered_once_even_at_once(store: SqlStore, other_store: SqlStore) -> None:
    results = await asyncio.gather(
        _add(store, record(1, external_id="x")), _add(other_store, record(2, external_id="x")), return_exceptions=True
    )
    errors = [result for result in results if isinstance(result, LiandongError)]
    assert [error.code for error in errors] == ["already-registered"]
    async with store.reading() as session:
        assert len(await session.cases.ids()) == 1


async def test_a_refused_registration_leaves_the_transaction_usable(store: SqlStore) -> None:
    await _add(store, record(1, external_id="x"))
    async with store.writing() as session:
        with pytest.raises(LiandongError, match="registered already"):
            await session.cases.add(record(2, external_id="x"))
        known = await session.cases.find("window", "x")
        assert known is not None
        await session.cases.add(record(3))
    async with store.reading() as session:
        assert await session.cases.ids() == [case_id(1), case_id(3)]


async def test_matters_without_an_external_number_never_collide(store: SqlStore) -> None:
    await _add(store, record(1), record(2))
    async with store.reading() as session:
        assert len(await session.cases.ids()) == 2


async def test_an_unknown_case_is_not_found(store: SqlStore) -> None:
    async with store.reading() as session:
        with pytest.raises(LiandongError) as refused:
            await session.cases.get(case_id(9))
    assert refused.value.category is ErrorCategory.NOT_FOUND


async def test_changes_made_under_a_lock_do_not_overwrite_each_other(store: SqlStore, other_store: SqlStore) -> None:
    await _add(store, record())

    async def lengthen(one: SqlStore) -> None:
        async with one.writing() as session:
            current = await session.cases.get(case_id(), lock=True)
            owner = (current.owner or "") + "x"
            await session.cases.save(current.model_copy(update={"owner": owner}))

    await asyncio.gather(*(lengthen(one) for one in (store, other_store) * 6))
    async with store.reading() as session:
        assert (await session.cases.get(case_id())).owner == "x" * 12


async def test_a_stale_copy_cannot_undo_what_the_coordination_did(store: SqlStore) -> None:
    await _add(store, record(stage=CaseStage.LAUNCHING))
    async with store.reading() as session:
        stale = await session.cases.get(case_id())
    done = snapshot(1, request(1, "market", turn()), outcome=Outcome.DONE)
    async with store.writing() as session:
        assert await session.cases.project(done)
    async with store.writing() as session:
        await session.cases.save(stale.model_copy(update={"owner": "leader"}))
    async with store.reading() as session:
        now = await session.cases.get(case_id())
    assert (now.owner, now.stage, now.closed_at) == ("leader", CaseStage.CLOSED, DUE)
    assert now.snapshot == done
    assert now.outcome == done.outcome


async def test_ids_page_by_the_last_one_seen(store: SqlStore) -> None:
    await _add(store, *(record(n, stage=CaseStage.TRIAGED if n % 2 else CaseStage.REGISTERED) for n in range(1, 6)))
    async with store.reading() as session:
        assert await session.cases.ids(after=case_id(2), limit=2) == [case_id(3), case_id(4)]
        assert await session.cases.ids(stage=CaseStage.TRIAGED) == [case_id(1), case_id(3), case_id(5)]
