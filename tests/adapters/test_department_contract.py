"""What every department technique must keep, tried with each; what only a wire can do, with those that have one."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from domain.codes import Technique
from domain.department_failure import DepartmentRefusal, DepartmentUnavailable
from domain.dispatch import Dispatch
from simulators.script import Behaviour, Fault
from tests.adapters.arrangement import SYSTEMS, Arrangement, arranged, dispatch, eventually, ref_of, withdrawal_of
from tests.adapters.people import PeopleArrangement, arranged_people

Anybody = Arrangement | PeopleArrangement


@pytest.fixture(params=list(Technique))
async def arrangement(request: pytest.FixtureRequest) -> AsyncIterator[Anybody]:
    async with arranged_people() if request.param is Technique.PEOPLE else arranged(request.param) as found:
        yield found


@pytest.fixture(params=SYSTEMS)
async def system(request: pytest.FixtureRequest) -> AsyncIterator[Arrangement]:
    """Those that speak over a wire, which may break."""
    async with arranged(request.param) as found:
        yield found


async def test_a_delivered_request_gets_a_receipt_and_an_answer(arrangement: Anybody) -> None:
    sent = dispatch(arrangement.technique)
    receipt = await arrangement.adapter.deliver(sent)
    assert receipt.receipt is not None
    assert receipt.receipt.startswith(f"{sent.department.code}-")
    assert receipt.delivered_at.utcoffset() is not None
    assert await arrangement.answers(sent) == [{"code": "ACCEPTED", "note": ""}]


async def test_exactly_the_contracted_fields_leave(system: Arrangement) -> None:
    await system.adapter.deliver(dispatch(system.technique))
    data = system.department.journal.received[0].data
    assert data is not None
    fields = {
        "request_id", "round", "idempotency_key", "case_id", "role", "text", "note", "fields", "dispatched_at",
        "due_at", "sign_due_at", "urgent", "ruling",
    }  # fmt: skip
    assert set(data) - {"reply_to"} == fields
    assert ("reply_to" in data) is (system.technique is Technique.WEBHOOK)
    assert data["text"] == "请协助核实"
    assert data["due_at"] == "2026-03-02T01:00:00+00:00"


async def test_the_same_round_sent_twice_is_one_effect_with_the_same_receipt(
    arrangement: Anybody,
) -> None:
    sent = dispatch(arrangement.technique)
    first, second = [await arrangement.adapter.deliver(sent) for _ in range(2)]
    assert first.receipt == second.receipt
    assert arrangement.commits == 1


async def test_a_repetition_carries_the_same_key(system: Arrangement) -> None:
    sent = dispatch(system.technique)
    for _ in range(2):
        await system.adapter.deliver(sent)
    assert system.delivery_keys == [sent.idempotency_key] * 2


async def test_another_round_is_another_effect(arrangement: Anybody) -> None:
    for number in (1, 2):
        await arrangement.adapter.deliver(dispatch(arrangement.technique, number=number))
    assert arrangement.commits == 2


async def test_a_refusing_system_needs_a_person(system: Arrangement) -> None:
    system.behave(Behaviour(fault=Fault.REFUSE))
    with pytest.raises(DepartmentRefusal, match="http-422"):
        await system.adapter.deliver(dispatch(system.technique))
    assert system.commits == 0


async def test_trouble_comes_with_the_wait_that_the_department_asks_for(system: Arrangement) -> None:
    system.behave(Behaviour(fail_first=1, fail_status=503, retry_after=7))
    sent = dispatch(system.technique)
    with pytest.raises(DepartmentUnavailable, match="http-503") as caught:
        await system.adapter.deliver(sent)
    assert caught.value.retry_after_seconds == 7
    assert (await system.adapter.deliver(sent)).receipt
    assert system.delivery_keys == [sent.idempotency_key] * 2


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.EMPTY, Fault.TRUNCATED, Fault.OVERSIZED, Fault.HTML])
async def test_after_a_broken_reply_the_repetition_has_one_effect(system: Arrangement, fault: Fault) -> None:
    system.behave(Behaviour(fault=fault, acknowledge_after=None, answer_after=0.05))
    sent = dispatch(system.technique)
    with pytest.raises(DepartmentUnavailable):
        await system.adapter.deliver(sent)
    assert (await system.adapter.deliver(sent)).receipt == f"{sent.department.code}-000001"
    assert system.commits == 1
    assert await system.answers(sent) == [{"code": "ACCEPTED", "note": ""}]


async def test_a_withdrawn_round_is_not_answered(arrangement: Anybody) -> None:
    sent = await _withdrawn_before_its_answer(arrangement)
    later = dispatch(arrangement.technique, key="later")
    await arrangement.adapter.deliver(later)
    # It answers as quickly and was asked afterwards: by now the other answer would have come too
    await arrangement.answers(later)
    assert arrangement.replied_to(sent) == 0
    if arrangement.technique in (Technique.POLLED, Technique.XML):
        assert await arrangement.adapter.poll(ref_of(sent)) is None


async def _withdrawn_before_its_answer(arrangement: Anybody) -> Dispatch:
    """A round taken back while its department still works on it; on a slow machine it gets longer to work."""
    clock = asyncio.get_running_loop().time
    for number, seconds in enumerate((0.3, 2.0, 15.0)):
        arrangement.behave(Behaviour(acknowledge_after=None, answer_after=seconds))
        sent = dispatch(arrangement.technique, key=f"withdrawn-{number}")
        began = clock()
        await arrangement.adapter.deliver(sent)
        await arrangement.adapter.withdraw(withdrawal_of(sent))
        if clock() - began < seconds:
            return sent
    raise AssertionError("no round could be taken back before its answer")


async def test_withdrawing_what_the_department_never_had_is_fine(arrangement: Anybody) -> None:
    await arrangement.adapter.withdraw(withdrawal_of(dispatch(arrangement.technique)))
    assert arrangement.commits == 0


async def test_a_department_that_is_not_in_the_directory_is_unavailable(
    arrangement: Anybody,
) -> None:
    stranger = dispatch(arrangement.technique)
    stranger = stranger.model_copy(update={"department": stranger.department.model_copy(update={"code": "nobody"})})
    with pytest.raises(DepartmentUnavailable, match="directory"):
        await arrangement.adapter.deliver(stranger)


async def test_a_department_that_keeps_failing_is_left_alone_for_a_while(system: Arrangement) -> None:
    system.behave(Behaviour(fail_first=100))
    for _ in range(5):
        with pytest.raises(DepartmentUnavailable, match="http-503"):
            await system.adapter.deliver(dispatch(system.technique))
    with pytest.raises(DepartmentUnavailable, match="circuit-open") as caught:
        await system.adapter.deliver(dispatch(system.technique))
    assert 0 < (caught.value.retry_after_seconds or 0) < 40
    assert len(system.department.journal.received) == 5
    assert system.lines.circuits() == {system.department.code: "open"}


async def test_a_polled_department_is_pending_until_it_has_answered() -> None:
    async with arranged(Technique.POLLED) as housing:
        sent, silent = dispatch(Technique.POLLED), dispatch(Technique.POLLED, key="silent")
        housing.behave(Behaviour(answer_after=None))
        await housing.adapter.deliver(silent)
        assert await housing.adapter.poll(ref_of(silent)) is None
        housing.behave(Behaviour(answer_after=0.4, reply={"code": "NO_RESULT", "tried": "档案库"}))
        await housing.adapter.deliver(sent)
        assert await housing.answers(sent) == [{"code": "NO_RESULT", "tried": "档案库"}]


async def test_what_a_polled_department_says_reaches_the_case_unjudged() -> None:
    async with arranged(Technique.POLLED) as housing:
        housing.behave(Behaviour(answer_after=0, reply=["no", {"rule": 1}]))
        sent = dispatch(Technique.POLLED)
        await housing.adapter.deliver(sent)
        assert await housing.answers(sent) == [["no", {"rule": 1}]]


async def test_a_round_that_a_polled_department_does_not_know_is_asked_for_again() -> None:
    async with arranged(Technique.POLLED) as housing:
        with pytest.raises(DepartmentUnavailable, match="http-404"):
            await housing.adapter.poll(ref_of(dispatch(Technique.POLLED)))


async def test_a_webhook_department_is_never_polled() -> None:
    async with arranged(Technique.WEBHOOK) as market:
        with pytest.raises(TypeError):
            await market.adapter.poll(ref_of(dispatch(Technique.WEBHOOK)))


async def test_a_webhook_department_signs_for_reports_and_answers() -> None:
    async with arranged(Technique.WEBHOOK) as market:
        progress = ({"after": 0.02, "note": "正在核实"},)
        market.behave(Behaviour.model_validate({"acknowledge_after": 0, "interim": progress, "answer_after": 0.1}))
        sent = dispatch(Technique.WEBHOOK)
        await market.adapter.deliver(sent)
        await market.answers(sent, count=2)
        kinds = [(message.kind, message.reply and message.reply.code) for message in market.door.accepted]
        # Each goes out at its time on a connection of its own; which arrives first is nobody's promise
        assert sorted(kinds, key=str) == [("ACKNOWLEDGED", None), ("REPLIED", "ACCEPTED"), ("REPLIED", "INTERIM")]


async def test_a_callback_turned_away_for_now_comes_again_under_its_id() -> None:
    async with arranged(Technique.WEBHOOK) as market:
        market.behave(Behaviour(acknowledge_after=None, answer_after=0))
        market.door.busy_first = 2
        sent = dispatch(Technique.WEBHOOK)
        await market.adapter.deliver(sent)
        await market.answers(sent)

        async def finished() -> list[int | None] | None:
            callback = market.department.journal.callbacks[0]
            return [attempt.status for attempt in callback.attempts] if callback.finished else None

        assert await eventually(finished) == [503, 503, 200]
        assert market.department.journal.callbacks[0].message_id == market.door.accepted[0].message_id
