"""Conditional acceptance: both instruments, from the promise to its end."""

from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.any_decision import AnyDecision
from domain.codes import Outcome, RequestState
from domain.decision import CloseCase
from domain.deferral import (
    Channel,
    ClearSuspicion,
    DeferralSnapshot,
    DeferralState,
    ExtendMaterial,
    ExtendRectification,
    FailDeferral,
    MaterialState,
    SubmitMaterial,
)
from domain.errors import LiandongError
from domain.fact import FactKind
from domain.joint_decision import ConfirmAct, DangerousAct, ProposeAct
from domain.limit import Limit
from domain.to_supply import to_supply
from domain.waiting import Matter
from tests.workflows.skipped_time import CASE, Script, SkippedTime, as_2023, ask, day, instant, skipped_time

CHANGE = f"{CASE}.change"
CARD = f"{CHANGE}-m1"
PLAN = ask("change", "market", role="LEAD", reply_limit="end_of_business_today")
START = "2023-02-15T10:05"
ACCEPTS = {"code": "ACCEPTED"}
BLURRED = {"code": "REFUSED", "legal_basis": "rule 7", "reason": "illegible", "remedy": "send again"}


def conditionally(**changes: Any) -> dict[str, Any]:
    """Chongming, 15 February 2023: the original identity card is in another city."""
    return {
        "code": "ACCEPTED_CONDITIONALLY",
        "timing": "ISSUE_THEN_VERIFY",
        "deferred": [
            {
                "name": "original ID card",
                "due": "5 working_days",
                "channels": ["POST", "IN_PERSON"],
                "verifier": "market",
                "form": "original",
                "holder": "the new legal representative",
                "method": "compare with the video",
            }
        ],
        "commitment": "signed by the agent",
        "remote_check": "remote video, passed",
    } | changes


def accepted(script: Script | None = None, **changes: object) -> Script:
    return {f"{CHANGE}.r1": [(instant("2023-02-15T11:20"), conditionally(**changes))], **(script or {})}


def by(command: str, who: str = "user:leader") -> dict[str, Any]:
    return {"command_id": command, "decided_by": who, "reason": "because"}


def submit(command: str = "hand-in", channel: Channel = Channel.POST) -> SubmitMaterial:
    return SubmitMaterial(**by(command, "user:clerk"), material_id=CARD, channel=channel, sha256="ab" * 32)


def told(world: SkippedTime) -> list[str]:
    return [one.rung for one in world.notices.sent if one.rung.startswith(("material_", "rectification_"))]


async def deferral(world: SkippedTime) -> DeferralSnapshot:
    return (await world.snapshot()).deferrals[0]


async def refused(world: SkippedTime, decision: AnyDecision) -> str:
    with pytest.raises(LiandongError) as refusal:
        await world.engine.decide(CASE, decision)
    return refusal.value.code


async def test_the_promised_card_comes_by_post_and_is_verified(env: WorkflowEnvironment) -> None:
    """CM-1."""
    verified = {"change-m1s1": [(instant("2023-02-21T09:30"), ACCEPTS)]}
    async with skipped_time(env, START, accepted(verified)) as world:
        await world.start(world.launch(PLAN, urgent=True))
        await world.until("2023-02-15T16:00")
        snapshot = await world.snapshot()
        assert snapshot.requests[0].state is RequestState.ANSWERED
        assert as_2023(snapshot.requests[0].rounds[0].due_at) == "2023-02-15T17:00"
        assert snapshot.requests[0].rounds[0].in_time is True
        assert snapshot.interim_outcome is Outcome.DONE_CONDITIONALLY
        assert snapshot.outcome is None
        assert as_2023(snapshot.deferrals[0].materials[0].due_at) == "2023-02-22T17:00"
        close = CloseCase(**by("too-early"), outcome=Outcome.DONE)
        assert await refused(world, close) == "materials-out"
        assert await refused(world, submit("chat", Channel.WECHAT)) == "channel-not-agreed"
        await world.until("2023-02-20T15:00")
        await world.engine.decide(CASE, submit())
        assert await refused(world, submit("twice")) == "material-not-awaited"
        result = await world.result()
        ended = await deferral(world)
    assert result.outcome.outcome is Outcome.DONE
    assert as_2023(result.outcome.decided_at).startswith("2023-02-21")
    assert (ended.state, ended.materials[0].state) == (DeferralState.KEPT, MaterialState.VERIFIED)
    assert ended.materials[0].submissions[0].sha256 == "ab" * 32
    asked = next(send for send in world.departments.sends if send.request_id.endswith("-m1s1"))
    assert asked.fields == {
        "material": "original ID card",
        "channel": "POST",
        "sha256": "ab" * 32,
        "form": "original",
        "method": "compare with the video",
        "remote_check": "remote video, passed",
    }
    assert (ended.remote_check, ended.materials[0].holder) == ("remote video, passed", "the new legal representative")
    issued, done = world.store.of_kind(FactKind.OUTCOME)
    (verified_on,) = world.store.of_kind(FactKind.MATERIAL_VERIFIED)
    assert (issued.data["interim"], done.data["outcome"]) == ("DONE_CONDITIONALLY", "DONE")
    assert as_2023(issued.at).startswith("2023-02-15"), "effective the same day"
    assert done.at >= verified_on.at >= instant("2023-02-21T09:30")


async def test_the_promised_material_never_comes(env: WorkflowEnvironment) -> None:
    """CM-2: rectify, then a proposal, then two people with a legal ground."""
    revoke = ProposeAct(**by("revoke"), act=DangerousAct.REVOKE, legal_basis="licensing law art. 69", remedy="review")
    async with skipped_time(env, START, accepted()) as world:
        await world.start(world.launch(PLAN, urgent=True))
        await world.until("2023-02-22T12:00")
        reminded = [as_2023(one.fired_at)[:10] for one in (await deferral(world)).materials[0].clock.rungs]  # type: ignore[union-attr]
        assert reminded == ["2023-02-20", "2023-02-22"]
        assert await refused(world, revoke.model_copy(update={"command_id": "early"})) == "nothing-to-revoke"
        await world.until("2023-02-23T12:00")
        overdue = await deferral(world)
        assert (overdue.state, overdue.materials[0].state) == (DeferralState.RECTIFYING, MaterialState.OVERDUE)
        assert as_2023(world.store.of_kind(FactKind.MATERIAL_OVERDUE)[0].at) == "2023-02-23T09:00"
        assert as_2023(overdue.rectify_by) == "2023-03-02T17:00"
        await world.until("2023-03-03T12:00")
        assert (await deferral(world)).state is DeferralState.REVOCATION_PROPOSED
        assert "revoke" in (await world.snapshot()).decision_needed
        assert "rectification_failed" in told(world)
        await world.engine.decide(CASE, revoke)
        alone = ConfirmAct(**by("alone"), proposal_id="revoke")
        assert await refused(world, alone) == "second-person-needed"
        await world.engine.decide(CASE, ConfirmAct(**by("second", "user:supervisor"), proposal_id="revoke"))
        result = await world.result()
    assert result.outcome.outcome is Outcome.REVOKED
    assert result.outcome.decided_by == "user:leader + user:supervisor"
    assert result.outcome.legal_basis == "licensing law art. 69"
    assert len(world.store.of_kind(FactKind.DISHONESTY_MARK)) == 1


async def test_more_time_instead_of_a_revocation_and_the_card_comes_after_all(env: WorkflowEnvironment) -> None:
    verified = {"change-m1s1": [(instant("2023-03-07T15:30"), ACCEPTS)]}
    more = ExtendRectification(
        **by("more"), request_id=CHANGE, limit=Limit.parse("3 working_days"), authority="district rule 2/2023"
    )
    async with skipped_time(env, START, accepted(verified)) as world:
        await world.start(world.launch(PLAN))
        await world.until("2023-02-23T12:00")
        assert await refused(world, more.model_copy(update={"command_id": "early"})) == "no-revocation-proposed"
        await world.until("2023-03-03T12:00")
        assert [wait.matter for wait in (await world.snapshot()).waits] == [Matter.REVOCATION]
        assert told(world)[-1] == "rectification_failed", "the leader and the supervisor hear of it"
        gone = Limit.parse(day("2023-03-02").isoformat())
        assert await refused(world, more.model_copy(update={"command_id": "gone", "limit": gone})) == "due-in-the-past"
        await world.engine.decide(CASE, more)
        again = await deferral(world)
        assert (again.state, again.materials[0].state) == (DeferralState.RECTIFYING, MaterialState.OVERDUE)
        assert as_2023(again.rectify_by) == "2023-03-08T17:00"
        await world.until("2023-03-06T10:00")
        assert not any(wait.running for wait in (await world.snapshot()).waits)
        await world.engine.decide(CASE, submit())
        result = await world.result()
    assert result.outcome.outcome is Outcome.DONE
    ordered = world.store.of_kind(FactKind.RECTIFICATION_ORDERED)[-1]
    assert (ordered.actor, ordered.data["authority"]) == ("user:leader", "district rule 2/2023")
    assert ("rectification_extended", "requester") in [(one.rung, one.tell[0]) for one in world.notices.sent]


async def test_more_time_that_is_not_used_leads_to_the_same_decision_again(env: WorkflowEnvironment) -> None:
    async with skipped_time(env, START, accepted()) as world:
        await world.start(world.launch(PLAN))
        await world.until("2023-03-03T12:00")
        one_day = Limit.parse("1 working_days")
        more = ExtendRectification(**by("more"), request_id=CHANGE, limit=one_day, authority="rule 2")
        await world.engine.decide(CASE, more)
        await world.until("2023-03-07T12:00")
        assert (await deferral(world)).state is DeferralState.REVOCATION_PROPOSED
        first, second = (await world.snapshot()).waits
        assert (first.running, second.running, second.matter) == (False, True, Matter.REVOCATION)


async def test_a_verification_has_time_of_its_own_although_the_agreed_date_has_passed(env: WorkflowEnvironment) -> None:
    plan = ask("change", "market", role="LEAD", reply_limit=day("2023-02-15").isoformat())
    verified = {"change-m1s1": [(instant("2023-02-20T15:30"), ACCEPTS)]}
    async with skipped_time(env, START, accepted(verified)) as world:
        await world.start(world.launch(plan))
        await world.until("2023-02-17T10:00")
        await world.engine.decide(CASE, submit())
        assert (await world.result()).outcome.outcome is Outcome.DONE
        turn = (await world.request("change-m1s1")).rounds[0]
    assert as_2023(turn.due_at) == "2023-02-24T17:00"
    assert (turn.in_time, turn.rungs) == (True, ())


async def test_a_typhoon_extends_without_a_mark(env: WorkflowEnvironment) -> None:
    """CM-3: the ferry does not run; the date has passed already when anybody knows."""
    verified = {"change-m1s1": [(instant("2023-02-28T15:30"), ACCEPTS)]}
    three_days = Limit.parse("3 working_days")
    async with skipped_time(env, START, accepted(verified)) as world:
        await world.start(world.launch(PLAN, urgent=True))
        await world.until("2023-02-23T10:00")
        more = ExtendMaterial(**by("more"), material_id=CARD, limit=three_days)
        with pytest.raises(LiandongError) as too_late:
            await world.engine.decide(CASE, more)
        assert too_late.value.code == "extension-asked-too-late"
        assert f"hand it in by {day('2023-03-02')} 17:00" in too_late.value.detail
        assert "force majeure" in too_late.value.detail
        storm = ExtendMaterial(**by("storm"), material_id=CARD, limit=three_days, force_majeure=True)
        await world.engine.decide(CASE, storm)
        given = await deferral(world)
        assert (given.state, given.materials[0].extensions) == (DeferralState.RUNNING, 0)
        assert as_2023(given.materials[0].due_at) == "2023-02-27T17:00"
        await world.until("2023-02-27T10:00")
        await world.engine.decide(CASE, submit())
        result = await world.result()
    assert result.outcome.outcome is Outcome.DONE
    (extended,) = world.store.of_kind(FactKind.MATERIAL_EXTENDED)
    assert (extended.actor, extended.data["mark"]) == ("user:leader", "force majeure, no mark")
    assert world.store.of_kind(FactKind.DISHONESTY_MARK) == []


async def test_a_corrected_form_comes_online_within_three_days(env: WorkflowEnvironment) -> None:
    """JD-2."""
    form = [{"name": "corrected form", "due": "3 working_days", "channels": ["ONLINE"]}]
    verified = {"change-m1s1": [(instant("2023-02-17T10:00"), ACCEPTS)]}
    async with skipped_time(env, START, accepted(verified, deferred=form)) as world:
        await world.start(world.launch(PLAN, urgent=True))
        await world.until("2023-02-16T10:00")
        assert as_2023((await deferral(world)).materials[0].due_at) == "2023-02-20T17:00"
        await world.engine.decide(CASE, submit(channel=Channel.ONLINE))
        assert (await world.result()).outcome.outcome is Outcome.DONE


async def test_a_rejected_material_is_handed_in_again_until_due(env: WorkflowEnvironment) -> None:
    script: Script = {
        "change-m1s1": [(instant("2023-02-17T10:00"), BLURRED)],
        "change-m1s2": [(instant("2023-02-21T10:00"), ACCEPTS)],
    }
    async with skipped_time(env, START, accepted(script)) as world:
        await world.start(world.launch(PLAN))
        await world.until("2023-02-16T10:00")
        await world.engine.decide(CASE, submit())
        await world.until("2023-02-20T10:00")
        assert (await deferral(world)).materials[0].state is MaterialState.REJECTED
        await world.engine.decide(CASE, submit("again"))
        result = await world.result()
        tries = (await deferral(world)).materials[0].submissions
    assert result.outcome.outcome is Outcome.DONE
    assert [one.result for one in tries] == ["illegible", "verified"]


async def test_a_paper_that_contradicts_the_remote_check_stops_and_tells_the_supervisor(
    env: WorkflowEnvironment,
) -> None:
    false: dict[str, Any] = {
        "code": "REFUSED",
        "legal_basis": "r",
        "reason": "other face",
        "remedy": "-",
        "suspected_false": True,
    }
    script: Script = {"change-m1s1": [(instant("2023-02-17T10:00"), false)]}
    async with skipped_time(env, START, accepted(script)) as world:
        await world.start(world.launch(PLAN))
        await world.until("2023-02-16T10:00")
        await world.engine.decide(CASE, submit())
        await world.until("2023-02-20T10:00")
        stopped = await world.snapshot()
        assert stopped.deferrals[0].materials[0].state is MaterialState.SUSPECT
        assert "supervisor" in stopped.decision_needed
        told = {notice.rung: notice.tell for notice in world.notices.sent}
        assert "supervisor" in told["suspected_false_material"]
        assert [(wait.matter, wait.deciders) for wait in stopped.waits] == [(Matter.SUSPICION, ("supervisor",))]
        await world.until("2023-03-10T10:00")
        assert (await world.snapshot()).outcome is None
        await world.engine.decide(CASE, ClearSuspicion(**by("no", "user:sup"), material_id=CARD, genuine=False))
        assert (await deferral(world)).state is DeferralState.REVOCATION_PROPOSED
        assert [one.awaited for one in to_supply(await world.snapshot())] == [False], "no other paper mends that"
        more = ExtendRectification(
            **by("more"), request_id=CHANGE, limit=Limit.parse("1 working_days"), authority="rule 2"
        )
        assert await refused(world, more) == "paper-found-false"


async def test_nothing_is_issued_before_the_held_material_is_there(env: WorkflowEnvironment) -> None:
    plan = (PLAN, ask("seal", "police", reply_limit="3 working_days", after=("change",)))
    script: Script = {
        "change-m1s1": [(instant("2023-02-17T10:00"), ACCEPTS)],
        "seal": [(instant("2023-02-20T10:00"), ACCEPTS)],
    }
    async with skipped_time(env, START, accepted(script, timing="HOLD_UNTIL_COMPLETE", commitment="")) as world:
        await world.start(world.launch(*plan))
        await world.until("2023-02-16T10:00")
        assert (await world.request("seal")).state is RequestState.PENDING
        await world.engine.decide(CASE, submit())
        await world.until("2023-02-17T12:00")
        assert (await world.request("seal")).state is RequestState.OPEN
        assert (await world.result()).outcome.outcome is Outcome.DONE


async def test_a_held_file_whose_material_never_comes_is_returned(env: WorkflowEnvironment) -> None:
    async with skipped_time(env, START, accepted(timing="HOLD_UNTIL_COMPLETE")) as world:
        await world.start(world.launch(PLAN))
        await world.until("2023-02-22T10:00")
        ground, remedy = "provincial rule art. 24", "file again when it is complete"
        returned = FailDeferral(**by("return"), request_id=CHANGE, legal_basis=ground, remedy=remedy)
        assert await refused(world, returned) == "nothing-overdue"
        await world.until("2023-02-23T10:00")
        assert "return the file" in (await world.snapshot()).decision_needed
        await world.engine.decide(CASE, returned.model_copy(update={"command_id": "return-2"}))
        result = await world.result()
        ended = await deferral(world)
    assert (result.outcome.outcome, ended.state) == (Outcome.NOT_DONE, DeferralState.RETURNED)
    assert result.outcome.remedy == remedy
    assert world.store.of_kind(FactKind.DISHONESTY_MARK) == []
