"""The ball lies with us: every wait on a person has a clock, over holidays too, and none after the decision."""

from datetime import timedelta
from typing import Any

from temporalio.testing import WorkflowEnvironment

from domain.assignment import AskAgain, ProceedWith, ReassignRequest, WithdrawRequest
from domain.codes import Outcome, RequestState
from domain.decision import CloseCase, WithdrawCase
from domain.joint_decision import ConfirmAct, DangerousAct, ProposeAct
from domain.objection import ConveneConference, Designate
from domain.time_decision import PauseRequest, ResumeRequest
from domain.waiting import Matter, WaitSnapshot
from tests.workflows.skipped_time import CASE, Script, SkippedTime, as_2023, ask, department, instant, skipped_time

PERMIT = f"{CASE}.permit"
LEAD = {"role": "LEAD", "reply_limit": "5 working_days"}
RETURNED = {"code": "NOT_MINE", "basis": "rule 4", "proposed_owner": "market"}
TRIED = {"code": "NO_RESULT", "tried": "everything"}
REFUSED = {"code": "REFUSED", "legal_basis": "rule", "reason": "no", "remedy": "review"}
ACCEPTED = {"code": "ACCEPTED"}
CLIMB_OVER_LABOUR_DAY = [
    ("2023-05-04T09:00", "decision_today"),
    ("2023-05-05T09:00", "decision_overdue"),
    ("2023-05-06T09:00", "decision_supervision"),
    ("2023-05-09T09:00", "decision_leading_group"),
]
"""It begins to wait on Friday 28 April; the next working day is Thursday 4 May, and Saturday the 6th is one too."""


def by(command: str, who: str = "leader") -> dict[str, Any]:
    return {"command_id": command, "decided_by": f"user:{who}", "reason": "because", "authority": "no. 7"}


def fired(wait: WaitSnapshot) -> list[tuple[str, str]]:
    assert all(proof.fired_at - proof.planned_at < timedelta(minutes=5) for proof in wait.clock.rungs)
    return sorted((as_2023(proof.planned_at), proof.rung) for proof in wait.clock.rungs)


async def waits(world: SkippedTime) -> list[WaitSnapshot]:
    return list((await world.snapshot()).waits)


async def running(world: SkippedTime) -> list[Matter]:
    return [wait.matter for wait in await waits(world) if wait.running]


async def end(world: SkippedTime) -> None:
    await world.engine.decide(CASE, WithdrawCase(**by("the-end")))
    await world.result()


async def test_a_leader_on_holiday_is_chased_rung_by_rung_and_the_case_is_not_forgotten(
    env: WorkflowEnvironment,
) -> None:
    script = {
        f"{PERMIT}.r1": [(instant("2023-04-28T11:00"), RETURNED)],
        f"{PERMIT}.r2": [(instant("2023-05-15T11:00"), ACCEPTED)],
    }
    async with skipped_time(env, "2023-04-28T09:00", script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-05-12T10:00")
        wait, review = await waits(world)
        assert review.matter is Matter.REVIEW, "after the last rung it is looked at again and again"
        assert (wait.matter, wait.request_id, wait.deciders) == (Matter.ANSWER, PERMIT, ("duty_leader",))
        assert as_2023(wait.due_at) == "2023-05-04T17:00"
        assert fired(wait) == CLIMB_OVER_LABOUR_DAY
        told = {firing.rung: firing.tell for firing in world.notices.sent if firing.request_id == wait.wait_id}
        assert told == {
            "decision_today": ("duty_leader",),
            "decision_overdue": ("duty_leader",),
            "decision_supervision": ("supervisor", "duty_leader"),
            "decision_leading_group": ("leading_group", "supervisor"),
        }
        move = ReassignRequest(**by("move"), request_id=PERMIT, to=department("market").route())
        await world.engine.decide(CASE, move)
        result = await world.result()
        after = await waits(world)
    assert result.outcome.outcome is Outcome.DONE
    assert not any(wait.running for wait in after)
    assert [fired(wait) for wait in after if wait.matter is Matter.ANSWER] == [CLIMB_OVER_LABOUR_DAY]


async def test_a_decision_stops_the_clock_and_the_next_wait_has_a_clock_of_its_own(env: WorkflowEnvironment) -> None:
    script: Script = {
        f"{PERMIT}.r1": [(instant("2023-03-13T11:00"), {"code": "NEED_MORE", "materials": ["lease"]})],
        f"{PERMIT}.r2": [(instant("2023-03-16T11:00"), {"code": "NEED_MORE", "materials": ["map"]})],
    }
    async with skipped_time(env, "2023-03-13T09:00", script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-03-14T10:00")
        await world.engine.decide(CASE, AskAgain(**by("again"), request_id=PERMIT))
        await world.until("2023-03-15T12:00")
        assert await running(world) == []
        await world.until("2023-03-20T10:00")
        first, second = await waits(world)
        await end(world)
    assert fired(first) == [("2023-03-14T09:00", "decision_today")]
    assert as_2023(second.due_at) == "2023-03-17T17:00"
    assert fired(second) == [
        ("2023-03-17T09:00", "decision_today"),
        ("2023-03-20T09:00", "decision_overdue"),
    ]


async def test_an_urgent_wait_is_heard_at_its_due_instant(env: WorkflowEnvironment) -> None:
    script = {"permit": [(instant("2023-04-28T11:00"), RETURNED)]}
    async with skipped_time(env, "2023-04-28T09:00", script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD), urgent=True))
        await world.until("2023-05-04T18:00")
        [wait] = await waits(world)
        await end(world)
    assert ("2023-05-04T17:00", "decision_overdue") in fired(wait)


async def test_a_stalled_plan_and_a_case_that_nobody_closes_are_chased(env: WorkflowEnvironment) -> None:
    script = {
        "identity": [(instant("2023-04-28T11:00"), TRIED)],
        "household": [(instant("2023-05-09T11:00"), REFUSED)],
    }
    plan = (
        ask("identity", "police", reply_limit="3 working_days"),
        ask("household", "police", role="LEAD", reply_limit="3 working_days", after=("identity",)),
    )
    async with skipped_time(env, "2023-04-28T09:00", script) as world:
        await world.start(world.launch(*plan))
        await world.until("2023-05-09T10:00")
        stalled, _review = await waits(world)
        assert (stalled.matter, fired(stalled)) == (Matter.STALLED, CLIMB_OVER_LABOUR_DAY)
        await world.engine.decide(CASE, ProceedWith(**by("go-on"), request_id=f"{CASE}.household"))
        await world.until("2023-05-11T12:00")
        assert await running(world) == [Matter.OUTCOME]
        outcome = (await waits(world))[-1]
        assert fired(outcome) == [("2023-05-10T09:00", "decision_today"), ("2023-05-11T09:00", "decision_overdue")]
        close = CloseCase(**by("close"), outcome=Outcome.NOT_DONE, legal_basis="none applies", remedy="12345")
        await world.engine.decide(CASE, close)
        result = await world.result()
        assert not any(wait.running for wait in await waits(world))
    assert result.outcome.outcome is Outcome.NOT_DONE


async def test_leads_that_contradict_each_other_wait_for_the_leader(env: WorkflowEnvironment) -> None:
    script = {
        "permit": [(instant("2023-03-13T11:00"), REFUSED)],
        "licence": [(instant("2023-03-13T11:00"), ACCEPTED)],
    }
    async with skipped_time(env, "2023-03-13T09:00", script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD), ask("licence", "market", **LEAD)))
        await world.until("2023-03-14T12:00")
        assert await running(world) == [Matter.CONTRADICTION]
        await end(world)


async def test_a_convened_conference_has_its_own_clock_until_it_rules(env: WorkflowEnvironment) -> None:
    script = {
        f"{PERMIT}.r1": [(instant("2023-03-13T11:00"), RETURNED)],
        f"{PERMIT}.r2": [(instant("2023-03-14T11:00"), RETURNED)],
    }
    async with skipped_time(env, "2023-03-13T09:00", script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-03-13T16:00")
        move = ReassignRequest(**by("move"), request_id=PERMIT, to=department("market").route())
        await world.engine.decide(CASE, move)
        await world.until("2023-03-14T16:00")
        assert await running(world) == [Matter.ANSWER]
        convene = ConveneConference(**by("convene"), request_id=PERMIT, participants=("market", "culture"))
        await world.engine.decide(CASE, convene)
        await world.until("2023-03-22T12:00")
        assert await running(world) == [Matter.CONFERENCE]
        conference = (await waits(world))[-1]
        assert as_2023(conference.due_at) == "2023-03-21T17:00"
        assert ("2023-03-22T09:00", "decision_overdue") in fired(conference)
        to = department("housing").route()
        await world.engine.decide(CASE, Designate(**by("rule"), request_id=PERMIT, to=to, minutes="no. 1"))
        await world.env.sleep(timedelta(minutes=5))
        assert await running(world) == []
        await end(world)


async def test_an_act_of_two_chases_the_second_person_and_lets_the_first_one_be(env: WorkflowEnvironment) -> None:
    script = {"permit": [(instant("2023-04-27T15:00"), RETURNED)]}
    async with skipped_time(env, "2023-04-27T09:00", script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD), ask("keeper", "police", **LEAD)))
        await world.until("2023-04-28T10:00")
        waive = ProposeAct(**by("waive"), act=DangerousAct.WAIVE_REQUEST, request_id=PERMIT, legal_basis="art. 1")
        await world.engine.decide(CASE, waive)
        await world.until("2023-05-09T12:00")
        assert await running(world) == [Matter.SECOND_PERSON, Matter.REVIEW]
        first, second, _review = await waits(world)
        assert fired(first) == [("2023-04-28T09:00", "decision_today")]
        assert (second.deciders, fired(second)) == (("supervisor", "duty_leader"), CLIMB_OVER_LABOUR_DAY)
        await world.engine.decide(CASE, ConfirmAct(**by("no", "other"), proposal_id="waive", confirmed=False))
        await world.env.sleep(timedelta(minutes=5))
        assert await running(world) == [Matter.ANSWER], "turned down: the duty leader must decide again"
        await end(world)


async def test_an_act_about_an_earlier_round_relieves_nobody_of_the_later_one(env: WorkflowEnvironment) -> None:
    script = {
        f"{PERMIT}.r1": [(instant("2023-03-13T10:00"), RETURNED)],
        f"{PERMIT}.r2": [(instant("2023-03-14T11:00"), RETURNED)],
    }
    async with skipped_time(env, "2023-03-13T09:00", script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-03-13T12:00")
        waive = ProposeAct(**by("waive"), act=DangerousAct.WAIVE_REQUEST, request_id=PERMIT, legal_basis="art. 1")
        await world.engine.decide(CASE, waive)
        await world.env.sleep(timedelta(minutes=5))
        assert await running(world) == [Matter.SECOND_PERSON]
        move = ReassignRequest(**by("move"), request_id=PERMIT, to=department("market").route())
        await world.engine.decide(CASE, move)
        await world.until("2023-03-14T16:00")
        assert await running(world) == [Matter.SECOND_PERSON, Matter.ANSWER]
        await end(world)


async def test_a_pause_without_an_end_is_looked_at_every_five_working_days(env: WorkflowEnvironment) -> None:
    async with skipped_time(env, "2023-04-26T09:00") as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-04-26T12:00")
        await world.engine.decide(CASE, PauseRequest(**by("pause"), request_id=PERMIT, legal_basis="art. 45"))
        await world.until("2023-05-19T12:00")
        reviews = await waits(world)
        assert {one.matter for one in reviews} == {Matter.REVIEW}
        assert [fired(one) for one in reviews] == [
            [("2023-05-08T09:00", "review_due")],
            [("2023-05-16T09:00", "review_due")],
            [],
        ]
        assert not (await world.snapshot()).decision_needed
        assert {firing.tell for firing in world.notices.sent} == {("duty_leader", "supervisor")}
        await world.engine.decide(CASE, ResumeRequest(**by("resume"), request_id=PERMIT))
        await world.env.sleep(timedelta(minutes=5))
        assert await running(world) == []
        await end(world)


async def test_a_department_silent_after_the_last_rung_is_looked_at_until_somebody_moves(
    env: WorkflowEnvironment,
) -> None:
    async with skipped_time(env, "2023-03-13T09:00") as world:
        await world.start(world.launch(ask("permit", "culture", role="LEAD", reply_limit="1 working_days")))
        await world.until("2023-03-30T12:00")
        assert (await world.request("permit")).rounds[0].rungs[-1].rung == "leading_group"
        [review, following] = await waits(world)
        assert as_2023(review.clock.clock.started_at).startswith("2023-03-21T09:00")
        assert "permit" in review.why
        assert fired(review) == [("2023-03-29T09:00", "review_due")]
        assert following.running
        await world.engine.decide(CASE, WithdrawRequest(**by("withdraw"), request_id=PERMIT))
        await world.env.sleep(timedelta(minutes=5))
        assert await running(world) == [Matter.OUTCOME]
        assert (await world.request("permit")).state is RequestState.WITHDRAWN
        await end(world)
