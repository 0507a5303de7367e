"""A paper that comes late, or was recorded late: what was held against the requester is taken back where it must be."""

from datetime import datetime, timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.codes import Outcome
from domain.deferral import DeferralState, ExtendMaterial, MaterialState, SubmitMaterial
from domain.errors import LiandongError
from domain.fact import FactKind
from domain.joint_decision import ConfirmAct, DangerousAct, ProposeAct
from domain.limit import Limit
from domain.to_supply import to_supply
from domain.waiting import Matter
from tests.workflows.skipped_time import CASE, SkippedTime, as_2023, instant, skipped_time
from tests.workflows.test_deferral import ACCEPTS, CARD, PLAN, START, accepted, by, deferral, refused, submit

NO = {"code": "REFUSED", "legal_basis": "rules", "reason": "illegible", "remedy": "again"}
BROKEN = "2023-03-03T12:00"
"""Due on 22 February, to be rectified by 2 March."""


def received(at: str) -> SubmitMaterial:
    return submit().model_copy(update={"received_at": instant(at)})


async def running_waits(world: SkippedTime) -> set[Matter]:
    return {one.matter for one in (await world.snapshot()).waits if one.running}


async def test_a_paper_that_comes_after_the_promise_was_broken_is_verified_first(env: WorkflowEnvironment) -> None:
    script = {"change-m1s1": [(instant("2023-03-06T10:30"), ACCEPTS)]}
    async with skipped_time(env, START, accepted(script)) as world:
        await world.start(world.launch(PLAN))
        await world.until(BROKEN)
        revoke = ProposeAct(**by("p"), act=DangerousAct.REVOKE, legal_basis="rules", remedy="apply anew")
        await world.engine.decide(CASE, revoke)
        assert [one.awaited for one in to_supply(await world.snapshot())] == [True], "the requester is told so"
        await world.engine.decide(CASE, submit())
        confirm = ConfirmAct(**by("c", "user:sup"), proposal_id="p", confirmed=True)
        assert await refused(world, confirm) == "material-being-verified"
        assert await running_waits(world) == set(), "nobody is chased for what cannot be confirmed now"
        await world.engine.decide(CASE, confirm.model_copy(update={"confirmed": False, "command_id": "no"}))
        result = await world.result()
        assert (await deferral(world)).state is DeferralState.KEPT
    assert result.outcome.outcome is Outcome.DONE


async def test_a_late_paper_that_is_no_good_brings_the_revocation_back(env: WorkflowEnvironment) -> None:
    script = {
        "change-m1s1": [(instant("2023-03-06T10:30"), NO)],
        "change-m1s2": [(instant("2023-03-08T10:30"), ACCEPTS)],
    }
    async with skipped_time(env, START, accepted(script)) as world:
        await world.start(world.launch(PLAN))
        await world.until(BROKEN)
        await world.engine.decide(CASE, submit())
        await world.until("2023-03-06T16:00")
        found = await deferral(world)
        assert (found.state, found.materials[0].state) == (DeferralState.REVOCATION_PROPOSED, MaterialState.REJECTED)
        assert Matter.REVOCATION in await running_waits(world)
        await world.engine.decide(CASE, submit("once-more"))
        assert (await world.result()).outcome.outcome is Outcome.DONE


async def test_the_second_person_is_awaited_again_when_the_late_paper_was_no_good(env: WorkflowEnvironment) -> None:
    script = {"change-m1s1": [(instant("2023-03-06T10:30"), NO)]}
    revoke = ProposeAct(**by("p"), act=DangerousAct.REVOKE, legal_basis="rules", remedy="apply anew")
    async with skipped_time(env, START, accepted(script)) as world:
        await world.start(world.launch(PLAN))
        await world.until(BROKEN)
        await world.engine.decide(CASE, revoke)
        assert await running_waits(world) == {Matter.SECOND_PERSON}
        await world.engine.decide(CASE, submit())
        await world.until("2023-03-06T10:00")
        assert await running_waits(world) == set()
        await world.until("2023-03-06T16:00")
        assert await running_waits(world) == {Matter.SECOND_PERSON}
        first, again = [one for one in (await world.snapshot()).waits if one.matter is Matter.SECOND_PERSON]
        assert (first.running, again.running) == (False, True)
        assert [proof.rung for proof in first.clock.rungs] == []
        await world.engine.decide(CASE, ConfirmAct(**by("c", "user:sup"), proposal_id="p"))
        assert (await world.result()).outcome.outcome is Outcome.REVOKED


async def test_force_majeure_helps_after_the_promise_was_broken(env: WorkflowEnvironment) -> None:
    more = ExtendMaterial(**by("typhoon"), material_id=CARD, limit=Limit.parse("15 working_days"), force_majeure=True)
    async with skipped_time(env, START, accepted()) as world:
        await world.start(world.launch(PLAN))
        await world.until(BROKEN)
        ordinary = more.model_copy(update={"force_majeure": False, "command_id": "ordinary"})
        with pytest.raises(LiandongError) as refusal:
            await world.engine.decide(CASE, ordinary)
        assert refusal.value.code == "nothing-to-extend"
        assert "extend-rectification" in refusal.value.detail
        await world.engine.decide(CASE, more)
        found = await deferral(world)
        assert (found.state, found.materials[0].state) == (DeferralState.RUNNING, MaterialState.PROMISED)
        assert as_2023(found.materials[0].due_at) == "2023-03-15T17:00"
        assert await running_waits(world) == set()
        await world.until("2023-03-16T10:00")
        assert (await deferral(world)).state is DeferralState.RECTIFYING
    overdue = [one for one in world.notices.sent if one.rung == "material_overdue"]
    assert [as_2023(one.due_at) for one in overdue] == ["2023-02-22T17:00", "2023-03-15T17:00"]


@pytest.mark.parametrize(
    ("recorded", "came", "then"),
    [
        ("2023-02-23T10:00", "2023-02-22T16:00", DeferralState.RUNNING),
        (BROKEN, "2023-02-22T16:00", DeferralState.RUNNING),
        (BROKEN, "2023-03-02T16:00", DeferralState.RECTIFYING),
        (BROKEN, "2023-03-03T11:00", DeferralState.REVOCATION_PROPOSED),
    ],
    ids=["in time, next day", "in time, much later", "in time for the rectification", "late"],
)
async def test_what_only_the_late_recording_brought_about_is_taken_back(
    env: WorkflowEnvironment, recorded: str, came: str, then: DeferralState
) -> None:
    async with skipped_time(env, START, accepted()) as world:
        await world.start(world.launch(PLAN))
        await world.until(recorded)
        await world.engine.decide(CASE, received(came))
        await world.env.sleep(60)
        found = await deferral(world)
        assert (found.state, found.materials[0].state) == (then, MaterialState.VERIFYING)
        assert found.materials[0].submissions[0].at == instant(came)
    taken_back = [fact.data["state"] for fact in world.store.of_kind(FactKind.PROMISE_RESTORED)]
    assert taken_back == ([] if then is DeferralState.REVOCATION_PROPOSED else [then])


async def test_doors_whose_clocks_differ_a_little_turn_nobody_away(env: WorkflowEnvironment) -> None:
    async with skipped_time(env, START, accepted()) as world:
        await world.start(world.launch(PLAN))
        await world.until("2023-02-17T10:00")
        ahead = await world.env.get_current_time() + timedelta(seconds=20)
        await world.engine.decide(CASE, submit().model_copy(update={"received_at": ahead}))
        came = (await deferral(world)).materials[0].submissions[0].at
    assert came < ahead, "never later than the case itself knows"


@pytest.mark.parametrize(
    ("at", "code"),
    [(instant("2023-02-17T12:00"), "received-in-the-future"), (instant("2023-02-15T11:00"), "received-before-asked")],
)
async def test_a_time_of_receipt_that_cannot_be_is_refused(env: WorkflowEnvironment, at: datetime, code: str) -> None:
    async with skipped_time(env, START, accepted()) as world:
        await world.start(world.launch(PLAN))
        await world.until("2023-02-17T10:00")
        assert await refused(world, submit().model_copy(update={"received_at": at})) == code
