"""Doors that a round closes while it runs: a binding ruling, and time that is over."""

from datetime import date, timedelta

import pytest
from pydantic import JsonValue

from domain.codes import RequestState
from domain.errors import LiandongError
from domain.fact import FactKind
from domain.inbox import InboxStatus
from services.relay import relay_inbox
from services.verify_invariants import verify
from tests.services.conftest import ACCEPTED, Window

NOT_MINE: dict[str, JsonValue] = {"code": "NOT_MINE", "basis": "目录未移交", "proposed_owner": "culture"}
MORE_TIME: dict[str, JsonValue] = {"code": "EXTENSION_REQUESTED", "reason": "调档", "until": "2023-03-31"}


async def running(window: Window, **turn: object) -> str:
    """A request whose first round has these fields."""
    request = f"{(await window.launched()).case_id}.dissolve"
    first = window.engine.turn(request, 1)
    assert first is not None
    shown = window.engine.put(request, first.model_copy(update=turn), RequestState.OPEN)
    await window.engine.show(request.partition(".")[0], requests=shown.requests)
    return request


async def test_a_designated_department_is_told_the_ruling_and_its_answer_still_counts(window: Window) -> None:
    request = await running(window, ruling="会商纪要〔2023〕3号")
    refused = await window.send(request, NOT_MINE, message_id="back")
    assert refused.status == 409
    assert refused.body["status"] == "designation-binds"
    assert refused.body["ruling"] == "会商纪要〔2023〕3号"
    assert await window.send(request, NOT_MINE, message_id="back") == refused
    assert window.engine.completions == []
    (kept,) = await window.inbox(request.partition(".")[0])
    assert kept.status is InboxStatus.REFUSED
    assert b"NOT_MINE" in kept.raw
    (fact,) = await window.facts(request.partition(".")[0], FactKind.MESSAGE_REFUSED)
    assert (fact.fact.data["rule"], fact.fact.actor) == ("designation-binds", "department:market")
    assert (await window.send(request, ACCEPTED)).status == 200


@pytest.mark.parametrize(("late_by", "status"), [(0, 200), (1, 409)])
async def test_objections_have_their_time(window: Window, late_by: int, status: int) -> None:
    request = await running(window, objection_due_at=window.wall.at + timedelta(hours=1))
    window.wall.wait(hours=1, microseconds=late_by)
    answer = await window.send(request, NOT_MINE)
    assert answer.status == status
    assert answer.body["status"] == ("objection-too-late" if late_by else "applied")


@pytest.mark.parametrize(("late_by", "status"), [(0, 200), (1, 409)])
async def test_more_time_is_asked_for_before_the_due_instant(window: Window, late_by: int, status: int) -> None:
    request = await running(window, due_at=window.wall.at + timedelta(hours=1))
    window.wall.wait(hours=1, microseconds=late_by)
    answer = await window.send(request, MORE_TIME)
    assert (answer.status, answer.body["status"]) == (status, "extension-asked-too-late" if late_by else "applied")


async def test_the_live_case_is_asked_because_the_projection_may_be_behind(window: Window) -> None:
    request = await running(window, due_at=window.wall.at + timedelta(hours=1))
    window.engine.writes = False
    turn = window.engine.turn(request, 1)
    assert turn is not None
    later = turn.model_copy(update={"due_at": window.wall.at + timedelta(hours=9)})
    shown = window.engine.put(request, later, RequestState.OPEN)
    await window.engine.show(request.partition(".")[0], requests=shown.requests)
    window.wall.wait(hours=2)
    assert (await window.send(request, MORE_TIME)).status == 200


async def test_what_waited_for_the_engine_meets_the_same_door(window: Window) -> None:
    request = await running(window)
    window.engine.away = True
    assert (await window.send(request, NOT_MINE)).status == 202
    window.engine.away = False
    turn = window.engine.turn(request, 1)
    assert turn is not None
    bound = window.engine.put(request, turn.model_copy(update={"ruling": "3"}), RequestState.OPEN)
    await window.engine.show(request.partition(".")[0], requests=bound.requests)
    window.wall.wait(minutes=2)
    assert await relay_inbox(window.office) == 1
    assert [one.status for one in await window.inbox(request.partition(".")[0])] == [InboxStatus.REFUSED]
    assert window.engine.completions == []


async def test_an_answer_judged_by_one_that_turns_out_void_gets_its_turn(window: Window) -> None:
    """The engine is away: the first answer waits, so the others contradict it; then a door closes on the first."""
    request = await running(window)
    window.engine.away = True
    told = []
    for reply in (NOT_MINE, NOT_MINE, ACCEPTED, {**ACCEPTED, "note": "另一种"}):
        told.append((await window.send(request, reply)).body["status"])
        window.wall.wait(seconds=1)
    assert told == ["stored", "duplicate", "contradicted", "contradicted"]
    window.engine.away = False
    turn = window.engine.turn(request, 1)
    assert turn is not None
    bound = window.engine.put(request, turn.model_copy(update={"ruling": "3"}), RequestState.OPEN)
    await window.engine.show(request.partition(".")[0], requests=bound.requests)
    for _ in range(3):
        window.wall.wait(minutes=1)
        await relay_inbox(window.office)
    entries = await window.inbox(request.partition(".")[0])
    refused, applied = InboxStatus.REFUSED, InboxStatus.APPLIED
    assert [one.status for one in entries] == [refused, refused, applied, InboxStatus.CONTRADICTED]
    turn = window.engine.turn(request, 1)
    assert turn is not None
    assert turn.answer_ref == entries[2].entry_id
    assert await verify(window.office) == ()


async def test_a_round_that_is_over_says_so_first(window: Window) -> None:
    request = await running(window, ruling="3", ended_at=window.wall.at)
    assert (await window.send(request, NOT_MINE)).body["status"] == "round-closed"


@pytest.mark.parametrize(
    ("reply", "field"),
    [
        (MORE_TIME | {"until": "2023-01-02"}, "data.reply.until"),
        (
            {
                "code": "ACCEPTED_CONDITIONALLY",
                "timing": "ISSUE_THEN_VERIFY",
                "commitment": "已签",
                "deferred": [{"name": "章程", "due": "3 working_days"}, {"name": "原件", "due": "2023-01-02"}],
            },
            "data.reply.deferred.1.due",
        ),
    ],
)
async def test_nothing_is_promised_for_a_day_that_is_over(
    window: Window, reply: dict[str, JsonValue], field: str
) -> None:
    request = await running(window)
    assert window.wall.at.date() == date(2023, 1, 3)
    with pytest.raises(LiandongError) as caught:
        await window.send(request, reply)
    assert (caught.value.code, caught.value.field) == ("date-in-the-past", field)
    assert await window.inbox(request.partition(".")[0]) == []
    assert len(await window.facts(request.partition(".")[0], FactKind.MESSAGE_REFUSED)) == 1
