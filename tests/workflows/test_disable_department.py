"""A department is switched off while the case runs: the round ends, the leader is told, the rest goes on."""

from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.assignment import ReassignRequest
from domain.codes import Outcome, RequestState, RoundEnd
from domain.department_failure import DepartmentDisabled
from domain.disable_department import HandOverRound
from domain.errors import LiandongError
from domain.fact import FactKind
from domain.supplement import IssueSupplementNotice, ReceiveSupplement
from tests.workflows.skipped_time import CASE, SkippedTime, ask, department, instant, skipped_time

START = "2023-03-13T09:00"
PERMIT = f"{CASE}.permit"
LEAD: dict[str, Any] = {"role": "LEAD", "reply_limit": "5 working_days"}


def order(number: int = 1) -> HandOverRound:
    named = f"{PERMIT}.r{number}"
    return HandOverRound(
        command_id=f"{named}.disabled", decided_by="user:admin", reason="system moves", request_id=PERMIT, round=number
    )


def by(command: str) -> dict[str, Any]:
    return {"command_id": command, "decided_by": "user:leader", "reason": "because"}


async def reassigned(world: SkippedTime) -> None:
    to = department("market").route()
    await world.engine.decide(CASE, ReassignRequest(**by("move"), request_id=PERMIT, to=to))


async def refused(world: SkippedTime, again: HandOverRound) -> str:
    with pytest.raises(LiandongError) as refusal:
        await world.engine.decide(CASE, again)
    return refusal.value.code


async def test_an_open_round_is_handed_over_once_and_another_department_takes_it(env: WorkflowEnvironment) -> None:
    script = {f"{PERMIT}.r2": [(instant("2023-03-15T10:00"), {"code": "ACCEPTED"})]}
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-03-14T10:00")
        await world.engine.decide(CASE, order())
        handed = await world.request("permit")
        assert (handed.state, handed.rounds[0].end) == (RequestState.DECISION, RoundEnd.DEPARTMENT_DISABLED)
        assert handed.waiting_for == "duty leader: DEPARTMENT_DISABLED"
        await world.engine.decide(CASE, order())
        assert await refused(world, order().model_copy(update={"command_id": "another"})) == "no-open-round"
        await reassigned(world)
        assert await refused(world, order().model_copy(update={"command_id": "stale"})) == "round-moved-on"
        result = await world.result()
    assert result.outcome.outcome is Outcome.DONE
    (fact,) = world.store.of_kind(FactKind.DEPARTMENT_DISABLED)
    assert (fact.actor, fact.data["reason"], fact.data["department"]) == ("user:admin", "system moves", "culture")
    assert [(one.rung, one.tell) for one in world.notices.sent] == [("department_disabled", ("duty_leader",))]
    assert world.departments.withdrawals == []


async def test_a_delivery_that_is_being_tried_again_ends_with_the_order(env: WorkflowEnvironment) -> None:
    """The adapter only knows that the department is off; who did it and why comes with the order."""
    script = {f"{PERMIT}.r2": [(instant("2023-03-15T10:00"), {"code": "ACCEPTED"})]}
    async with skipped_time(env, START, script) as world:
        world.departments._faults[f"{PERMIT}.r1"] = [DepartmentDisabled() for _ in range(10_000)]
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-03-13T09:30")
        assert (await world.request("permit")).state is RequestState.OPEN
        assert len(world.departments.sends) > 1
        await world.engine.decide(CASE, order())
        await reassigned(world)
        result = await world.result()
    assert result.outcome.outcome is Outcome.DONE
    assert world.store.of_kind(FactKind.UNDELIVERABLE) == []


async def test_a_supplement_stays_out_and_the_turn_after_it_is_handed_over(env: WorkflowEnvironment) -> None:
    missing: dict[str, Any] = {"code": "NEED_MORE", "materials": ["lease"]}
    script = {
        f"{PERMIT}.r1": [(instant("2023-03-13T10:00"), missing)],
        f"{PERMIT}.r3": [(instant("2023-03-17T10:00"), {"code": "ACCEPTED"})],
    }
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-03-14T09:30")
        await world.engine.decide(CASE, IssueSupplementNotice(**by("notice"), legal_basis="art. 32"))
        world.departments._faults[f"{PERMIT}.r2"] = [DepartmentDisabled() for _ in range(10_000)]
        assert await refused(world, order()) == "no-open-round"
        assert (await world.request("permit")).state is RequestState.SUPPLEMENT
        await world.until("2023-03-15T09:30")
        await world.engine.decide(CASE, ReceiveSupplement(**by("all"), received=(), enough=True))
        assert (await world.request("permit")).state is RequestState.OPEN
        await world.engine.decide(CASE, order(2))
        assert (await world.request("permit")).state is RequestState.DECISION
        await reassigned(world)
        result = await world.result()
    assert result.outcome.outcome is Outcome.DONE
