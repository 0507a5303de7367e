"""At most fifty requests wait at once (I13), whoever wants them: a clear refusal, and whatever ends makes room."""

from typing import Any

import pytest
from pydantic import JsonValue
from temporalio.testing import WorkflowEnvironment

from domain.any_decision import AnyDecision
from domain.assignment import AddAsk, AnswerExternal, WithdrawRequest
from domain.deferral import Channel, MaterialState, SubmitMaterial
from domain.errors import LiandongError
from domain.objection import Designate
from domain.plan import MAX_ASKS
from domain.supplement import IssueSupplementNotice
from tests.workflows.skipped_time import CASE, SkippedTime, ask, department, instant, skipped_time

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
