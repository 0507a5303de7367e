"""The reconciler: what has one right answer is mended, the rest is named."""

import pytest

from domain.codes import CaseStage, Outcome, RequestState, RoundEnd
from domain.errors import ErrorCategory, LiandongError
from domain.exchange import Exchange
from domain.fact import FactKind
from domain.inbox import InboxStatus
from domain.launch import CaseLaunch
from services import reconcile as reconciler
from services.reconcile import reconcile
from services.verify_invariants import verify
from tests.services.conftest import ACCEPTED, Window


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciler, "_ON_ITS_WAY_SECONDS", 0.0)


async def test_where_both_agree_there_is_nothing_to_report(window: Window) -> None:
    await window.launched()
    assert (await reconcile(window.office)).quiet


async def test_a_projection_that_stayed_behind_catches_up(window: Window) -> None:
    record = await window.launched()
    window.engine.writes = False
    await window.send(f"{record.case_id}.dissolve", ACCEPTED)
    assert (await reconcile(window.office)).projected == (record.case_id,)
    after = await window.record(record.case_id)
    assert after.snapshot == window.engine.snapshots[record.case_id]
    assert (await reconcile(window.office)).quiet


async def test_an_end_that_the_store_missed_is_brought_in(window: Window) -> None:
    record = await window.launched()
    window.engine.writes = False
    await window.engine.close(record.case_id, Outcome.DONE)
    await reconcile(window.office)
    after = await window.record(record.case_id)
    assert after.stage is CaseStage.CLOSED
    assert after.outcome is not None
    assert after.outcome.outcome is Outcome.DONE


async def test_a_start_whose_confirmation_was_lost_is_marked_done(window: Window) -> None:
    window.engine.away = True
    record = await window.launched()
    window.engine.away = False
    async with window.store.reading() as session:
        intent = await session.intents.get(record.case_id)
    assert intent is not None
    assert (await reconcile(window.office)).quiet
    await window.engine.start(CaseLaunch.model_validate_json(intent.launch_json))
    assert (await reconcile(window.office)).intents_finished == (record.case_id,)
    assert (await window.record(record.case_id)).stage is CaseStage.COORDINATING


async def test_a_case_lost_before_anybody_was_asked_is_started_again(window: Window) -> None:
    window.engine.writes = False
    record = await window.launched()
    window.engine.launches.clear()
    window.engine.snapshots.clear()
    assert (await reconcile(window.office)).restarted == (record.case_id,)
    assert window.engine.launches[record.case_id].launched_at == record.launched_at


@pytest.mark.parametrize("how", ["sent", "answered"])
async def test_a_case_lost_after_a_department_was_spoken_to_is_left_to_a_person(window: Window, how: str) -> None:
    """First rounds go out beside their record: an empty projection does not say that nobody was asked."""
    window.engine.writes = False
    record = await window.launched()
    asked = f"{record.case_id}.dissolve.r1"
    if how == "sent":
        sent = Exchange(
            entry_id="x-1",
            department="market",
            message_id=asked,
            rounds=(asked,),
            sent_at=window.wall.at,
            method="POST",
            address="https://market.example/requests",
        )
        async with window.store.writing() as session:
            await session.exchanges.save(sent)
    else:
        await window.send(f"{record.case_id}.dissolve", ACCEPTED)
    window.engine.launches.clear()
    window.engine.snapshots.clear()
    assert (await reconcile(window.office)).missing == (record.case_id,)
    assert window.engine.launches == {}


async def test_a_case_lost_after_that_is_left_to_a_person(window: Window) -> None:
    record = await window.launched()
    window.engine.launches.clear()
    window.engine.snapshots.clear()
    assert (await reconcile(window.office)).missing == (record.case_id,)
    assert window.engine.launches == {}


async def test_one_broken_case_hides_no_other(window: Window) -> None:
    first = await window.launched()
    second = await window.launched(external_id="ext-2")
    window.engine.broken.add(first.case_id)
    window.engine.failing = (first.case_id,)
    window.engine.writes = False
    await window.send(f"{second.case_id}.dissolve", ACCEPTED)
    report = await reconcile(window.office)
    assert report.unreadable == report.failing == (first.case_id,)
    assert report.projected == (second.case_id,)


async def test_a_case_that_alone_does_not_answer_hides_no_other(window: Window) -> None:
    first = await window.launched()
    second = await window.launched(external_id="ext-2")
    window.engine.silent.add(first.case_id)
    window.engine.writes = False
    await window.send(f"{second.case_id}.dissolve", ACCEPTED)
    report = await reconcile(window.office)
    assert (report.unreadable, report.projected) == ((first.case_id,), (second.case_id,))


async def test_without_the_engine_nothing_is_concluded(window: Window) -> None:
    await window.launched()
    window.engine.away = True
    with pytest.raises(LiandongError) as caught:
        await reconcile(window.office)
    assert caught.value.category is ErrorCategory.UNAVAILABLE


@pytest.mark.parametrize("end", RoundEnd)
async def test_an_answer_that_met_another_end_of_its_round_is_late(window: Window, end: RoundEnd) -> None:
    record = await window.launched()
    request = f"{record.case_id}.dissolve"
    open_turn = window.engine.turn(request, 1)
    assert open_turn is not None
    await window.send(request, ACCEPTED, message_id="m-1")
    await window.send(f"{record.case_id}.identity", ACCEPTED, department="police")
    # The engine took the answer, and in the same turn a decision or a clock ended the round without it
    ref = f"clock:silence:{request}.r1" if end in (RoundEnd.FINAL, RoundEnd.TURN) else None
    ended = open_turn.model_copy(update={"ended_at": window.wall.at, "end": end, "answer_ref": ref})
    await window.engine._change(window.engine.put(request, ended, RequestState.WITHDRAWN), FactKind.DECISION_NEEDED)
    assert "I3" in {finding.invariant for finding in await verify(window.office)}

    assert (await reconcile(window.office)).set_aside == (record.case_id,)

    entries = {entry.message.request_id: entry for entry in await window.inbox(record.case_id)}
    assert entries[request].status is InboxStatus.LATE
    assert entries[f"{record.case_id}.identity"].status is InboxStatus.APPLIED
    (chained,) = await window.facts(record.case_id, FactKind.MESSAGE_REFUSED)
    assert (chained.fact.request_id, chained.fact.data["rule"]) == (request, "late")
    assert "I3" not in {finding.invariant for finding in await verify(window.office)}
    again = await window.send(request, ACCEPTED, message_id="m-1")
    assert again.status == 200, "a repetition gets the answer of the first time"
    assert (await reconcile(window.office)).quiet
