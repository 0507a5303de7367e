"""What a duty leader decides about a running case, and what is refused."""

import asyncio
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.any_decision import AnyDecision
from domain.assignment import AskAgain, ReassignRequest, WithdrawRequest
from domain.codes import Outcome, RequestState, RoundEnd
from domain.decision import CloseCase, WithdrawCase
from domain.errors import LiandongError
from domain.fact import FactKind
from domain.joint_decision import ConfirmAct, DangerousAct, ProposeAct
from domain.limit import Limit
from domain.time_decision import ExtendRequest
from tests.workflows.skipped_time import CASE, Script, SkippedTime, as_2023, ask, department, instant, skipped_time

PERMIT = f"{CASE}.permit"
START = "2023-03-13T09:00"
LEAD = {"role": "LEAD", "reply_limit": "3 working_days"}


def by(command: str) -> dict[str, Any]:
    return {"command_id": command, "decided_by": "user:leader", "reason": "because", "authority": "no. 7"}


async def refused(world: SkippedTime, decision: AnyDecision) -> str:
    with pytest.raises(LiandongError) as refusal:
        await world.engine.decide(CASE, decision)
    return refusal.value.code


async def test_a_request_nobody_owns_goes_to_another_department_with_new_clocks(env: WorkflowEnvironment) -> None:
    script = {
        f"{PERMIT}.r1": [
            (instant("2023-03-13T16:00"), {"code": "NOT_MINE", "basis": "rule 4", "proposed_owner": "market"})
        ],
        f"{PERMIT}.r2": [(instant("2023-03-15T10:00"), {"code": "ACCEPTED"})],
    }
    to = department("market").route()
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-03-14T09:10")
        waiting = await world.snapshot()
        assert "permit" in waiting.decision_needed
        assert waiting.requests[0].state is RequestState.DECISION
        assert waiting.requests[0].bounces == 1
        same = ReassignRequest(**by("same"), request_id=PERMIT, to=department("culture").route())
        assert await refused(world, same) == "same-department"
        stale = ReassignRequest(**by("stale"), request_id=PERMIT, to=to, round=7)
        assert await refused(world, stale) == "round-moved-on"
        await world.engine.decide(CASE, ReassignRequest(**by("move"), request_id=PERMIT, to=to, round=1))
        result = await world.result()
        rounds = (await world.request("permit")).rounds
    assert result.outcome.outcome is Outcome.DONE
    assert [one.department for one in rounds] == ["culture", "market"]
    assert as_2023(rounds[1].due_at) == "2023-03-17T17:00"
    assert [send.note for send in world.departments.sends] == ["", "because"]
    assert world.departments.withdrawals == []


async def test_a_department_that_still_works_on_it_is_told_when_the_request_moves(env: WorkflowEnvironment) -> None:
    script = {f"{PERMIT}.r2": [(instant("2023-03-15T10:00"), {"code": "ACCEPTED"})]}
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-03-14T09:10")
        move = ReassignRequest(**by("move"), request_id=PERMIT, to=department("market").route())
        await world.engine.decide(CASE, move)
        await world.result()
        rounds = (await world.request("permit")).rounds
    assert rounds[0].end is RoundEnd.SUPERSEDED
    assert [(one.department.code, one.round) for one in world.departments.withdrawals] == [("culture", 1)]


async def test_an_extension_moves_the_due_instant_once_and_only_before_it(env: WorkflowEnvironment) -> None:
    script = {"permit": [(instant("2023-03-20T10:00"), {"code": "ACCEPTED"})]}
    more = Limit.parse("2 working_days")
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-03-15T10:00")
        await world.engine.decide(CASE, ExtendRequest(**by("more"), request_id=PERMIT, limit=more))
        assert as_2023((await world.request("permit")).rounds[0].due_at) == "2023-03-20T17:00"
        again = ExtendRequest(**by("again"), request_id=PERMIT, limit=more)
        assert await refused(world, again) == "extensions-used-up"
        await world.result()
        round_ = (await world.request("permit")).rounds[0]
    assert round_.in_time is True
    assert [(proof.rung, as_2023(proof.fired_at)) for proof in round_.rungs] == [
        ("reply_reminder", "2023-03-15T09:00"),
        ("reply_reminder", "2023-03-17T09:00"),
    ]


async def test_an_extension_after_the_due_instant_is_refused(env: WorkflowEnvironment) -> None:
    async with skipped_time(env, START) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-03-17T10:00")
        late = ExtendRequest(**by("late"), request_id=PERMIT, limit=Limit.parse("2 working_days"))
        assert await refused(world, late) == "extension-asked-too-late"
        await world.engine.decide(CASE, WithdrawCase(**by("end")))
        assert (await world.result()).outcome.outcome is Outcome.WITHDRAWN


async def test_what_the_department_needs_is_asked_again_in_a_new_round(env: WorkflowEnvironment) -> None:
    script: Script = {
        f"{PERMIT}.r1": [(instant("2023-03-13T16:00"), {"code": "NEED_MORE", "materials": ["lease"]})],
        f"{PERMIT}.r2": [(instant("2023-03-15T10:00"), {"code": "ACCEPTED"})],
    }
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        assert await refused(world, AskAgain(**by("early"), request_id=PERMIT)) in {"still-waiting", "not-asked-yet"}
        await world.until("2023-03-14T09:10")
        await world.engine.decide(CASE, AskAgain(**by("again"), request_id=PERMIT))
        result = await world.result()
    assert result.outcome.outcome is Outcome.DONE
    assert {send.idempotency_key for send in world.departments.sends} == {f"{PERMIT}.r1", f"{PERMIT}.r2"}


async def test_two_people_at_once_one_wins_and_the_other_is_told(env: WorkflowEnvironment) -> None:
    async with skipped_time(env, START) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-03-14T09:10")
        ends = [WithdrawCase(**by("end-a")), WithdrawCase(**(by("end-b") | {"decided_by": "user:other"}))]
        said = await asyncio.gather(*(world.engine.decide(CASE, end) for end in ends), return_exceptions=True)
        result = await world.result()
    refusals = [one for one in said if isinstance(one, LiandongError)]
    assert len(refusals) == 1
    assert refusals[0].code in {"case-ended", "case-not-running"}
    assert result.outcome.decided_by in {"user:leader", "user:other"}
    assert len(world.store.of_kind(FactKind.OUTCOME)) == 1


async def test_a_case_that_nobody_answered_is_closed_by_two_people(env: WorkflowEnvironment) -> None:
    close = CloseCase(**by("close"), outcome=Outcome.NOT_DONE, legal_basis="none applies", remedy="12345")
    async with skipped_time(env, START) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD), ask("advice", "market", role="CONSULT")))
        await world.until("2023-03-14T09:10")
        assert await refused(world, close) == "requests-open"
        await world.engine.decide(CASE, WithdrawRequest(**by("withdraw"), request_id=PERMIT))
        assert await refused(world, WithdrawRequest(**by("twice"), request_id=PERMIT)) == "request-ended"
        await world.until("2023-03-14T10:10")
        assert await refused(world, close.model_copy(update={"command_id": "close-again"})) == "nobody-answered"
        two = ProposeAct(
            **by("two"),
            act=DangerousAct.CLOSE_UNANSWERED,
            outcome=Outcome.NOT_DONE,
            legal_basis=close.legal_basis or "",
            remedy=close.remedy,
        )
        await world.engine.decide(CASE, two)
        second = by("second") | {"decided_by": "user:supervisor"}
        await world.engine.decide(CASE, ConfirmAct(**second, proposal_id="two"))
        result = await world.result()
        snapshot = await world.snapshot()
    assert result.outcome.outcome is Outcome.NOT_DONE
    assert {one.state for one in snapshot.requests} == {RequestState.WITHDRAWN}
    assert {one.department.code for one in world.departments.withdrawals} == {"culture", "market"}


async def test_only_consultation_left_does_not_hold_the_case(env: WorkflowEnvironment) -> None:
    script = {"permit": [(instant("2023-03-14T10:00"), {"code": "ACCEPTED"})]}
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD), ask("advice", "market", role="CONSULT")))
        result = await world.result()
    assert result.outcome.outcome is Outcome.DONE
    assert as_2023(result.outcome.decided_at).startswith("2023-03-14")
