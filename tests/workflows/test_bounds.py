"""At most fifty requests wait at once (I13), whoever wants them: a clear refusal, and whatever ends makes room."""

from collections import Counter
from typing import Any

import pytest
from pydantic import JsonValue
from temporalio.api.enums.v1 import EventType
from temporalio.testing import WorkflowEnvironment

from domain.any_decision import AnyDecision
from domain.assignment import AddAsk, AnswerExternal, AskAgain, WithdrawRequest
from domain.codes import Outcome
from domain.deferral import Channel, MaterialState, SubmitMaterial
from domain.dispatch import RoundRef
from domain.errors import LiandongError
from domain.inbox import MAX_NOTES_PER_ROUND
from domain.objection import Designate
from domain.plan import MAX_ASKS
from domain.reply import PolledReply
from domain.supplement import IssueSupplementNotice
from domain.waiting import Matter
from tests.workflows.skipped_time import CASE, Script, SkippedTime, ask, department, instant, skipped_time

START = "2023-02-15T10:00"
LEAD = {"role": "LEAD", "reply_limit": "5 working_days"}
CROWD = tuple(
    ask(f"party{number}", kind="EXTERNAL", role="EXTERNAL", party="owner", reply_limit="100 working_days")
    for number in range(MAX_ASKS - 1)
)


def by(command: str) -> dict[str, Any]:
    return {"command_id": command, "decided_by": "user:leader", "reason": "because"}


async def refused(world: SkippedTime, decision: AnyDecision) -> None:
    with pytest.raises(LiandongError) as refusal:
        await world.engine.decide(CASE, decision)
    assert refusal.value.code == "too-many-asks"


async def make_room(world: SkippedTime, number: int) -> None:
    withdraw = WithdrawRequest(**by(f"room{number}"), request_id=f"{CASE}.party{number}")
    await world.engine.decide(CASE, withdraw)


async def test_a_verification_waits_for_room_and_what_has_ended_takes_none(env: WorkflowEnvironment) -> None:
    promise: dict[str, JsonValue] = {
        "code": "ACCEPTED_CONDITIONALLY",
        "timing": "ISSUE_THEN_VERIFY",
        "deferred": [{"name": "card", "due": "20 working_days"}, {"name": "seal", "due": "20 working_days"}],
        "commitment": "signed",
    }
    async with skipped_time(env, START, {f"{CASE}.change.r1": [(instant("2023-02-15T11:20"), promise)]}) as world:
        await world.start(world.launch(ask("change", "market", **LEAD), *CROWD))
        await world.until("2023-02-15T12:30")
        first, second = (
            SubmitMaterial(**by(f"in{number}"), material_id=f"{CASE}.change-m{number}", channel=Channel.POST)
            for number in (1, 2)
        )
        await world.engine.decide(CASE, first)
        await refused(world, second)
        await refused(world, AddAsk(**by("add"), ask=ask("more", "market", **LEAD), route=department("market").route()))
        told = AnswerExternal(**by("told"), request_id=f"{CASE}.party0", reply={"code": "ACCEPTED"})
        await world.engine.decide(CASE, told)
        await world.engine.decide(CASE, second.model_copy(update={"command_id": "in2-again"}))
        states = [material.state for material in (await world.snapshot()).deferrals[0].materials]
        assert states == [MaterialState.VERIFYING, MaterialState.VERIFYING]


async def test_help_of_a_designation_needs_room(env: WorkflowEnvironment) -> None:
    returned = {"code": "NOT_MINE", "basis": "rule", "proposed_owner": "police"}
    async with skipped_time(env, START, {f"{CASE}.permit.r1": [(instant("2023-02-15T11:20"), returned)]}) as world:
        await world.start(world.launch(ask("permit", "market", **LEAD), *CROWD))
        await world.until("2023-02-15T12:30")
        rule = Designate(
            **by("rule"),
            request_id=f"{CASE}.permit",
            to=department("police").route(),
            support=(department("housing").route(),),
            minutes="no. 1",
        )
        await refused(world, rule)
        await make_room(world, 1)
        await world.engine.decide(CASE, rule.model_copy(update={"command_id": "rule-again"}))
        assert (await world.request("permit-help1")).department == "housing"


async def test_fetching_what_a_department_holds_needs_room(env: WorkflowEnvironment) -> None:
    needs: dict[str, JsonValue] = {"code": "NEED_MORE", "materials": ["lease"]}
    async with skipped_time(env, START, {f"{CASE}.permit.r1": [(instant("2023-02-15T11:20"), needs)]}) as world:
        launch = world.launch(ask("permit", "market", **LEAD), *CROWD)
        await world.start(launch.model_copy(update={"held_by": {"lease": "housing"}}))
        await world.until("2023-02-15T12:30")
        notice = IssueSupplementNotice(**by("notice"), legal_basis="art. 32")
        await refused(world, notice)
        await make_room(world, 1)
        await world.engine.decide(CASE, notice.model_copy(update={"command_id": "notice-again"}))
        assert (await world.request("fetch1-1")).department == "housing"


async def test_a_year_of_silence_is_a_small_history(env: WorkflowEnvironment) -> None:
    async with skipped_time(env, "2023-01-04T10:00") as world:
        await world.start(world.launch(ask("owner", kind="EXTERNAL", role="EXTERNAL", party="owner")))
        await world.until("2023-12-29T12:00")
        reviews = (await world.snapshot()).waits
        events = len((await world.history()).events)
    print(f"a year of silence: {len(reviews)} reviews, {events} events")  # noqa: T201  the figure is part of the result
    assert len(reviews) > 35
    assert all(one.clock.rungs for one in reviews[:-1])
    assert events < 1_500


async def test_a_system_that_tells_something_new_at_every_poll_fills_no_history(
    env: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with skipped_time(env, "2023-03-13T09:00") as world:

        async def chatty(ref: RoundRef) -> PolledReply:
            world.departments.polls.append(ref)
            return PolledReply(reply={"code": "INTERIM", "note": f"step {len(world.departments.polls)}"})

        monkeypatch.setattr(world.departments, "poll", chatty)
        await world.start(world.launch(ask("permit", "market", **LEAD)))
        await world.until("2023-03-15T09:00")
        round_ = (await world.request("permit")).rounds[0]
        polls = len(world.departments.polls)
        monkeypatch.undo()
        world.departments.answers("permit", instant("2023-03-15T09:00"), {"code": "ACCEPTED"})
        result = await world.result()
    assert polls > 2 * MAX_NOTES_PER_ROUND
    assert round_.notes == MAX_NOTES_PER_ROUND
    assert result.outcome.outcome is Outcome.DONE


async def test_a_wait_that_ends_in_time_costs_one_timer_and_no_wait_costs_nothing(env: WorkflowEnvironment) -> None:
    keys = ("market", "police", "housing", "culture")
    script: Script = {
        **{f"{CASE}.{key}.r1": [(instant("2023-03-14T10:00"), {"code": "ACCEPTED"})] for key in keys[1:]},
        f"{CASE}.market.r1": [(instant("2023-03-13T10:00"), {"code": "NEED_MORE", "materials": ["lease"]})],
        f"{CASE}.market.r2": [(instant("2023-03-14T10:00"), {"code": "ACCEPTED"})],
    }
    async with skipped_time(env, "2023-03-13T09:00", script) as world:
        await world.start(world.launch(*(ask(key, key, **LEAD) for key in keys)))
        await world.until("2023-03-13T14:00")
        again = AskAgain(**by("again"), request_id=f"{CASE}.market")
        await world.engine.decide(CASE, again)
        await world.result()
        snapshot = await world.snapshot()
        kinds = Counter(event.event_type for event in (await world.history()).events)
    assert [one.matter for one in snapshot.waits] == [Matter.ANSWER]
    assert world.notices.sent == []
    # The reply's own reminder, the decision's reminder that found nothing to do, and the reply's again
    assert kinds[EventType.EVENT_TYPE_TIMER_STARTED] <= 3
    assert kinds[EventType.EVENT_TYPE_TIMER_FIRED] <= 1
