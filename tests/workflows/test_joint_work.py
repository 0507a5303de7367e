"""Conferences, minutes, weighing, early answers, and acts that need two people."""

from datetime import timedelta
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.any_decision import AnyDecision
from domain.assignment import AddAsk
from domain.codes import Outcome, RequestState
from domain.conference import EscalateCase, MinutesAction, RecordMinutes
from domain.decision import CloseCase, NegativeAnswerReport, WeighAnswers
from domain.errors import LiandongError
from domain.joint_decision import ConfirmAct, DangerousAct, ProposeAct
from domain.plan import CompletionRule
from tests.workflows.skipped_time import CASE, Script, SkippedTime, as_2023, ask, day, department, instant, skipped_time

START = "2023-03-13T09:00"
LEAD = {"role": "LEAD", "reply_limit": "5 working_days"}
ACCEPTS = {"code": "ACCEPTED"}
REFUSES = {"code": "REFUSED", "legal_basis": "rule 7", "reason": "no", "remedy": "review"}


def by(command: str, who: str = "user:leader") -> dict[str, Any]:
    return {"command_id": command, "decided_by": who, "reason": "because"}


async def refused(world: SkippedTime, decision: AnyDecision) -> str:
    with pytest.raises(LiandongError) as refusal:
        await world.engine.decide(CASE, decision)
    return refusal.value.code


async def test_points_of_the_minutes_become_binding_requests(env: WorkflowEnvironment) -> None:
    script: Script = {
        "permit": [(instant("2023-03-14T10:00"), ACCEPTS)],
        "minutes1-1": [(instant("2023-03-17T10:00"), ACCEPTS)],
    }
    action = MinutesAction(
        department=department("housing").route(),
        what="accept the written explanation",
        until=day("2023-03-17"),
        basis="7",
    )
    minutes = RecordMinutes(
        **by("minutes"),
        number="no. 5/2023",
        held_at=instant("2023-03-13T15:00"),
        participants=("housing",),
        actions=(action,),
    )
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-03-13T18:00")
        for over in ("2023-03-10", "2023-03-13"):
            past = action.model_copy(update={"until": day(over)})
            late = minutes.model_copy(update={"command_id": over, "actions": (past,)})
            assert await refused(world, late) == "date-in-the-past"
        await world.engine.decide(CASE, minutes)
        assert await refused(world, minutes.model_copy(update={"command_id": "again"})) == "minutes-recorded"
        result = await world.result()
        point = await world.request("minutes1-1")
    assert result.outcome.outcome is Outcome.DONE
    assert as_2023(result.outcome.decided_at).startswith("2023-03-17")
    assert (point.rounds[0].ruling, as_2023(point.rounds[0].due_at)) == ("no. 5/2023", "2023-03-17T17:00")


async def test_one_more_department_is_asked_in_the_running_case(env: WorkflowEnvironment) -> None:
    script: Script = {key: [(instant("2023-03-15T10:00"), ACCEPTS)] for key in ("permit", "fire")}
    fire = ask("fire", "police", **LEAD)
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-03-14T09:30")
        assert await refused(world, AddAsk(**by("lost"), ask=fire)) == "plan-unsound"
        await world.engine.decide(CASE, AddAsk(**by("add"), ask=fire, route=department("police").route()))
        taken = AddAsk(**by("twice"), ask=fire, route=department("police").route())
        assert await refused(world, taken) == "key-taken"
        assert (await world.result()).outcome.outcome is Outcome.DONE
        assert (await world.request("fire")).state is RequestState.ANSWERED


@pytest.mark.parametrize(
    ("rule", "quorum", "done_on"),
    [
        (CompletionRule.ANY, None, "2023-03-14"),
        (CompletionRule.QUORUM, 2, "2023-03-15"),
        (CompletionRule.LEAD_WITH_ADVICE, None, "2023-03-16"),
        (CompletionRule.ALL, None, "2023-03-17"),
    ],
)
async def test_enough_answers_end_the_case_early(
    env: WorkflowEnvironment, rule: CompletionRule, quorum: int | None, done_on: str
) -> None:
    days = {"a": "2023-03-14", "b": "2023-03-15", "advice": "2023-03-16", "slow": "2023-03-17"}
    script: Script = {key: [(instant(f"{when}T10:00"), ACCEPTS)] for key, when in days.items()}
    plan = (
        ask("a", "culture", **LEAD),
        ask("b", "market", **LEAD),
        ask("advice", "housing", role="CONSULT"),
        ask("slow", "police", reply_limit="5 working_days"),
    )
    async with skipped_time(env, START, script) as world:
        launch = world.launch(*plan)
        ruled = launch.plan.model_copy(update={"completion": rule, "quorum": quorum})
        await world.start(launch.model_copy(update={"plan": ruled}))
        result = await world.result()
    assert result.outcome.outcome is Outcome.DONE
    assert as_2023(result.outcome.decided_at).startswith(done_on)


@pytest.mark.parametrize(("prevails", "goes_on"), [("yes", True), ("no", False)])
async def test_contradicting_leads_are_weighed_before_the_case_can_end(
    env: WorkflowEnvironment, prevails: str, goes_on: bool
) -> None:
    script: Script = {
        "yes": [(instant("2023-03-14T10:00"), ACCEPTS)],
        "no": [(instant("2023-03-14T11:00"), REFUSES)],
    }
    report = NegativeAnswerReport(facts_found="lease void", alternatives_considered="none under the subsidy rules")
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("yes", "culture", **LEAD), ask("no", "market", **LEAD)))
        await world.until("2023-03-14T09:30")
        early = WeighAnswers(**by("early"), authority="rule 2", prevails=f"{CASE}.yes")
        assert await refused(world, early) == "no-contradiction"
        await world.until("2023-03-14T15:00")
        assert "contradict" in (await world.snapshot()).decision_needed
        await world.engine.decide(CASE, WeighAnswers(**by("weigh"), authority="rule 2", prevails=f"{CASE}.{prevails}"))
        if not goes_on:
            assert (await world.snapshot()).outcome is None
            no = CloseCase(
                **by("unsigned"), outcome=Outcome.LAWFULLY_REFUSED, legal_basis="rule 7", remedy="district bureau"
            )
            assert await refused(world, no) == "negative-answer-report-missing"
            signed = no.model_copy(update={"command_id": "signed", "report": report})
            await world.engine.decide(CASE, signed)
        result = await world.result()
    assert result.outcome.outcome is (Outcome.DONE if goes_on else Outcome.LAWFULLY_REFUSED)
    assert result.outcome.report == (None if goes_on else report)


async def test_going_on_without_an_answer_takes_two_people(env: WorkflowEnvironment) -> None:
    script: Script = {"permit": [(instant("2023-03-14T10:00"), ACCEPTS)]}
    waive = ProposeAct(
        **by("waive"), act=DangerousAct.WAIVE_REQUEST, request_id=f"{CASE}.silent", legal_basis="rule 12"
    )
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD), ask("silent", "police", **LEAD)))
        await world.until("2023-03-14T15:00")
        await world.engine.decide(CASE, waive)
        assert await refused(world, waive.model_copy(update={"command_id": "again"})) == "proposed-already"
        assert await refused(world, ConfirmAct(**by("self"), proposal_id="waive")) == "second-person-needed"
        down = ConfirmAct(**by("down", "user:sup"), proposal_id="waive", confirmed=False)
        await world.engine.decide(CASE, down)
        assert await refused(world, ConfirmAct(**by("late", "user:sup"), proposal_id="waive")) == "proposal-settled"
        assert (await world.request("silent")).state is RequestState.OPEN
        await world.engine.decide(CASE, waive.model_copy(update={"command_id": "waive-2"}))
        await world.engine.decide(CASE, ConfirmAct(**by("yes", "user:sup"), proposal_id="waive-2"))
        await world.until("2023-03-15T15:00")
        snapshot = await world.snapshot()
        assert {request.key: request.state for request in snapshot.requests}["silent"] is RequestState.WAIVED
        assert [one.confirmed for one in snapshot.proposals] == [False, True]
        assert (await world.request("silent")).rounds[0].ended_at is not None
        await world.engine.decide(CASE, CloseCase(**by("close"), outcome=Outcome.EXPLAINED))
        assert (await world.result()).outcome.outcome is Outcome.EXPLAINED
    assert [one.department.code for one in world.departments.withdrawals] == ["police"]


async def test_a_case_is_closed_over_a_silent_department_only_by_two(env: WorkflowEnvironment) -> None:
    close = ProposeAct(
        **by("close"),
        act=DangerousAct.CLOSE_UNANSWERED,
        outcome=Outcome.NOT_DONE,
        legal_basis="rule 12",
        remedy="12345",
    )
    async with skipped_time(env, START) as world:
        await world.start(world.launch(ask("silent", "police", **LEAD)))
        await world.until("2023-03-14T15:00")
        no_remedy = close.model_copy(update={"command_id": "bare", "remedy": None})
        assert await refused(world, no_remedy) == "negative-answer-incomplete"
        await world.engine.decide(CASE, close)
        assert "second person" in (await world.snapshot()).decision_needed
        await world.engine.decide(CASE, ConfirmAct(**by("yes", "user:sup"), proposal_id="close"))
        result = await world.result()
    assert (result.outcome.outcome, result.outcome.remedy) == (Outcome.NOT_DONE, "12345")


async def test_not_even_two_people_call_done_what_the_lead_refused(env: WorkflowEnvironment) -> None:
    script: Script = {"permit": [(instant("2023-03-14T10:00"), REFUSES)]}
    done = ProposeAct(
        **by("done"), act=DangerousAct.CLOSE_UNANSWERED, outcome=Outcome.DONE, legal_basis="rule 12", remedy="12345"
    )
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD), ask("silent", "police", **LEAD)))
        await world.until("2023-03-14T15:00")
        assert await refused(world, done) == "outcome-contradicts-answers"


async def test_a_level_is_escalated_by_hand(env: WorkflowEnvironment) -> None:
    script: Script = {"permit": [(instant("2023-03-15T10:00"), ACCEPTS)]}
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.engine.decide(CASE, EscalateCase(**by("up"), level="leading_group"))
        await world.result()
    first = world.notices.sent[0]
    assert (first.rung, first.tell) == ("escalated_to_leading_group", ("leading_group",))


async def test_advice_that_nobody_decided_about_keeps_no_case_open(env: WorkflowEnvironment) -> None:
    script: Script = {
        "advice": [(instant("2023-03-14T11:00"), {"code": "NOT_MINE", "basis": "rule 4", "proposed_owner": "market"})],
        "change": [(instant("2023-03-15T11:00"), ACCEPTS)],
    }
    advice = ask("advice", "police", role="CONSULT", reply_limit="5 working_days")
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("change", "culture", **LEAD), advice))
        await world.until("2023-03-14T15:00")
        assert "advice" in (await world.snapshot()).decision_needed
        assert (await world.result()).outcome.outcome is Outcome.DONE


async def test_minutes_beyond_every_calendar_leave_nothing_behind(env: WorkflowEnvironment) -> None:
    route = department("housing").route()
    points = tuple(
        MinutesAction(department=route, what="help", until=day("2023-03-17") + timedelta(days=ahead), basis="7")
        for ahead in (0, 100 * 366)
    )
    minutes: dict[str, Any] = {"number": "no. 5", "held_at": instant(START), "participants": ("housing",)}
    async with skipped_time(env, START) as world:
        await world.start(world.launch(ask("change", "culture", **LEAD)))
        assert await refused(world, RecordMinutes(**by("far"), **minutes, actions=points)) == "date-too-far"
        await world.engine.decide(CASE, RecordMinutes(**by("near"), **minutes, actions=points[:1]))
