"""Nobody wants it: the protocol from the first objection to the binding designation."""

from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.any_decision import AnyDecision
from domain.assignment import AskAgain, ReassignRequest
from domain.codes import Outcome, ReplyCode, RequestState
from domain.errors import LiandongError
from domain.fact import FactKind
from domain.objection import ConveneConference, Designate
from tests.workflows.skipped_time import CASE, SkippedTime, as_2023, ask, department, instant, skipped_time

PERMIT = f"{CASE}.permit"


def by(command: str, reason: str = "because") -> dict[str, Any]:
    return {"command_id": command, "decided_by": "user:leader", "reason": reason}


def not_mine(basis: str, owner: str) -> dict[str, Any]:
    return {"code": "NOT_MINE", "basis": basis, "proposed_owner": owner}


async def refused(world: SkippedTime, decision: AnyDecision) -> str:
    with pytest.raises(LiandongError) as refusal:
        await world.engine.decide(CASE, decision)
    return refusal.value.code


async def test_a_new_policy_moved_the_matter_and_both_departments_return_it(env: WorkflowEnvironment) -> None:
    """X-2 to the letter."""
    script = {
        f"{PERMIT}.r1": [(instant("2023-03-13T16:00"), not_mine("2023 rule article 4", "market"))],
        f"{PERMIT}.r2": [(instant("2023-03-14T15:00"), not_mine("catalogue entry not transferred", "culture"))],
        f"{PERMIT}.r3": [(instant("2023-03-17T10:00"), {"code": "ACCEPTED"})],
        "permit-help1": [(instant("2023-03-16T10:00"), {"code": "ACCEPTED"})],
    }
    market, culture = department("market").route(), department("culture").route()
    async with skipped_time(env, "2023-03-13T09:00", script) as world:
        await world.start(world.launch(ask("permit", "culture", role="LEAD", reply_limit="3 working_days")))
        await world.until("2023-03-14T09:10")
        assert (await world.request("permit")).responsible == "culture"
        designate = Designate(**by("too-early"), request_id=PERMIT, to=culture, minutes="no. 3/2023")
        await world.engine.decide(CASE, ReassignRequest(**by("to-market"), request_id=PERMIT, to=market))
        await world.until("2023-03-15T10:00")
        disputed = await world.request("permit")
        assert (disputed.state, disputed.bounces) == (RequestState.DECISION, 2)
        assert "conference" in (await world.snapshot()).decision_needed
        assert (
            await refused(world, ReassignRequest(**by("again"), request_id=PERMIT, to=culture)) == "conference-needed"
        )
        assert await refused(world, AskAgain(**by("same"), request_id=PERMIT)) == "conference-needed"
        assert await refused(world, designate) == "conference-needed"
        met = ConveneConference(**by("meet"), request_id=PERMIT, participants=("culture", "market"))
        await world.engine.decide(CASE, met)
        await world.until("2023-03-15T11:30")
        ruling = Designate(
            **by("ruling", "the activity is the main thing"),
            request_id=PERMIT,
            to=culture,
            support=(market,),
            minutes="no. 3/2023",
        )
        await world.engine.decide(CASE, ruling)
        result = await world.result()
        request = await world.request("permit")
    assert result.outcome.outcome is Outcome.DONE
    assert request.bounces == 2
    assert [one.department for one in request.rounds] == ["culture", "market", "culture"]
    assert request.rounds[2].ruling == "no. 3/2023"
    assert request.rounds[2].objection_due_at is None
    assert as_2023(request.rounds[2].due_at) == "2023-03-20T17:00"
    assert request.responsible == "culture"
    proposed = world.store.of_kind(FactKind.DIRECTORY_CHANGE_PROPOSED)
    assert [fact.data["owner"] for fact in proposed] == ["culture"]
    assert {send.ruling for send in world.departments.sends if send.round == 3} == {"no. 3/2023"}
    helping = next(send for send in world.departments.sends if send.request_id == f"{CASE}.permit-help1")
    assert helping.department.code == "market"


async def test_the_leader_disagrees_and_the_same_department_keeps_it(env: WorkflowEnvironment) -> None:
    script = {
        f"{PERMIT}.r1": [(instant("2023-03-13T16:00"), not_mine("rule 4", "market"))],
        f"{PERMIT}.r2": [(instant("2023-03-15T10:00"), {"code": "ACCEPTED"})],
    }
    async with skipped_time(env, "2023-03-13T09:00", script) as world:
        await world.start(world.launch(ask("permit", "culture", role="LEAD", reply_limit="3 working_days")))
        await world.until("2023-03-14T09:10")
        await world.engine.decide(CASE, AskAgain(**by("no", "article 4 does not apply"), request_id=PERMIT))
        result = await world.result()
    assert result.outcome.outcome is Outcome.DONE
    assert world.departments.sends[-1].note == "article 4 does not apply"


async def test_a_designated_department_that_objects_all_the_same_is_not_counted(env: WorkflowEnvironment) -> None:
    script = {
        f"{PERMIT}.r1": [(instant("2023-03-13T16:00"), not_mine("rule 4", "market"))],
        f"{PERMIT}.r2": [(instant("2023-03-14T16:00"), not_mine("rule 5", "culture"))],
    }
    async with skipped_time(env, "2023-03-13T09:00", script) as world:
        await world.start(world.launch(ask("permit", "culture", role="LEAD", reply_limit="3 working_days")))
        await world.until("2023-03-14T09:10")
        market = department("market").route()
        binding = Designate(**by("ruling"), request_id=PERMIT, to=market, minutes="no. 4/2023")
        await world.engine.decide(CASE, binding)
        await world.until("2023-03-15T09:10")
        request = await world.request("permit")
        assert request.rounds[1].reply is ReplyCode.NOT_MINE
        assert (request.bounces, request.state) == (1, RequestState.DECISION)
        await world.engine.decide(CASE, AskAgain(**by("again", "no. 4/2023 binds you"), request_id=PERMIT))
        script[f"{PERMIT}.r3"] = [(instant("2023-03-16T10:00"), {"code": "ACCEPTED"})]
        world.departments._script.update({f"{PERMIT}.r3": script[f"{PERMIT}.r3"]})
        assert (await world.result()).outcome.outcome is Outcome.DONE
