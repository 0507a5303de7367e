"""The inbox: durable once, effective once, settled without regress, found when it matters."""

import asyncio
from datetime import timedelta

import pytest

from domain.errors import ErrorCategory, LiandongError
from domain.inbox import InboxEntry, InboxStatus
from store.pending_answers import StoredPendingAnswers
from store.sql_store import SqlStore
from tests.store.samples import DUE, HOSTILE, START, accepted, entry, interim

REQUEST = "LD-2026-000001.market"


async def _add(store: SqlStore, *entries: InboxEntry) -> list[bool]:
    async with store.writing() as session:
        return [await session.inbox.add(each) for each in entries]


async def _settle(store: SqlStore, settled: InboxEntry, status: InboxStatus) -> None:
    async with store.writing() as session:
        await session.inbox.settle(settled, status)


async def _find(store: SqlStore, message_id: str, department: str = "market") -> InboxEntry | None:
    async with store.reading() as session:
        return await session.inbox.find(department, message_id)


async def test_a_message_comes_back_with_its_bytes(store: SqlStore) -> None:
    sent = entry("m1", reply=accepted(HOSTILE))
    assert await _add(store, sent) == [True]
    found = await _find(store, "m1")
    assert found == sent
    assert found.raw == sent.raw
    assert await _find(store, "m1", "police") is None


async def test_a_repeated_message_id_writes_nothing(store: SqlStore) -> None:
    first = entry("m1", reply=accepted())
    again = entry("m1", reply=accepted("another text"), at=DUE)
    assert await _add(store, first, again) == [True, False]
    assert await _find(store, "m1") == first
    assert await _add(store, entry("m1", reply=None, department="police")) == [True]


async def test_duplicates_at_once_have_one_winner(store: SqlStore, other_store: SqlStore) -> None:
    stores = (store, other_store)
    sent = [entry("m1", reply=accepted(str(n))) for n in range(10)]
    added = await asyncio.gather(*(_add(stores[n % 2], each) for n, each in enumerate(sent)))
    assert sorted(added) == [[False]] * 9 + [[True]]
    async with store.reading() as session:
        assert len(await session.inbox.of_case("LD-2026-000001")) == 1


async def test_at_most_one_reply_to_a_round_is_effective(store: SqlStore, other_store: SqlStore) -> None:
    stores = (store, other_store)
    sent = [entry(f"m{n}", reply=accepted()) for n in range(6)]
    results = await asyncio.gather(*(_add(stores[n % 2], each) for n, each in enumerate(sent)), return_exceptions=True)
    refused = [result for result in results if isinstance(result, LiandongError)]
    assert [error.code for error in refused] == ["round-already-answered"] * 5
    assert all(error.category is ErrorCategory.CONFLICT for error in refused)
    assert results.count([True]) == 1


async def test_a_second_reply_can_be_kept_as_contradicted_in_the_same_transaction(store: SqlStore) -> None:
    await _add(store, entry("m1", reply=accepted("first")))
    second = entry("m2", reply=accepted("second"))
    async with store.writing() as session:
        with pytest.raises(LiandongError, match="effective reply already"):
            await session.inbox.add(second)
        assert await session.inbox.add(second.model_copy(update={"status": InboxStatus.CONTRADICTED}))
        first = await session.inbox.effective(REQUEST, 1)
    assert first is not None
    assert first.message_id == "m1"


async def test_a_reply_that_was_turned_away_does_not_block_the_round(store: SqlStore) -> None:
    late = entry("m1", reply=accepted(), status=InboxStatus.LATE)
    quarantined = entry("m2", reply=accepted())
    await _add(store, late, quarantined)
    await _settle(store, quarantined, InboxStatus.QUARANTINED)
    assert await _add(store, entry("m3", reply=accepted())) == [True]
    with pytest.raises(LiandongError, match="effective reply already"):
        await _settle(store, late, InboxStatus.APPLIED)


async def test_the_oldest_answer_that_was_judged_by_one_that_is_void_gets_its_turn(store: SqlStore) -> None:
    minute = timedelta(minutes=1)
    first = entry("m1", reply=accepted())
    later = entry("m3", reply=accepted("third"), status=InboxStatus.CONTRADICTED, at=START + 2 * minute)
    second = entry("m2", reply=accepted("second"), status=InboxStatus.CONTRADICTED, at=START + minute)
    other_round = entry("m4", reply=accepted(), status=InboxStatus.DUPLICATE, number=2)
    await _add(store, first, later, second, other_round)

    async def effective() -> str | None:
        async with store.writing() as session:
            await session.inbox.give_turn(REQUEST, 1)
            found = await session.inbox.effective(REQUEST, 1)
        return found.message_id if found else None

    assert await effective() == "m1", "while one stands, no other gets a turn"
    for void, following in ((first, "m2"), (second, "m3"), (later, None)):
        await _settle(store, void, InboxStatus.REFUSED)
        assert await effective() == following
    found = await _find(store, "m4")
    assert found is not None
    assert found.status is InboxStatus.DUPLICATE


async def test_notes_never_count_as_answers(store: SqlStore) -> None:
    notes = [entry("m1", reply=None), entry("m2", reply=interim()), entry("m3", reply=interim())]
    await _add(store, *notes, entry("m4", reply=interim(), number=2), entry("m5", reply=accepted()))
    async with store.reading() as session:
        assert await session.inbox.notes_of_round(REQUEST, 1) == 3
        effective = await session.inbox.effective(REQUEST, 1)
        assert await session.inbox.effective(REQUEST, 2) is None
        assert await session.inbox.waiting_in_time(REQUEST, 2, DUE) is None
    assert effective is not None
    assert effective.message_id == "m5"


async def test_settling_writes_everything_about_the_outcome(store: SqlStore) -> None:
    sent = entry("m1", reply=accepted())
    await _add(store, sent)
    settled = sent.model_copy(
        update={
            "attempts": 3,
            "last_error": HOSTILE,
            "next_attempt_at": DUE,
            "response_status": 200,
            "response_json": '{"status":"applied"}',
            "applied_at": DUE,
        }
    )
    await _settle(store, settled, InboxStatus.APPLIED)
    assert await _find(store, "m1") == settled.model_copy(update={"status": InboxStatus.APPLIED})


async def test_settling_cannot_change_what_was_received(store: SqlStore) -> None:
    sent = entry("m1", reply=accepted())
    await _add(store, sent)
    forged = sent.model_copy(update={"raw": b"", "received_at": DUE, "signature": "", "message_id": "m2"})
    await _settle(store, forged, InboxStatus.LATE)
    assert await _find(store, "m1") == sent.model_copy(update={"status": InboxStatus.LATE})


async def test_what_was_applied_stays_applied(store: SqlStore) -> None:
    sent = entry("m1", reply=accepted())
    await _add(store, sent)
    await _settle(store, sent, InboxStatus.APPLIED)
    await _settle(store, sent, InboxStatus.LATE)
    found = await _find(store, "m1")
    assert found is not None
    assert found.status is InboxStatus.APPLIED


async def test_what_was_settled_does_not_wait_again(store: SqlStore) -> None:
    late, quarantined = entry("m1", reply=accepted()), entry("m2", reply=None)
    await _add(store, late, quarantined)
    await _settle(store, late, InboxStatus.LATE)
    await _settle(store, quarantined, InboxStatus.QUARANTINED)
    for each in (late, quarantined):
        await _settle(store, each, InboxStatus.RECEIVED)
    async with store.reading() as session:
        assert [each.message_id for each in await session.inbox.waiting(DUE, 10)] == ["m2"]


async def test_two_relays_claim_different_messages(store: SqlStore, other_store: SqlStore) -> None:
    await _add(store, *(entry(f"m{n}", reply=None) for n in range(6)))

    async def claim(one: SqlStore) -> list[str]:
        async with one.writing() as session:
            batch = await session.inbox.waiting(START, 3)
            await asyncio.sleep(0.1)
            for each in batch:
                await session.inbox.settle(each.model_copy(update={"next_attempt_at": DUE}), InboxStatus.RECEIVED)
        return [each.message_id for each in batch]

    first, second = await asyncio.gather(claim(store), claim(other_store))
    assert sorted(first + second) == [f"m{n}" for n in range(6)]


async def test_an_unknown_message_cannot_be_settled(store: SqlStore) -> None:
    with pytest.raises(LiandongError) as refused:
        await _settle(store, entry("m1", reply=None), InboxStatus.APPLIED)
    assert refused.value.category is ErrorCategory.NOT_FOUND


async def test_the_relay_sees_what_is_due_oldest_first(store: SqlStore) -> None:
    minute = timedelta(minutes=1)
    newer = entry("newer", reply=None, at=START + minute)
    older = entry("older", reply=None, at=START)
    later = entry("later", reply=None, at=START).model_copy(update={"next_attempt_at": START + 5 * minute})
    applied = entry("applied", reply=None, status=InboxStatus.APPLIED)
    await _add(store, newer, older, later, applied)
    async with store.reading() as session:
        now = [each.message_id for each in await session.inbox.waiting(START + 2 * minute, 10)]
        first = [each.message_id for each in await session.inbox.waiting(START + 2 * minute, 1)]
        then = [each.message_id for each in await session.inbox.waiting(START + 5 * minute, 10)]
        unsettled = await session.inbox.unsettled(START + minute)
    assert (now, first, then) == (["older", "newer"], ["older"], ["older", "later", "newer"])
    assert unsettled == 2


async def test_an_answer_in_time_is_judged_by_its_receipt_alone(store: SqlStore) -> None:
    pending = StoredPendingAnswers(store)
    sent = entry("m1", reply=accepted(), at=DUE)
    await _add(store, sent)
    assert await pending.in_time(REQUEST, 1, DUE) == sent.entry_id
    assert await pending.in_time(REQUEST, 1, DUE - timedelta(microseconds=1)) is None
    await _settle(store, sent, InboxStatus.APPLIED)
    # The engine has it and the case still asks: the case has not got round to it yet
    assert await pending.in_time(REQUEST, 1, DUE) == sent.entry_id
    async with store.reading() as session:
        assert await session.inbox.waiting_in_time(REQUEST, 1, DUE) is None


async def test_a_receipt_in_time_is_an_acknowledgement_or_a_reply_and_no_progress(store: SqlStore) -> None:
    pending = StoredPendingAnswers(store)
    await _add(store, entry("on it", reply=interim(), at=DUE))
    assert await pending.signed_in_time(REQUEST, 1, DUE) is None
    late, signed = entry("late", reply=None, at=DUE + timedelta(seconds=1)), entry("signed", reply=None, at=DUE)
    await _add(store, late)
    assert await pending.signed_in_time(REQUEST, 1, DUE) is None
    await _add(store, signed)
    assert await pending.signed_in_time(REQUEST, 1, DUE) == signed.entry_id
    assert await pending.signed_in_time(REQUEST, 2, DUE) is None
    assert await pending.in_time(REQUEST, 1, DUE) is None
    await _settle(store, signed, InboxStatus.LATE)
    assert await pending.signed_in_time(REQUEST, 1, DUE) is None
    answer = entry("answer", reply=accepted(), at=DUE)
    await _add(store, answer)
    assert await pending.signed_in_time(REQUEST, 1, DUE) == answer.entry_id


async def test_hostile_identifiers_are_kept_or_refused_never_bent(store: SqlStore) -> None:
    hostile = HOSTILE.replace("\0", "")
    sent = entry(hostile, reply=accepted(), request_id=hostile)
    assert await _add(store, sent) == [True]
    assert await _find(store, hostile) == sent
    for request_id, code in (("a\0", "text-not-storable"), ("x" * 301, "key-too-long")):
        with pytest.raises(LiandongError) as refused:
            await _add(store, entry("m2", reply=accepted(), request_id=request_id))
        assert (refused.value.category, refused.value.code) == (ErrorCategory.INVALID, code)
