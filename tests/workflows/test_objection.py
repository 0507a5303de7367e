"""Nobody wants it: the protocol from the first objection to the binding designation."""

from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.any_decision import AnyDecision
from domain.assignment import AskAgain, ReassignRequest
from domain.codes import Outcome, ReplyCode, RequestState
from domain.conference import MinutesAction, RecordMinutes
from domain.errors import LiandongError
from domain.fact import FactKind
from domain.limit import Limit
from domain.objection import ConveneConference, Designate
from domain.time_decision import AnswerExtension
from tests.domain.test_requester_view import DEPARTMENTS, view
from tests.workflows.skipped_time import CASE, SkippedTime, as_2023, ask, day, department, instant, skipped_time

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
        (told,) = view(await world.snapshot()).steps
        assert told.declined_by == (DEPARTMENTS["culture"], DEPARTMENTS["market"])
        assert "值班长正在确定由谁负责" in told.status.zh
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
        told, _helping = view(await world.snapshot()).steps
    assert result.outcome.outcome is Outcome.DONE
    assert told.declined_by == (DEPARTMENTS["culture"], DEPARTMENTS["market"])
    assert told.responsible == DEPARTMENTS["culture"]
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


CONDITIONALLY = {
    "code": "ACCEPTED_CONDITIONALLY",
    "timing": "ISSUE_THEN_VERIFY",
    "commitment": "",
    "deferred": [{"name": "card", "due": "5 working_days"}],
}


def more_time(until: str) -> dict[str, Any]:
    return {"code": "EXTENSION_REQUESTED", "reason": "an expert looks at it", "until": day(until).isoformat()}


async def test_a_ruling_binds_its_department_in_every_later_round(env: WorkflowEnvironment) -> None:
    script = {
        f"{PERMIT}.r1": [(instant("2023-03-13T16:00"), not_mine("rule 4", "market"))],
        f"{PERMIT}.r2": [(instant("2023-03-14T16:00"), CONDITIONALLY)],
        f"{PERMIT}.r3": [(instant("2023-03-15T14:00"), not_mine("rule 5", "culture"))],
    }
    async with skipped_time(env, "2023-03-13T09:00", script) as world:
        await world.start(world.launch(ask("permit", "culture", role="LEAD", reply_limit="3 working_days")))
        await world.until("2023-03-14T09:10")
        market = department("market").route()
        await world.engine.decide(CASE, Designate(**by("ruling"), request_id=PERMIT, to=market, minutes="no. 4/2023"))
        await world.until("2023-03-15T09:10")
        await world.engine.decide(CASE, AskAgain(**by("commitment?"), request_id=PERMIT))
        await world.until("2023-03-16T09:10")
        request = await world.request("permit")
    assert [one.ruling for one in request.rounds] == [None, "no. 4/2023", "no. 4/2023"]
    assert (request.rounds[2].reply, request.bounces) == (ReplyCode.NOT_MINE, 1)
    assert {send.ruling for send in world.departments.sends if send.round == 3} == {"no. 4/2023"}


async def test_minutes_bind_the_department_they_name_and_no_other(env: WorkflowEnvironment) -> None:
    task = f"{CASE}.minutes1-1"
    market, housing = department("market").route(), department("housing").route()
    point = MinutesAction(department=market, what="clear the yard", until=day("2023-03-30"), basis="point 2")
    script = {f"{task}.r2": [(instant("2023-03-13T14:00"), not_mine("rule 5", "market"))]}
    async with skipped_time(env, "2023-03-13T09:00", script) as world:
        await world.start(world.launch(ask("permit", "culture", role="LEAD", reply_limit="30 working_days")))
        await world.until("2023-03-13T10:00")
        minutes = RecordMinutes(
            **by("minutes"),
            number="no. 9/2023",
            held_at=instant("2023-03-13T09:30"),
            participants=("market",),
            actions=(point,),
        )
        await world.engine.decide(CASE, minutes)
        await world.until("2023-03-13T10:30")
        await world.engine.decide(CASE, ReassignRequest(**by("to-housing"), request_id=task, to=housing))
        await world.until("2023-03-13T16:00")
        await world.engine.decide(CASE, ReassignRequest(**by("back"), request_id=task, to=market))
        await world.until("2023-03-13T16:30")
        request = await world.request("minutes1-1")
    assert [(one.department, one.ruling) for one in request.rounds] == [
        ("market", "no. 9/2023"),
        ("housing", None),
        ("market", "no. 9/2023"),
    ]
    assert request.bounces == 1


@pytest.mark.parametrize("limit", ["1 working_days", None])
async def test_an_answer_does_not_begin_the_time_to_object_anew(env: WorkflowEnvironment, limit: str | None) -> None:
    script = {
        f"{PERMIT}.r1": [(instant("2023-03-13T16:00"), more_time("2023-03-30"))],
        f"{PERMIT}.r2": [(instant("2023-03-23T14:00"), not_mine("rule 4", "market"))],
    }
    async with skipped_time(env, "2023-03-13T09:00", script) as world:
        launch = world.launch(ask("permit", "culture", role="LEAD", reply_limit="10 working_days"))
        objection = Limit.parse(limit) if limit else None
        await world.start(launch.model_copy(update={"objection_limit": objection}))
        await world.until("2023-03-14T09:10")
        await world.engine.decide(CASE, AnswerExtension(**by("no"), request_id=PERMIT, granted=False))
        await world.until("2023-03-24T09:10")
        request = await world.request("permit")
    first, second = request.rounds
    assert (request.state, second.reply, request.bounces) == (RequestState.DECISION, ReplyCode.NOT_MINE, 0)
    assert second.carried
    assert second.objection_due_at == first.objection_due_at
    if limit:
        assert as_2023(second.objection_due_at) == "2023-03-14T17:00"


async def test_what_is_returned_in_time_counts_in_a_later_turn_too(env: WorkflowEnvironment) -> None:
    script = {
        f"{PERMIT}.r1": [(instant("2023-03-13T11:00"), more_time("2023-03-30"))],
        f"{PERMIT}.r2": [(instant("2023-03-14T10:00"), not_mine("rule 4", "market"))],
    }
    async with skipped_time(env, "2023-03-13T09:00", script) as world:
        launch = world.launch(ask("permit", "culture", role="LEAD", reply_limit="10 working_days"))
        await world.start(launch.model_copy(update={"objection_limit": Limit.parse("1 working_days")}))
        await world.until("2023-03-13T14:00")
        await world.engine.decide(CASE, AnswerExtension(**by("no"), request_id=PERMIT, granted=False))
        await world.until("2023-03-14T16:00")
        assert (await world.request("permit")).bounces == 1


async def test_who_was_designated_may_ask_for_time_and_be_asked_again(env: WorkflowEnvironment) -> None:
    script = {
        f"{PERMIT}.r1": [(instant("2023-03-13T12:00"), not_mine("rule 4", "market"))],
        f"{PERMIT}.r2": [(instant("2023-03-14T12:00"), not_mine("rule 5", "culture"))],
        f"{PERMIT}.r3": [(instant("2023-03-15T14:00"), more_time("2023-03-30"))],
        f"{PERMIT}.r4": [(instant("2023-03-16T14:00"), {"code": "ACCEPTED"})],
    }
    market, culture = department("market").route(), department("culture").route()
    async with skipped_time(env, "2023-03-13T09:00", script) as world:
        await world.start(world.launch(ask("permit", "culture", role="LEAD", reply_limit="3 working_days")))
        await world.until("2023-03-14T09:10")
        await world.engine.decide(CASE, ReassignRequest(**by("to-market"), request_id=PERMIT, to=market))
        await world.until("2023-03-15T09:10")
        assert "a conference must designate" in (await world.snapshot()).decision_needed
        met = ConveneConference(**by("meet"), request_id=PERMIT, participants=("culture", "market"))
        await world.engine.decide(CASE, met)
        await world.engine.decide(CASE, Designate(**by("ruling"), request_id=PERMIT, to=culture, minutes="no. 3/2023"))
        await world.until("2023-03-16T09:10")
        needed = (await world.snapshot()).decision_needed
        assert "conference" not in needed
        assert "an answer waits for your decision: permit" in needed
        assert await refused(world, ReassignRequest(**by("away"), request_id=PERMIT, to=market)) == "conference-needed"
        await world.engine.decide(CASE, AskAgain(**by("now", "no. 3/2023 binds you"), request_id=PERMIT))
        assert (await world.result()).outcome.outcome is Outcome.DONE
        assert (await world.request("permit")).rounds[3].ruling == "no. 3/2023"
