"""Two people decide at once, or one about what is no longer so: one wins and the other is told what happened."""

from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.any_decision import AnyDecision
from domain.assignment import ProceedWith, ReassignRequest, WithdrawRequest
from domain.codes import RequestState
from domain.deferral import ApproveDeferral
from domain.errors import LiandongError
from domain.joint_decision import ConfirmAct, DangerousAct, ProposeAct
from tests.workflows.skipped_time import CASE, SkippedTime, ask, department, instant, skipped_time
from tests.workflows.test_deferral import CHANGE, PLAN, accepted
from tests.workflows.test_deferral import START as PROMISED_AT

START = "2023-03-13T09:00"
LEAD = {"role": "LEAD", "reply_limit": "10 working_days"}
PERMIT, FIRE = f"{CASE}.permit", f"{CASE}.fire"


def by(command: str, who: str = "user:one") -> dict[str, Any]:
    return {"command_id": command, "decided_by": who, "reason": "because"}


def waive(command: str, request: str) -> ProposeAct:
    return ProposeAct(**by(command), act=DangerousAct.WAIVE_REQUEST, request_id=request, legal_basis="art. 9")


async def refusal_of(world: SkippedTime, decision: AnyDecision) -> LiandongError:
    with pytest.raises(LiandongError) as refusal:
        await world.engine.decide(CASE, decision)
    return refusal.value


async def test_the_second_of_two_leaders_is_told_what_the_first_one_did(env: WorkflowEnvironment) -> None:
    market, housing = department("market").route(), department("housing").route()
    async with skipped_time(env, START) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD), ask("fire", "police", **LEAD)))
        await world.until("2023-03-13T10:00")
        first = ReassignRequest(**by("first"), request_id=PERMIT, round=1, to=market)
        second = ReassignRequest(**by("second", "user:two"), request_id=PERMIT, round=1, to=housing)
        await world.engine.decide(CASE, first)
        refusal = await refusal_of(world, second)
        assert refusal.code == "round-moved-on"
        assert "user:one began round 2 with market" in str(refusal)
        await world.engine.decide(CASE, first)
        assert [one.department for one in (await world.request("permit")).rounds] == ["culture", "market"]
        await world.engine.decide(CASE, WithdrawRequest(**by("enough"), request_id=PERMIT, round=2))
        late = WithdrawRequest(**by("enough too", "user:two"), request_id=PERMIT, round=2)
        assert "WITHDRAWN by user:one" in str(await refusal_of(world, late))


async def test_what_was_seen_waiting_may_have_begun(env: WorkflowEnvironment) -> None:
    script = {"permit": [(instant("2023-03-13T12:00"), {"code": "ACCEPTED"})]}
    async with skipped_time(env, START, script) as world:
        fire = ask("fire", "police", after=("permit",), **LEAD)
        await world.start(world.launch(ask("permit", "culture", **LEAD), fire))
        await world.until("2023-03-13T16:00")
        refusal = await refusal_of(world, ProceedWith(**by("go"), request_id=FIRE, round=0))
        assert refusal.code == "round-moved-on"
        assert "engine began round 1 with police" in str(refusal)


async def test_an_override_is_for_the_promise_that_was_read(env: WorkflowEnvironment) -> None:
    async with skipped_time(env, PROMISED_AT, accepted(commitment="")) as world:
        await world.start(world.launch(PLAN))
        await world.until("2023-02-15T15:00")
        stale = ApproveDeferral(**by("stale"), authority="rule 2", request_id=CHANGE, round=0)
        assert (await refusal_of(world, stale)).code == "round-moved-on"
        await world.engine.decide(CASE, ApproveDeferral(**by("right"), authority="rule 2", request_id=CHANGE, round=1))


async def test_two_requests_may_wait_for_a_waiver_at_once(env: WorkflowEnvironment) -> None:
    async with skipped_time(env, START) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD), ask("fire", "police", **LEAD)))
        await world.until("2023-03-13T10:00")
        await world.engine.decide(CASE, waive("permit", PERMIT))
        assert (await refusal_of(world, waive("permit-again", PERMIT))).code == "proposed-already"
        await world.engine.decide(CASE, waive("fire", FIRE))
        await world.engine.decide(CASE, ConfirmAct(**by("yes", "user:two"), proposal_id="fire"))
        assert (await world.request("fire")).state is RequestState.WAIVED
        assert (await world.request("permit")).state is RequestState.OPEN


async def test_a_waiver_is_for_the_round_it_was_proposed_for(env: WorkflowEnvironment) -> None:
    async with skipped_time(env, START) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-03-13T10:00")
        await world.engine.decide(CASE, waive("silence", PERMIT))
        to = department("market").route()
        await world.engine.decide(CASE, ReassignRequest(**by("to-market"), request_id=PERMIT, to=to))
        stale = await refusal_of(world, ConfirmAct(**by("yes", "user:two"), proposal_id="silence"))
        assert stale.code == "round-moved-on"
        assert "user:one began round 2 with market" in str(stale)
        assert (await world.snapshot()).proposals[0].round == 1
        no = ConfirmAct(**by("no", "user:two"), proposal_id="silence", confirmed=False)
        await world.engine.decide(CASE, no)
        assert (await world.request("permit")).state is RequestState.OPEN
