"""The checker: silent about honest cases, and it finds every violation that is planted."""

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from domain.case import CaseRecord
from domain.clock import Clock, ClockKind
from domain.codes import Outcome, RequestState, RoundEnd
from domain.errors import ErrorCategory, LiandongError
from domain.fact import Fact, FactKind
from domain.inbox import InboxStatus
from domain.ladder import instants
from domain.limit import Limit
from domain.rung_proof import ClockProofs, RungProof
from domain.waiting import Matter, WaitSnapshot
from services import verify_invariants
from services.audit import Turned, note_turned_away
from services.verify_invariants import Finding, verify
from services.watch_first_contact import watch_first_contact
from services.watch_triage import watch_triage
from tests.services.conftest import ACCEPTED, Window


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_invariants, "_SECOND_LOOK_SECONDS", 0.0)


def waiting(case_id: str, request_id: str, *, since: datetime) -> WaitSnapshot:
    limit = Limit.parse("1 working_days")
    clock = Clock(clock_id=f"{case_id}.wait1.decision", kind=ClockKind.DECISION, started_at=since, limit=limit)
    return WaitSnapshot(
        wait_id=f"{case_id}.wait1",
        matter=Matter.ANSWER,
        about=f"{request_id}.r1",
        request_id=request_id,
        why="an answer waits",
        deciders=("duty_leader",),
        clock=ClockProofs(clock=clock),
        due_at=None,
    )


async def found(window: Window) -> set[str]:
    return {finding.invariant for finding in await verify(window.office)}


async def details(window: Window, invariant: str) -> list[str]:
    return [finding.detail for finding in await verify(window.office) if finding.invariant == invariant]


def change(tmp_path: Path, statement: str, *values: object) -> None:
    """What no use case does: write into the database from outside, past its guards."""
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection, connection:
        for (guard,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {guard}")
        assert connection.execute(statement, values).rowcount > 0


async def plant(window: Window, record: CaseRecord, kind: FactKind, **data: str) -> None:
    request = f"{record.case_id}.dissolve"
    fact = Fact(
        fact_id=f"planted-{kind}",
        case_id=record.case_id,
        kind=kind,
        at=window.wall.at,
        actor="department:market" if kind is FactKind.REPLIED else "engine",
        request_id=None if kind is FactKind.OUTCOME else request,
        round=None if kind is FactKind.OUTCOME else 1,
        data=data,
    )
    async with window.store.writing() as session:
        await session.facts.append(record.case_id, [fact])


async def test_honest_cases_have_no_findings(window: Window) -> None:
    counted: list[int] = []
    record = await window.launched()
    await window.register(external_id="ext-2")
    await window.send(f"{record.case_id}.dissolve", ACCEPTED)
    await window.send(f"{record.case_id}.identity", ACCEPTED, department="police")
    await window.engine.close(record.case_id, Outcome.DONE)
    assert await verify(window.office, counted.append) == ()
    assert counted == [1, 2]


async def test_half_a_check_is_no_check(window: Window) -> None:
    await window.launched()
    window.engine.away = True
    with pytest.raises(LiandongError) as caught:
        await verify(window.office)
    assert caught.value.category is ErrorCategory.UNAVAILABLE


async def test_a_tampered_fact_is_found(window: Window, tmp_path: Path) -> None:
    record = await window.launched()
    change(tmp_path, "UPDATE facts SET document = replace(document, 'COORDINATE', 'REFER_OUT') WHERE kind = 'TRIAGED'")
    assert await details(window, "I10") == [f"{record.case_id} fact 2: was changed after it was written"]


async def test_a_removed_fact_is_found(window: Window, tmp_path: Path) -> None:
    await window.launched()
    change(tmp_path, "DELETE FROM facts WHERE kind = 'ROUND_OPENED'")
    assert await found(window) == {"I10"}


async def test_a_fact_removed_from_the_end_is_found(window: Window, tmp_path: Path) -> None:
    record = await window.launched()
    with pytest.raises(LiandongError):
        await window.send(f"{record.case_id}.dissolve", ACCEPTED, department="police")
    change(tmp_path, "DELETE FROM facts WHERE kind = 'MESSAGE_REFUSED'")
    assert await found(window) == {"I10"}


async def test_an_applied_message_whose_answer_is_in_no_round_is_found(window: Window) -> None:
    record = await window.launched()
    window.engine.not_listening.add(f"{record.case_id}.dissolve.r1")
    await window.send(f"{record.case_id}.dissolve", ACCEPTED)
    (entry,) = await window.inbox(record.case_id)
    async with window.store.writing() as session:
        await session.inbox.settle(entry, InboxStatus.APPLIED)
    assert await details(window, "I3") == [f"message {entry.entry_id} counts as applied, but is the answer of no round"]


async def test_a_message_that_nobody_settles_is_found(window: Window) -> None:
    record = await window.launched()
    window.engine.not_listening.add(f"{record.case_id}.dissolve.r1")
    await window.send(f"{record.case_id}.dissolve", ACCEPTED)
    window.wall.wait(hours=3)
    assert "I3" in await found(window)


async def test_two_effective_replies_are_found(window: Window) -> None:
    record = await window.launched()
    await window.send(f"{record.case_id}.dissolve", ACCEPTED)
    await plant(window, record, FactKind.REPLIED, code="NEED_MORE")
    assert await details(window, "I4") == [f"{record.case_id}.dissolve.r1: 2 replies took effect"]


async def test_a_request_with_two_ends_is_found(window: Window) -> None:
    record = await window.launched()
    await window.send(f"{record.case_id}.dissolve", ACCEPTED)
    await plant(window, record, FactKind.REQUEST_WITHDRAWN)
    assert await found(window) == {"I2"}


async def test_a_state_that_contradicts_its_rounds_is_found(window: Window) -> None:
    record = await window.launched()
    request = f"{record.case_id}.dissolve"
    await window.send(request, ACCEPTED)
    turn = window.engine.turn(request, 1)
    assert turn is not None
    assert turn.end is RoundEnd.FINAL
    await window.engine._change(window.engine.put(request, turn, RequestState.WITHDRAWN), FactKind.DECISION_NEEDED)
    assert "I2" in await found(window)


async def test_an_answer_of_a_foreign_department_is_found(window: Window, tmp_path: Path) -> None:
    record = await window.launched()
    await window.send(f"{record.case_id}.dissolve", ACCEPTED)
    (entry,) = await window.inbox(record.case_id)
    swapped = entry.model_copy(update={"raw": b"", "department": "police"}).model_dump_json()
    change(tmp_path, "UPDATE inbox SET department = 'police', document = ?", swapped)
    assert "I5" in await found(window)


async def contacted_in_time(window: Window, record: CaseRecord, until: datetime) -> None:
    """Keeps the first contact out of what the test is about."""
    window.wall.at = until
    await watch_first_contact(window.office)


async def test_an_overdue_request_without_a_proof_is_found_and_with_proofs_it_is_not(window: Window) -> None:
    record = await window.launched()
    request = f"{record.case_id}.dissolve"
    launch = window.engine.launches[record.case_id]
    turn = window.engine.turn(request, 1)
    assert turn is not None
    assert turn.due_at is not None
    await window.send(f"{record.case_id}.identity", ACCEPTED, department="police")
    await contacted_in_time(window, record, turn.due_at + timedelta(days=1))
    silent = await details(window, "I6")
    assert [detail.split(": ")[1].split(" ")[0] for detail in silent] == ["reply_reminder", "reply_overdue"]
    rungs = instants(launch.ladder, turn.clocks[0], launch.calendar, urgent=False)
    proofs = [
        RungProof(rung=one.rung.name, clock=ClockKind.REPLY, planned_at=one.at, fired_at=one.at, result="delivered")
        for one in rungs
        if one.at <= window.wall.at
    ]
    await window.engine.prove(request, *proofs)
    assert await details(window, "I6") == []


async def test_an_answer_in_time_that_waits_to_be_applied_is_no_silence(window: Window) -> None:
    record = await window.launched()
    request = f"{record.case_id}.dissolve"
    await window.send(f"{record.case_id}.identity", ACCEPTED, department="police")
    window.engine.not_listening.add(f"{request}.r1")
    await window.send(request, ACCEPTED)
    turn = window.engine.turn(request, 1)
    assert turn is not None
    assert turn.due_at is not None
    await contacted_in_time(window, record, turn.due_at + timedelta(hours=18))
    assert await details(window, "I6") == []


@pytest.mark.parametrize(("signed", "silent"), [(True, 0), (False, 1)])
async def test_a_receipt_in_time_that_waits_to_be_applied_is_no_silence(
    window: Window, signed: bool, silent: int
) -> None:
    record = await window.launched()
    request = f"{record.case_id}.dissolve"
    await window.send(f"{record.case_id}.identity", ACCEPTED, department="police")
    turn = window.engine.turn(request, 1)
    assert turn is not None
    assert turn.due_at is not None
    signing = turn.clocks[0].model_copy(update={"kind": ClockKind.SIGN_FOR})
    asked = turn.model_copy(update={"clocks": (signing,)})
    window.engine.snapshots[record.case_id] = window.engine.put(request, asked, RequestState.OPEN)
    await window.engine.prove(request)
    if signed:
        await window.send(request, None)
    await contacted_in_time(window, record, turn.due_at + timedelta(hours=18))
    found = await details(window, "I6")
    assert len(found) == silent
    assert all(detail.startswith(f"{request}.r1: not_signed_for was owed") for detail in found)


async def test_an_escalation_in_spite_of_an_answer_in_time_is_found(window: Window) -> None:
    record = await window.launched()
    request = f"{record.case_id}.dissolve"
    at = window.wall.at
    told = RungProof(rung="reply_overdue", clock=ClockKind.REPLY, planned_at=at, fired_at=at, result="delivered")
    await window.engine.prove(request, told)
    await window.send(request, ACCEPTED)
    assert await details(window, "I6") == [f"{request}.r1: reply_overdue was told although the answer came in time"]


async def test_a_forgotten_first_contact_is_found_until_it_is_on_record(window: Window) -> None:
    await window.register()
    silent = "nobody spoke to the requester in time, and nothing on record says so"
    window.wall.wait(days=3)
    assert silent in await details(window, "I6")
    window.wall.wait(days=-2)
    assert await watch_first_contact(window.office) == 1
    window.wall.wait(days=2)
    assert silent in await details(window, "I6"), "a reminder is no escalation"
    assert await watch_first_contact(window.office) == 1
    assert silent not in await details(window, "I6")
    await watch_triage(window.office)
    assert await verify(window.office) == ()


async def test_a_wait_on_one_of_us_that_nobody_is_chased_for_is_found(window: Window) -> None:
    record = await window.launched()
    dissolve = f"{record.case_id}.dissolve"
    turn = window.engine.turn(dissolve, 1)
    assert turn is not None
    over = turn.model_copy(update={"ended_at": window.wall.at, "end": RoundEnd.QUARANTINED})
    await window.engine.show(record.case_id, requests=window.engine.put(dissolve, over, RequestState.DECISION).requests)
    assert f"{dissolve}: it waits for a decision and nobody is chased for it" in await details(window, "I6")
    wait = waiting(record.case_id, dissolve, since=window.wall.at)
    await window.engine.show(record.case_id, waits=(wait,))
    assert await verify(window.office) == ()
    window.wall.wait(days=3)
    told = [detail for detail in await details(window, "I6") if detail.startswith(wait.wait_id)]
    assert [detail.split()[1] for detail in told] == ["decision_today", "decision_overdue", "decision_supervision"]


async def test_a_projection_that_is_behind_is_found(window: Window) -> None:
    record = await window.launched()
    window.engine.writes = False
    await window.send(f"{record.case_id}.dissolve", ACCEPTED)
    assert "I8" in await found(window)


async def test_a_projection_that_differs_is_found(window: Window) -> None:
    record = await window.launched()
    shown = window.engine.snapshots[record.case_id]
    window.engine.snapshots[record.case_id] = shown.model_copy(update={"decision_needed": "something else"})
    assert await found(window) == {"I8"}


async def test_outcomes_that_differ_are_found(window: Window) -> None:
    record = await window.launched()
    for key, department in (("dissolve", "market"), ("identity", "police")):
        await window.send(f"{record.case_id}.{key}", ACCEPTED, department=department)
    await window.engine.close(record.case_id, Outcome.DONE)
    result = window.engine.results[record.case_id]
    other = result.outcome.model_copy(update={"outcome": Outcome.NOT_DONE})
    window.engine.results[record.case_id] = result.model_copy(update={"outcome": other})
    assert await details(window, "I11") == ["the engine ended it as NOT_DONE, the store says DONE"]
    window.engine.results[record.case_id] = result
    await plant(window, record, FactKind.OUTCOME, outcome="DONE")
    assert await details(window, "I11") == ["2 facts tell an outcome"]


async def test_a_case_that_the_engine_lost_or_cannot_move_is_found(window: Window) -> None:
    record = await window.launched()
    window.engine.failing = (record.case_id,)
    del window.engine.snapshots[record.case_id]
    assert await found(window) == {"I1", "I9"}


async def test_a_case_that_cannot_be_examined_hides_no_other(window: Window) -> None:
    first = await window.launched()
    second = await window.launched(external_id="ext-2")
    window.engine.broken.add(first.case_id)
    del window.engine.snapshots[second.case_id]
    assert await verify(window.office) == (
        Finding(invariant="I9", case_id=first.case_id, detail="it cannot be examined: RuntimeError"),
        Finding(
            invariant="I1",
            case_id=second.case_id,
            detail="it is being coordinated, and the engine does not know it",
        ),
    )


async def test_a_tampered_audit_is_found_with_its_place(window: Window, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        window.wall.at += timedelta(seconds=1)
        turned = Turned(actor="unknown", method="GET", where="/v1/me", status=401, code=f"no-{number}")
        await note_turned_away(window.office, turned)
    async with window.store.reading() as session:
        noted = await session.audit.head()
    assert await verify(window.office, None, noted) == ()
    change(tmp_path, "DELETE FROM audit WHERE position = 2")
    (finding,) = [one for one in await verify(window.office) if "was expected" in one.detail]
    assert (finding.invariant, finding.case_id) == ("I10", "audit")
    assert finding.detail == "audit record 3: position 2 was expected"
