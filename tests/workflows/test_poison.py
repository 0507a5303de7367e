"""What cannot be understood or delivered stays with one request; the rest of the case goes on."""

import json
from datetime import timedelta
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.assignment import AskAgain
from domain.codes import Outcome, RequestState, RoundEnd
from domain.decision import WithdrawCase
from domain.deferral import MaterialState
from domain.department_failure import DepartmentRefusal, DepartmentUnavailable
from domain.fact import FactKind
from domain.reply import Unreadable, read_answer
from domain.supplement import IssueSupplementNotice
from tests.workflows.skipped_time import CASE, Script, ask, instant, skipped_time
from tests.workflows.test_deferral import CHANGE, PLAN, accepted, submit
from tests.workflows.test_deferral import START as PROMISED_AT

START = "2023-03-13T09:00"
LEAD = {"role": "LEAD", "reply_limit": "3 working_days"}


async def test_an_unreadable_answer_is_quarantined_and_the_other_department_proceeds(env: WorkflowEnvironment) -> None:
    script = {
        f"{CASE}.broken.r1": [(instant("2023-03-13T16:00"), {"code": "REFUSED", "reason": "no basis, no remedy"})],
        f"{CASE}.broken.r2": [(instant("2023-03-15T10:00"), {"code": "ACCEPTED"})],
        "fine": [(instant("2023-03-14T10:00"), {"code": "ACCEPTED"})],
    }
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("broken", "culture", **LEAD), ask("fine", "market", **LEAD)))
        await world.until("2023-03-14T15:00")
        broken, fine = (await world.snapshot()).requests
        assert (broken.state, broken.rounds[0].end) == (RequestState.DECISION, RoundEnd.QUARANTINED)
        assert fine.state is RequestState.ANSWERED
        again = AskAgain(command_id="again", decided_by="user:l", reason="unreadable", request_id=f"{CASE}.broken")
        await world.engine.decide(CASE, again)
        result = await world.result()
    assert result.outcome.outcome is Outcome.DONE
    assert "legal_basis" in world.store.of_kind(FactKind.QUARANTINED)[0].data["problem"]


async def test_a_department_that_will_never_take_it_in_leaves_it_to_the_duty_leader(env: WorkflowEnvironment) -> None:
    async with skipped_time(env, START) as world:
        world.departments._faults["permit"] = [DepartmentRefusal("400: unknown matter")]
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-03-13T12:00")
        snapshot = await world.snapshot()
        assert snapshot.requests[0].rounds[0].end is RoundEnd.UNDELIVERABLE
        assert "permit" in snapshot.decision_needed
        await world.engine.decide(CASE, WithdrawCase(command_id="end", decided_by="user:l", reason="elsewhere"))
        await world.result()


async def test_an_outage_of_hours_delays_delivery_and_loses_nothing(env: WorkflowEnvironment) -> None:
    script = {"permit": [(instant("2023-03-14T10:00"), {"code": "ACCEPTED"})]}
    async with skipped_time(env, START, script) as world:
        world.departments._faults["permit"] = [DepartmentUnavailable("503", retry_after_seconds=900)] * 8
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        result = await world.result()
    assert result.outcome.outcome is Outcome.DONE
    assert len(world.departments.sends) == 9
    assert len({send.idempotency_key for send in world.departments.sends}) == 1
    assert world.departments.sends[0].dispatched_at == world.departments.sends[-1].dispatched_at


async def test_facts_wait_for_a_store_that_is_away_and_arrive_once(env: WorkflowEnvironment) -> None:
    script = {"permit": [(instant("2023-03-14T10:00"), {"code": "ACCEPTED"})]}
    async with skipped_time(env, START, script) as world:
        world.store.away = True
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.env.sleep(timedelta(minutes=30))
        assert world.store.facts == {}
        world.store.away = False
        result = await world.result()
    assert len(world.store.facts) == result.version
    assert world.store.snapshots[-1].outcome == result.outcome


@pytest.mark.parametrize(
    "value",
    [None, 7, [], "ACCEPTED", {}, {"reply": {"code": "ACCEPTED"}}, {"reply": None, "received_at": "x", "ref": 1}]
    + [{"reply": reply, "received_at": "2023-03-13T16:00:00+08:00", "ref": "r"} for reply in ({}, {"code": "YES"}, [1])]
    + [json.loads("[" * 50 + "]" * 50)],
)
def test_no_value_breaks_the_reading_of_an_answer(value: object) -> None:
    read = read_answer(value)  # type: ignore[arg-type]
    assert isinstance(read, Unreadable)
    assert read.problem


NESTED: dict[str, Any] = {
    "code": "ACCEPTED_CONDITIONALLY",
    "timing": "ISSUE_THEN_VERIFY",
    "commitment": "signed",
    "deferred": [{"name": "another card", "due": "5 working_days"}],
}


async def test_a_material_cannot_be_verified_on_condition(env: WorkflowEnvironment) -> None:
    nested: Script = {
        f"{CHANGE}-m1s1.r1": [(instant("2023-02-17T10:00"), NESTED)],
        f"{CHANGE}-m1s1.r2": [(instant("2023-02-21T10:00"), {"code": "ACCEPTED"})],
    }
    async with skipped_time(env, PROMISED_AT, accepted(nested)) as world:
        await world.start(world.launch(PLAN))
        await world.until("2023-02-16T10:00")
        await world.engine.decide(CASE, submit())
        await world.until("2023-02-20T10:00")
        waiting = await world.snapshot()
        verification = await world.request("change-m1s1")
        assert (verification.state, verification.rounds[0].end) == (RequestState.DECISION, RoundEnd.QUARANTINED)
        assert [one.request_id for one in waiting.deferrals] == [CHANGE]
        assert waiting.deferrals[0].materials[0].state is MaterialState.VERIFYING
        assert "change-m1s1" in waiting.decision_needed
        again = AskAgain(command_id="again", decided_by="user:l", reason="yes or no", request_id=f"{CHANGE}-m1s1")
        await world.engine.decide(CASE, again)
        assert (await world.result()).outcome.outcome is Outcome.DONE
    assert "on condition" in world.store.of_kind(FactKind.QUARANTINED)[0].data["problem"]


async def test_a_material_cannot_be_handed_over_on_condition(env: WorkflowEnvironment) -> None:
    script: Script = {
        f"{CASE}.permit.r1": [(instant("2023-03-13T12:00"), {"code": "NEED_MORE", "materials": ["licence"]})],
        f"{CASE}.fetch1-1.r1": [(instant("2023-03-14T12:00"), NESTED)],
    }
    async with skipped_time(env, START, script) as world:
        launch = world.launch(ask("permit", "culture", **LEAD))
        await world.start(launch.model_copy(update={"held_by": {"licence": "market"}}))
        await world.until("2023-03-13T16:00")
        told = {"command_id": "notice", "decided_by": "user:l", "reason": "missing", "legal_basis": "art. 32"}
        await world.engine.decide(CASE, IssueSupplementNotice.model_validate(told))
        await world.until("2023-03-14T16:00")
        snapshot = await world.snapshot()
        assert (await world.request("fetch1-1")).rounds[0].end is RoundEnd.QUARANTINED
        assert snapshot.deferrals == ()
        assert snapshot.supplement is not None
        assert snapshot.supplement.materials[0].held_by == "market"
        assert "fetch1-1" in snapshot.decision_needed
