"""What is missing is told once, over all departments, and nobody's clock pays for the wait."""

from datetime import timedelta
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.assignment import ReassignRequest, WithdrawRequest
from domain.clock import ClockKind
from domain.codes import Cause, Outcome, ReplyCode, RequestState
from domain.errors import LiandongError
from domain.fact import FactKind
from domain.launch import EDITION, CaseLaunch
from domain.limit import Limit
from domain.plan import Plan
from domain.reply import Answer, NeedMore
from domain.supplement import IssueSupplementNotice, ReceivedMaterial, ReceiveSupplement
from tests.workflows.skipped_time import (
    CALENDAR,
    CASE,
    LADDER,
    Script,
    as_2023,
    ask,
    department,
    instant,
    skipped_time,
)
from workflows.request import Request

START = "2023-02-15T10:00"
LEAD = {"role": "LEAD", "reply_limit": "5 working_days"}


def by(command: str) -> dict[str, Any]:
    return {"command_id": command, "decided_by": "user:clerk", "reason": "told by phone"}


def more(*names: str) -> dict[str, Any]:
    return {"code": "NEED_MORE", "materials": list(names)}


async def test_one_notice_over_two_departments_then_the_clocks_go_on(env: WorkflowEnvironment) -> None:
    script: Script = {
        f"{CASE}.permit.r1": [(instant("2023-02-17T16:00"), more("Lease contract", "floor plan"))],
        f"{CASE}.fire.r1": [(instant("2023-02-17T15:00"), more("lease  contract"))],
        f"{CASE}.permit.r2": [(instant("2023-03-01T11:00"), {"code": "ACCEPTED"})],
        f"{CASE}.fire.r2": [(instant("2023-02-28T11:00"), {"code": "ACCEPTED"})],
    }
    issue = IssueSupplementNotice(**by("notice"), legal_basis="licensing law art. 32")
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD), ask("fire", "market", **LEAD)))
        with pytest.raises(LiandongError) as early:
            await world.engine.decide(CASE, issue.model_copy(update={"command_id": "early"}))
        assert early.value.code == "nothing-missing"
        await world.until("2023-02-17T16:59")
        await world.engine.decide(CASE, issue)
        snapshot = await world.snapshot()
        assert snapshot.supplement is not None
        listed = [(one.name, one.asked_by) for one in snapshot.supplement.materials]
        assert listed == [("Lease contract", ("culture", "market")), ("floor plan", ("culture",))]
        assert {request.state for request in snapshot.requests} == {RequestState.SUPPLEMENT}
        assert as_2023(snapshot.supplement.due_at) == "2023-02-24T17:00"
        await world.until("2023-02-24T10:00")
        lease = ReceiveSupplement(**by("lease"), received=(ReceivedMaterial(name="lease contract"),))
        await world.engine.decide(CASE, lease)
        assert {request.state for request in (await world.snapshot()).requests} == {RequestState.SUPPLEMENT}
        plan = ReceiveSupplement(**by("plan"), received=(ReceivedMaterial(name="Floor Plan"),))
        await world.engine.decide(CASE, plan)
        result = await world.result()
        permit = await world.request("permit")
    assert result.outcome.outcome is Outcome.DONE
    assert as_2023(permit.rounds[1].due_at) == "2023-03-01T17:00"
    assert permit.rounds[1].in_time is True
    assert permit.rounds[1].clocks[0].pauses[0].legal_basis == "licensing law art. 32"
    assert [fact.data["materials"] for fact in world.store.of_kind(FactKind.SUPPLEMENT_NOTICE)] == [
        "Lease contract; floor plan"
    ]
    assert [notice.rung for notice in world.notices.sent if "requester" in notice.tell].count("supplement_notice") == 1


async def test_what_another_department_holds_is_fetched_and_not_asked_of_the_requester(
    env: WorkflowEnvironment,
) -> None:
    script: Script = {
        f"{CASE}.permit.r1": [(instant("2023-02-16T16:00"), more("business licence"))],
        f"{CASE}.fetch1-1.r1": [(instant("2023-02-20T11:00"), {"code": "ACCEPTED", "note": "copy attached"})],
        f"{CASE}.permit.r2": [(instant("2023-02-22T11:00"), {"code": "ACCEPTED"})],
    }
    async with skipped_time(env, START, script) as world:
        launch = world.launch(ask("permit", "culture", **LEAD))
        await world.start(launch.model_copy(update={"held_by": {"Business Licence": "market"}}))
        await world.until("2023-02-16T16:59")
        await world.engine.decide(CASE, IssueSupplementNotice(**by("notice"), legal_basis="art. 32"))
        snapshot = await world.snapshot()
        assert snapshot.supplement is not None
        assert snapshot.supplement.materials[0].held_by == "market"
        result = await world.result()
        permit = await world.request("permit")
    assert result.outcome.outcome is Outcome.DONE
    assert as_2023(permit.rounds[1].opened_at).startswith("2023-02-20T11:")


async def test_a_later_need_joins_the_notice_that_is_out(env: WorkflowEnvironment) -> None:
    script: Script = {
        f"{CASE}.permit.r1": [(instant("2023-02-16T16:00"), more("lease"))],
        f"{CASE}.fire.r1": [(instant("2023-02-17T15:00"), more("floor plan"))],
        f"{CASE}.permit.r2": [(instant("2023-02-22T11:00"), {"code": "ACCEPTED"})],
        f"{CASE}.fire.r2": [(instant("2023-02-22T11:00"), {"code": "ACCEPTED"})],
    }
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD), ask("fire", "market", **LEAD)))
        await world.until("2023-02-16T16:59")
        await world.engine.decide(CASE, IssueSupplementNotice(**by("notice"), legal_basis="art. 32"))
        await world.until("2023-02-20T10:00")
        snapshot = await world.snapshot()
        assert snapshot.supplement is not None
        assert [one.name for one in snapshot.supplement.materials] == ["lease", "floor plan"]
        assert as_2023(snapshot.supplement.due_at) == "2023-02-23T17:00"
        both = tuple(ReceivedMaterial(name=name) for name in ("lease", "floor plan"))
        await world.engine.decide(CASE, ReceiveSupplement(**by("both"), received=both))
        assert (await world.result()).outcome.outcome is Outcome.DONE


async def test_a_requester_who_does_not_supply_leaves_it_to_the_duty_leader(env: WorkflowEnvironment) -> None:
    script: Script = {
        f"{CASE}.permit.r1": [(instant("2023-02-16T16:00"), more("lease"))],
        f"{CASE}.permit.r2": [(instant("2023-02-28T11:00"), {"code": "ACCEPTED"})],
    }
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-02-16T16:59")
        await world.engine.decide(CASE, IssueSupplementNotice(**by("notice"), legal_basis="art. 32"))
        await world.until("2023-02-24T10:00")
        snapshot = await world.snapshot()
        assert snapshot.supplement is not None
        assert snapshot.supplement.lapsed
        assert "has not supplied: lease" in snapshot.decision_needed
        await world.engine.decide(CASE, ReceiveSupplement(**by("without"), received=(), enough=True))
        assert (await world.result()).outcome.outcome is Outcome.DONE


async def test_what_joins_the_notice_is_fetched_too_and_told(env: WorkflowEnvironment) -> None:
    script: Script = {
        f"{CASE}.permit.r1": [(instant("2023-02-16T16:00"), more("lease"))],
        f"{CASE}.fire.r1": [(instant("2023-02-17T15:00"), more("licence", "floor plan"))],
        "fetch1-2": [(instant("2023-02-20T09:30"), {"code": "ACCEPTED"})],
        f"{CASE}.permit.r2": [(instant("2023-02-22T11:00"), {"code": "ACCEPTED"})],
        f"{CASE}.fire.r2": [(instant("2023-02-22T11:00"), {"code": "ACCEPTED"})],
    }
    async with skipped_time(env, START, script) as world:
        launch = world.launch(ask("permit", "culture", **LEAD), ask("fire", "market", **LEAD))
        await world.start(launch.model_copy(update={"held_by": {"licence": "housing"}}))
        await world.until("2023-02-16T16:59")
        await world.engine.decide(CASE, IssueSupplementNotice(**by("notice"), legal_basis="art. 32"))
        await world.until("2023-02-20T12:00")
        assert (await world.request("fetch1-2")).state is RequestState.ANSWERED
        both = tuple(ReceivedMaterial(name=name) for name in ("lease", "floor plan"))
        await world.engine.decide(CASE, ReceiveSupplement(**by("both"), received=both))
        assert (await world.result()).outcome.outcome is Outcome.DONE
    assert [one.rung for one in world.notices.sent if "requester" in one.tell].count("supplement_notice") == 2


async def test_a_fetch_that_is_withdrawn_leaves_the_material_to_the_requester(env: WorkflowEnvironment) -> None:
    script: Script = {
        f"{CASE}.permit.r1": [(instant("2023-02-16T16:00"), more("licence"))],
        f"{CASE}.permit.r2": [(instant("2023-02-22T11:00"), {"code": "ACCEPTED"})],
    }
    async with skipped_time(env, START, script) as world:
        launch = world.launch(ask("permit", "culture", **LEAD))
        await world.start(launch.model_copy(update={"held_by": {"licence": "market"}}))
        await world.until("2023-02-16T16:59")
        await world.engine.decide(CASE, IssueSupplementNotice(**by("notice"), legal_basis="art. 32"))
        await world.until("2023-02-17T10:00")
        await world.engine.decide(CASE, WithdrawRequest(**by("stop"), request_id=f"{CASE}.fetch1-1"))
        snapshot = await world.snapshot()
        assert snapshot.supplement is not None
        assert snapshot.supplement.materials[0].held_by is None
        await world.engine.decide(CASE, ReceiveSupplement(**by("it"), received=(ReceivedMaterial(name="licence"),)))
        assert (await world.result()).outcome.outcome is Outcome.DONE


async def test_a_need_after_the_notice_has_lapsed_gets_a_notice_and_time_of_its_own(env: WorkflowEnvironment) -> None:
    script: Script = {
        f"{CASE}.permit.r1": [(instant("2023-02-16T16:00"), more("lease"))],
        f"{CASE}.fire.r1": [(instant("2023-02-27T15:00"), more("floor plan"))],
        f"{CASE}.permit.r2": [(instant("2023-03-06T11:00"), {"code": "ACCEPTED"})],
        f"{CASE}.fire.r2": [(instant("2023-03-06T11:00"), {"code": "ACCEPTED"})],
    }
    async with skipped_time(env, START, script) as world:
        await world.start(
            world.launch(
                ask("permit", "culture", **LEAD), ask("fire", "market", role="LEAD", reply_limit="15 working_days")
            )
        )
        await world.until("2023-02-16T16:59")
        await world.engine.decide(CASE, IssueSupplementNotice(**by("notice"), legal_basis="art. 32"))
        await world.until("2023-02-28T10:00")
        assert (await world.request("fire")).state is RequestState.DECISION
        await world.engine.decide(CASE, IssueSupplementNotice(**by("second"), legal_basis="art. 32"))
        snapshot = await world.snapshot()
        assert snapshot.supplement is not None
        assert [one.name for one in snapshot.supplement.materials] == ["lease", "floor plan"]
        assert as_2023(snapshot.supplement.due_at) == "2023-03-07T17:00"
        assert not snapshot.supplement.lapsed
        both = tuple(ReceivedMaterial(name=name) for name in ("lease", "floor plan"))
        await world.engine.decide(CASE, ReceiveSupplement(**by("both"), received=both))
        assert (await world.result()).outcome.outcome is Outcome.DONE


async def test_a_notice_that_nobody_waits_for_any_more_asks_nobody(env: WorkflowEnvironment) -> None:
    script: Script = {
        f"{CASE}.permit.r1": [(instant("2023-02-16T16:00"), more("lease"))],
        f"{CASE}.fire.r1": [(instant("2023-03-10T11:00"), {"code": "ACCEPTED"})],
        f"{CASE}.permit.r2": [(instant("2023-03-10T11:00"), {"code": "ACCEPTED"})],
    }
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD), ask("fire", "market", **LEAD)))
        await world.until("2023-02-16T16:59")
        await world.engine.decide(CASE, IssueSupplementNotice(**by("notice"), legal_basis="art. 32"))
        to = department("police").route()
        moved = ReassignRequest(**by("move"), request_id=f"{CASE}.permit", to=to)
        await world.engine.decide(CASE, moved)
        await world.until("2023-03-01T10:00")
        left = await world.snapshot()
        assert left.decision_needed == ""
        assert left.supplement is not None
        assert left.supplement.closed_at is not None
        assert (await world.result()).outcome.outcome is Outcome.DONE
    assert world.store.of_kind(FactKind.SUPPLEMENT_LAPSED) == []
    told = [notice.rung for notice in world.notices.sent if "requester" in notice.tell]
    assert told == ["supplement_notice", "supplement_not_needed"], "told once more, and reminded of nothing"


def test_a_door_whose_clock_is_behind_the_engine_stops_no_turn() -> None:
    asked = instant("2023-02-16T10:00")
    permit = ask("permit", "culture", **LEAD)
    launch = CaseLaunch(
        case_id=CASE,
        launched_at=asked,
        launched_by="user:leader",
        duty_leader="leader",
        cause=Cause.CROSS_DEPT,
        plan=Plan(asks=(permit,)),
        routes=(),
        calendar=CALENDAR,
        ladder=LADDER,
        follow_up_limit=Limit.parse("1 working_days"),
        edition=EDITION,
    )
    request = Request.of(permit, launch)
    request.open_round(department("culture").route(), asked)
    for number in (1, 2):
        missing = NeedMore(code=ReplyCode.NEED_MORE, materials=("lease",))
        answer = Answer(reply=missing, received_at=asked - timedelta(minutes=5), ref=f"entry-{number}")
        request.answer(answer, asked)
        request.go_on(asked + timedelta(days=number), note="it came", waited="the requester")
    pauses = request.round.watch.clock(ClockKind.REPLY).pauses
    assert [held.started_at for held in pauses] == [asked, asked + timedelta(days=1)]


async def test_a_second_list_of_the_same_department_is_marked_and_counted(env: WorkflowEnvironment) -> None:
    script: Script = {
        f"{CASE}.permit.r1": [(instant("2023-02-16T12:00"), more("lease"))],
        f"{CASE}.permit.r2": [(instant("2023-02-17T12:00"), more("Lease", "floor plan"))],
        f"{CASE}.permit.r3": [(instant("2023-02-20T12:00"), more("floor plan"))],
    }
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        for number, morning in enumerate(("2023-02-16T16:00", "2023-02-17T16:00", "2023-02-20T16:00"), start=1):
            await world.until(morning)
            needed, counted = (await world.snapshot()).decision_needed, (await world.request("permit")).later_lists
            assert ("second list from culture: floor plan" in needed) == (number == 2)
            assert counted == (0 if number == 1 else 1)
            if number < 3:
                await world.engine.decide(CASE, IssueSupplementNotice(**by(f"notice{number}"), legal_basis="art. 32"))
                went_on = ReceiveSupplement(**by(f"go-on{number}"), received=(), enough=True)
                await world.engine.decide(CASE, went_on)
    assert [fact.data["text"] for fact in world.store.of_kind(FactKind.LATER_LIST)] == [
        "second list from culture: floor plan"
    ]
    told = [one.tell for one in world.notices.sent if one.rung == "later_list"]
    assert told == [("duty_leader", "clerk")]
