"""Turns of a case that are rare together: each of these once left it stuck, silent, or with two effects."""

from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.any_decision import AnyDecision
from domain.assignment import AddAsk, AnswerExternal, AskAgain, ReassignRequest, WithdrawRequest
from domain.codes import Outcome, RequestState
from domain.decision import CloseCase, WithdrawCase
from domain.deferral import (
    ApproveDeferral,
    Channel,
    ClearSuspicion,
    DeferralGrounds,
    DeferralState,
    ExtendMaterial,
    MaterialState,
    SubmitMaterial,
)
from domain.errors import LiandongError
from domain.fact import FactKind
from domain.joint_decision import DangerousAct, ProposeAct
from domain.limit import Limit
from domain.objection import Designate
from tests.workflows.skipped_time import CASE, Script, SkippedTime, as_2023, ask, department, instant, skipped_time

START = "2023-02-15T10:00"
CHANGE = f"{CASE}.change"
LEAD = {"role": "LEAD", "reply_limit": "5 working_days"}
ACCEPTS: dict[str, Any] = {"code": "ACCEPTED"}
FALSE: dict[str, Any] = {
    "code": "REFUSED",
    "legal_basis": "rule 7",
    "reason": "other face",
    "remedy": "-",
    "suspected_false": True,
}
LATER = Limit.parse("10 working_days")


def by(command: str, who: str = "user:leader") -> dict[str, Any]:
    return {"command_id": command, "decided_by": who, "reason": "because"}


def promise(*materials: tuple[str, str], **changes: Any) -> dict[str, Any]:
    """Accepted on condition of these materials: name and limit."""
    deferred: Any = [{"name": name, "due": limit} for name, limit in materials or (("card", "5 working_days"),)]
    return {
        "code": "ACCEPTED_CONDITIONALLY",
        "timing": "ISSUE_THEN_VERIFY",
        "deferred": deferred,
        "commitment": "signed",
    } | changes


def submit(number: int, command: str) -> SubmitMaterial:
    return SubmitMaterial(**by(command), material_id=f"{CHANGE}-m{number}", channel=Channel.POST)


def force_majeure(number: int, command: str) -> ExtendMaterial:
    return ExtendMaterial(**by(command), material_id=f"{CHANGE}-m{number}", limit=LATER, force_majeure=True)


async def refused(world: SkippedTime, decision: AnyDecision) -> str:
    with pytest.raises(LiandongError) as refusal:
        await world.engine.decide(CASE, decision)
    return refusal.value.code


async def promised(world: SkippedTime) -> tuple[DeferralState, list[MaterialState]]:
    kept = (await world.snapshot()).deferrals[0]
    return kept.state, [material.state for material in kept.materials]


async def test_two_designations_of_one_request_ask_two_helpers(env: WorkflowEnvironment) -> None:
    """The same generated key twice would be the same activity id twice, which no workflow task survives."""
    returned = {"code": "NOT_MINE", "basis": "rule 4", "proposed_owner": "market"}
    script: Script = {
        f"{CHANGE}.r1": [(instant("2023-02-15T12:00"), returned)],
        f"{CHANGE}.r2": [(instant("2023-02-16T12:00"), returned)],
        f"{CHANGE}.r3": [(instant("2023-02-20T12:00"), ACCEPTS)],
    }
    helped: dict[str, Any] = {"request_id": CHANGE, "support": (department("police").route(),)}
    first = Designate(**by("first"), **helped, to=department("market").route(), minutes="no. 1")
    second = Designate(**by("second"), **helped, to=department("housing").route(), minutes="no. 2")
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("change", "culture", **LEAD)))
        await world.until("2023-02-15T15:00")
        await world.engine.decide(CASE, first)
        await world.until("2023-02-16T15:00")
        await world.engine.decide(CASE, second)
        await world.until("2023-02-16T16:30")
        keys = [request.key for request in (await world.snapshot()).requests]
        assert keys == ["change", "change-help1", "change-help1-2"]
        assert (await world.result()).outcome.outcome is Outcome.DONE
    sent = [send.request_id.rpartition(".")[2] for send in world.departments.sends]
    assert [sent.count(key) for key in keys[1:]] == [1, 1]


async def test_an_external_partys_progress_ends_nothing_and_it_cannot_start_a_departments_procedure(
    env: WorkflowEnvironment,
) -> None:
    owner = ask("owner", kind="EXTERNAL", role="EXTERNAL", party="property manager", reply_limit="1 working_days")
    told = AnswerExternal(**by("note"), request_id=f"{CASE}.owner", reply={"code": "INTERIM", "note": "looking"})
    more = {"code": "NEED_MORE", "materials": ["lease"]}
    async with skipped_time(env, START) as world:
        await world.start(world.launch(owner))
        await world.until("2023-02-15T12:00")
        await world.engine.decide(CASE, told)
        assert (await world.request("owner")).state is RequestState.OPEN
        wrong = told.model_copy(update={"command_id": "more", "reply": more})
        assert await refused(world, wrong) == "reply-not-external"
        await world.engine.decide(CASE, told.model_copy(update={"command_id": "yes", "reply": ACCEPTS}))
        assert (await world.result()).outcome.outcome is Outcome.DONE
    assert [fact.data["text"] for fact in world.store.of_kind(FactKind.INTERIM)] == ["looking"]


async def test_a_polled_departments_progress_ends_no_round(env: WorkflowEnvironment) -> None:
    script: Script = {"permit": [(instant("2023-02-15T14:00"), {"code": "INTERIM", "note": "on it"})]}
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-02-16T12:00")
        permit = await world.request("permit")
        assert (permit.state, permit.rounds[0].notes) == (RequestState.OPEN, 1)
        world.departments.answers("permit", instant("2023-02-17T10:00"), ACCEPTS)
        result = await world.result()
        permit = await world.request("permit")
    assert result.outcome.outcome is Outcome.DONE
    assert len(permit.rounds) == 1
    assert [fact.data["text"] for fact in world.store.of_kind(FactKind.INTERIM)] == ["on it"]


async def test_a_case_that_ends_waits_for_no_promise(env: WorkflowEnvironment) -> None:
    script: Script = {"change": [(instant("2023-02-15T11:00"), promise(timing="HOLD_UNTIL_COMPLETE"))]}
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("change", "culture", **LEAD)))
        await world.until("2023-02-16T10:00")
        await world.engine.decide(CASE, WithdrawCase(**by("end")))
        await world.result()
        state, _ = await promised(world)
        ended_at = (await world.handle.describe()).close_time
    assert as_2023(ended_at).startswith("2023-02-16")
    assert state is DeferralState.DROPPED
    assert world.store.of_kind(FactKind.MATERIAL_OVERDUE) == []


async def test_more_time_for_a_held_file_leaves_nothing_to_decide(env: WorkflowEnvironment) -> None:
    script: Script = {"change": [(instant("2023-02-15T11:00"), promise(timing="HOLD_UNTIL_COMPLETE"))]}
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("change", "culture", **LEAD)))
        await world.until("2023-02-23T10:00")
        assert "return the file" in (await world.snapshot()).decision_needed
        await world.engine.decide(CASE, force_majeure(1, "storm"))
        await world.until("2023-02-23T11:00")
        assert (await world.snapshot()).decision_needed == ""


async def test_a_deferral_that_was_dropped_cannot_be_approved(env: WorkflowEnvironment) -> None:
    script: Script = {f"{CHANGE}.r1": [(instant("2023-02-15T11:00"), promise())]}
    async with skipped_time(env, START, script) as world:
        launch = world.launch(ask("change", "culture", **LEAD))
        await world.start(launch.model_copy(update={"grounds": DeferralGrounds(dishonesty_record=True)}))
        await world.until("2023-02-15T15:00")
        await world.engine.decide(CASE, AskAgain(**by("again"), request_id=CHANGE))
        assert (
            await refused(world, ApproveDeferral(**by("late"), authority="rule 2", request_id=CHANGE))
            == "nothing-to-approve"
        )
        assert (await world.request("change")).state is RequestState.OPEN


async def test_the_department_that_took_over_verifies_what_it_was_promised(env: WorkflowEnvironment) -> None:
    script: Script = {
        f"{CHANGE}.r2": [(instant("2023-02-16T11:00"), promise())],
        "change-m1s1": [(instant("2023-02-20T11:00"), ACCEPTS)],
    }
    async with skipped_time(env, START, script) as world:
        launch = world.launch(ask("change", "culture", **LEAD))
        known = tuple(route for route in launch.routes if route.code == "culture")
        await world.start(launch.model_copy(update={"routes": known}))
        await world.until("2023-02-15T15:00")
        to = department("market").route()
        await world.engine.decide(CASE, ReassignRequest(**by("move"), request_id=CHANGE, to=to))
        await world.until("2023-02-17T10:00")
        await world.engine.decide(CASE, submit(1, "hand-in"))
        assert (await promised(world))[1] == [MaterialState.VERIFYING]
        assert (await world.result()).outcome.outcome is Outcome.DONE


async def test_a_material_is_awaited_again_when_its_verification_is_withdrawn(env: WorkflowEnvironment) -> None:
    script: Script = {
        "change": [(instant("2023-02-15T11:00"), promise())],
        "change-m1s2": [(instant("2023-02-20T11:00"), ACCEPTS)],
    }
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("change", "culture", **LEAD)))
        await world.until("2023-02-16T10:00")
        await world.engine.decide(CASE, submit(1, "hand-in"))
        await world.until("2023-02-16T12:00")
        await world.engine.decide(CASE, WithdrawRequest(**by("stop"), request_id=f"{CASE}.change-m1s1"))
        assert (await promised(world))[1] == [MaterialState.PROMISED]
        await world.engine.decide(CASE, submit(1, "again"))
        assert (await world.result()).outcome.outcome is Outcome.DONE


async def test_the_late_material_came_and_the_other_one_keeps_its_own_date(env: WorkflowEnvironment) -> None:
    both = promise(("card", "5 working_days"), ("deed", "20 working_days"))
    script: Script = {
        "change": [(instant("2023-02-15T11:00"), both)],
        "change-m1s1": [(instant("2023-02-28T11:00"), ACCEPTS)],
        "change-m2s1": [(instant("2023-03-10T11:00"), ACCEPTS)],
    }
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("change", "culture", **LEAD)))
        await world.until("2023-02-24T10:00")
        assert (await promised(world))[0] is DeferralState.RECTIFYING
        await world.engine.decide(CASE, submit(1, "late"))
        await world.until("2023-03-08T10:00")
        assert await promised(world) == (DeferralState.RUNNING, [MaterialState.VERIFIED, MaterialState.PROMISED])
        await world.engine.decide(CASE, submit(2, "in-time"))
        assert (await world.result()).outcome.outcome is Outcome.DONE
    assert world.store.of_kind(FactKind.REVOCATION_PROPOSED) == []


async def test_more_time_for_one_late_material_does_not_silence_the_other(env: WorkflowEnvironment) -> None:
    both = promise(("card", "5 working_days"), ("deed", "5 working_days"))
    async with skipped_time(env, START, {"change": [(instant("2023-02-15T11:00"), both)]}) as world:
        await world.start(world.launch(ask("change", "culture", **LEAD)))
        await world.until("2023-02-24T10:00")
        await world.engine.decide(CASE, force_majeure(1, "storm"))
        assert await promised(world) == (DeferralState.RECTIFYING, [MaterialState.PROMISED, MaterialState.OVERDUE])
        await world.until("2023-03-06T10:00")
        assert (await promised(world))[0] is DeferralState.REVOCATION_PROPOSED


async def test_a_suspicion_stops_the_rectification_and_a_broken_promise_stays_broken(env: WorkflowEnvironment) -> None:
    both = promise(("card", "5 working_days"), ("deed", "30 working_days"))
    script: Script = {
        "change": [(instant("2023-02-15T11:00"), both)],
        "change-m1s1": [(instant("2023-02-27T11:00"), FALSE)],
        "change-m2s1": [(instant("2023-03-09T11:00"), ACCEPTS)],
    }
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("change", "culture", **LEAD)))
        await world.until("2023-02-24T10:00")
        await world.engine.decide(CASE, submit(1, "late"))
        await world.until("2023-03-06T10:00")
        assert await promised(world) == (DeferralState.RECTIFYING, [MaterialState.SUSPECT, MaterialState.PROMISED])
        await world.engine.decide(CASE, submit(2, "deed"))
        await world.engine.decide(CASE, ClearSuspicion(**by("no"), material_id=f"{CHANGE}-m1", genuine=False))
        await world.until("2023-03-10T10:00")
        broken = (DeferralState.REVOCATION_PROPOSED, [MaterialState.FAILED, MaterialState.VERIFIED])
        assert await promised(world) == broken, "what was handed in is verified, and mends nothing"


async def test_no_ending_gets_round_the_materials_or_the_signed_report(env: WorkflowEnvironment) -> None:
    script: Script = {"change": [(instant("2023-02-15T11:00"), promise())]}
    unsigned = ProposeAct(
        **by("unsigned"),
        act=DangerousAct.CLOSE_UNANSWERED,
        outcome=Outcome.LAWFULLY_REFUSED,
        legal_basis="rule 7",
        remedy="review",
    )
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("change", "culture", **LEAD), ask("seal", "police", **LEAD)))
        await world.until("2023-02-16T10:00")
        assert await refused(world, unsigned) == "negative-answer-report-missing"
        waived = AddAsk(**by("wait"), ask=ask("wait", kind="STATUTORY_WAIT", reply_limit="30 calendar_days"))
        await world.engine.decide(CASE, waived)
        for key in ("seal", "wait"):
            await world.engine.decide(CASE, WithdrawRequest(**by(f"no-{key}"), request_id=f"{CASE}.{key}"))
        assert await refused(world, CloseCase(**by("done"), outcome=Outcome.DONE)) == "materials-out"


async def test_who_waits_for_a_held_file_waits_for_its_materials_and_not_for_the_leader(
    env: WorkflowEnvironment,
) -> None:
    declined = {"code": "NOT_MINE", "basis": "rule 4", "proposed_owner": "police"}
    script: Script = {
        "change": [(instant("2023-02-15T11:00"), promise(timing="HOLD_UNTIL_COMPLETE"))],
        "change-m1s1": [(instant("2023-02-17T11:00"), declined)],
    }
    seal = ask("seal", "police", reply_limit="3 working_days", after=("change",))
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("change", "culture", **LEAD), seal))
        await world.until("2023-02-16T10:00")
        assert (await world.snapshot()).decision_needed == ""
        await world.engine.decide(CASE, submit(1, "hand-in"))
        await world.until("2023-02-17T15:00")
        assert "change-m1s1" in (await world.snapshot()).decision_needed
