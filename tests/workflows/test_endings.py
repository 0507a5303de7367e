"""How a case may end: nothing is called done that no lead has done, and every "no" has its name and a way on."""

from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.any_decision import AnyDecision
from domain.assignment import WithdrawRequest
from domain.codes import Outcome, RequestState
from domain.decision import CloseCase, NegativeAnswerReport, WithdrawCase
from domain.deferral import Channel, ClearSuspicion, DeferralState, FailDeferral, SubmitMaterial
from domain.errors import LiandongError
from domain.joint_decision import ConfirmAct, DangerousAct, ProposeAct
from tests.workflows.skipped_time import CASE, Script, SkippedTime, ask, instant, skipped_time

START = "2023-02-15T10:00"
LEAD = {"role": "LEAD", "reply_limit": "5 working_days"}
ACCEPTS: dict[str, Any] = {"code": "ACCEPTED"}
REFUSES: dict[str, Any] = {"code": "REFUSED", "legal_basis": "rule 7", "reason": "too late", "remedy": "review"}
PROMISE: dict[str, Any] = {
    "code": "ACCEPTED_CONDITIONALLY",
    "timing": "ISSUE_THEN_VERIFY",
    "deferred": [{"name": "card", "due": "5 working_days"}],
    "commitment": "signed",
}


def by(command: str, who: str = "user:leader") -> dict[str, Any]:
    return {"command_id": command, "decided_by": who, "reason": "because"}


def close(command: str, outcome: Outcome, **changes: Any) -> CloseCase:
    return CloseCase(**by(command), outcome=outcome, **changes)


async def refused(world: SkippedTime, decision: AnyDecision) -> str:
    with pytest.raises(LiandongError) as refusal:
        await world.engine.decide(CASE, decision)
    return refusal.value.code


async def test_a_support_alone_does_not_make_it_done_when_the_lead_is_withdrawn(env: WorkflowEnvironment) -> None:
    script: Script = {"help": [(instant("2023-02-15T15:00"), ACCEPTS)]}
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD), ask("help", "market")))
        await world.until("2023-02-16T10:00")
        await world.engine.decide(CASE, WithdrawRequest(**by("drop"), request_id=f"{CASE}.permit"))
        await world.until("2023-02-16T11:00")
        waiting = await world.snapshot()
        assert (waiting.outcome, await refused(world, close("done", Outcome.DONE))) == (None, "nobody-answered")
        assert await refused(world, close("explain", Outcome.EXPLAINED)) == "nobody-answered"
        propose = ProposeAct(
            **by("two"), act=DangerousAct.CLOSE_UNANSWERED, outcome=Outcome.EXPLAINED, legal_basis="rule 1"
        )
        await world.engine.decide(CASE, propose)
        await world.engine.decide(CASE, ConfirmAct(**by("second", "user:supervisor"), proposal_id="two"))
        result = await world.result()
    assert "no lead is asked any more" in waiting.decision_needed
    assert result.outcome.outcome is Outcome.EXPLAINED


async def test_what_the_lead_refused_is_neither_done_nor_explained_nor_referred(env: WorkflowEnvironment) -> None:
    script: Script = {"permit": [(instant("2023-02-15T15:00"), REFUSES)]}
    no = {"legal_basis": "rule 7", "remedy": "review"}
    report = NegativeAnswerReport(facts_found="came late", alternatives_considered="none fits")
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-02-16T10:00")
        for outcome in (Outcome.DONE, Outcome.EXPLAINED, Outcome.REFERRED):
            assert await refused(world, close(outcome, outcome, **no)) == "outcome-contradicts-answers"
        assert await refused(world, close("half", Outcome.OTHER_SUPPORT, **no)) == "support-missing"
        await world.engine.decide(CASE, close("no", Outcome.LAWFULLY_REFUSED, report=report, **no))
        result = await world.result()
    assert (result.outcome.outcome, result.outcome.remedy) == (Outcome.LAWFULLY_REFUSED, "review")


async def test_done_needs_every_leads_answer(env: WorkflowEnvironment) -> None:
    not_mine = {"code": "NOT_MINE", "basis": "rule 4", "proposed_owner": "market"}
    script: Script = {"permit": [(instant("2023-02-15T15:00"), not_mine)]}
    async with skipped_time(env, START, script) as world:
        second = ask("seal", "market", after=["permit"], **LEAD)
        await world.start(world.launch(ask("permit", "culture", **LEAD), second))
        await world.until("2023-02-16T10:00")
        assert (await world.request("permit")).state is RequestState.DECISION
        assert await refused(world, close("done", Outcome.DONE)) == "lead-not-accepted"


async def test_a_result_that_was_issued_on_trust_is_not_forgotten_by_a_withdrawal(env: WorkflowEnvironment) -> None:
    script: Script = {
        "change": [(instant("2023-02-15T11:00"), PROMISE)],
        "change-m1s1": [(instant("2023-02-17T10:00"), ACCEPTS)],
    }
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("change", "culture", **LEAD)))
        await world.until("2023-02-16T10:00")
        assert await refused(world, WithdrawCase(**by("withdraw"))) == "result-issued"
        assert await refused(world, close("explain", Outcome.EXPLAINED)) == "result-issued"
        hand_in = SubmitMaterial(**by("hand-in"), material_id=f"{CASE}.change-m1", channel=Channel.POST)
        await world.engine.decide(CASE, hand_in)
        result = await world.result()
        kept = (await world.snapshot()).deferrals[0]
    assert (result.outcome.outcome, kept.state) == (Outcome.DONE, DeferralState.KEPT)


async def test_nothing_ends_before_the_supervisor_has_looked_at_a_suspicion(env: WorkflowEnvironment) -> None:
    script: Script = {
        "change": [(instant("2023-02-15T11:00"), {**PROMISE, "timing": "HOLD_UNTIL_COMPLETE"})],
        "change-m1s1": [(instant("2023-02-17T10:00"), {**REFUSES, "suspected_false": True})],
    }
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("change", "culture", **LEAD)))
        await world.until("2023-02-16T10:00")
        material = f"{CASE}.change-m1"
        await world.engine.decide(CASE, SubmitMaterial(**by("hand-in"), material_id=material, channel=Channel.POST))
        await world.until("2023-02-17T12:00")
        assert await refused(world, WithdrawCase(**by("withdraw"))) == "suspicion-open"
        assert await refused(world, close("explain", Outcome.EXPLAINED)) == "suspicion-open"
        two = ProposeAct(
            **by("two"), act=DangerousAct.CLOSE_UNANSWERED, outcome=Outcome.EXPLAINED, legal_basis="rule 1"
        )
        assert await refused(world, two) == "suspicion-open"
        cleared = ClearSuspicion(**by("look", "user:supervisor"), material_id=material, genuine=True)
        await world.engine.decide(CASE, cleared)
        result = await world.result()
    assert result.outcome.outcome is Outcome.DONE


async def test_two_people_revoke_nothing_before_the_supervisor_has_looked_at_a_suspicion(
    env: WorkflowEnvironment,
) -> None:
    """One promise is broken, and a paper of another one is suspected false."""
    longer = PROMISE | {"deferred": [{"name": "deed", "due": "30 working_days"}]}
    script: Script = {
        "permit": [(instant("2023-02-15T11:00"), PROMISE)],
        "seal": [(instant("2023-02-15T11:00"), longer)],
        "seal-m1s1": [(instant("2023-03-06T10:00"), REFUSES | {"suspected_false": True})],
    }
    revoke = ProposeAct(**by("revoke"), act=DangerousAct.REVOKE, legal_basis="art. 69", remedy="review")
    deed = f"{CASE}.seal-m1"
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD), ask("seal", "police", **LEAD)))
        await world.until("2023-03-03T12:00")
        await world.engine.decide(CASE, revoke)
        await world.engine.decide(CASE, SubmitMaterial(**by("deed"), material_id=deed, channel=Channel.POST))
        await world.until("2023-03-06T12:00")
        confirm = ConfirmAct(**by("second", "user:supervisor"), proposal_id="revoke")
        assert await refused(world, confirm) == "suspicion-open"
        await world.engine.decide(CASE, ClearSuspicion(**by("fine", "user:sup"), material_id=deed, genuine=True))
        await world.engine.decide(CASE, confirm)
        assert (await world.result()).outcome.outcome is Outcome.REVOKED


async def test_no_file_is_returned_over_a_department_that_is_still_asked(env: WorkflowEnvironment) -> None:
    script: Script = {
        "permit": [(instant("2023-02-15T11:00"), PROMISE | {"timing": "HOLD_UNTIL_COMPLETE"})],
        "seal": [(instant("2023-02-24T10:00"), ACCEPTS)],
    }
    returned = FailDeferral(**by("back"), request_id=f"{CASE}.permit", legal_basis="art. 24", remedy="file again")
    async with skipped_time(env, START, script) as world:
        seal = ask("seal", "police", role="LEAD", reply_limit="15 working_days")
        await world.start(world.launch(ask("permit", "culture", **LEAD), seal))
        await world.until("2023-02-23T10:00")
        assert await refused(world, returned) == "requests-open"
        await world.until("2023-02-24T12:00")
        await world.engine.decide(CASE, returned.model_copy(update={"command_id": "back-2"}))
        assert (await world.result()).outcome.outcome is Outcome.NOT_DONE


@pytest.mark.parametrize("act", list(DangerousAct))
async def test_no_act_is_proposed_about_a_request_that_the_case_does_not_have(
    env: WorkflowEnvironment, act: DangerousAct
) -> None:
    foreign = ProposeAct(
        **by("foreign"),
        act=act,
        request_id="LD-2034-000002.permit",
        outcome=Outcome.NOT_DONE if act is DangerousAct.CLOSE_UNANSWERED else None,
        legal_basis="art. 69",
        remedy="review",
    )
    async with skipped_time(env, START) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-02-15T12:00")
        assert await refused(world, foreign) == "no-such-request"
