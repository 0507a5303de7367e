"""A notice moves dates that had passed by the old count: what followed from them is taken back with them."""

from temporalio.testing import WorkflowEnvironment

from bootstrap.workers import replayer
from domain.codes import Outcome
from domain.deferral import Channel, DeferralState, FailDeferral, MaterialState, SubmitMaterial
from domain.fact import FactKind
from domain.launch import CaseLaunch
from domain.learned_years import LearnYears
from domain.supplement import IssueSupplementNotice
from tests.workflows.conftest import CONVERTER
from tests.workflows.skipped_time import CASE, Script, SkippedTime, as_2023, ask, instant, skipped_time
from tests.workflows.test_deferral import conditionally, refused
from tests.workflows.test_learned_years import ACCEPTED, LEAD, LEARN, UNAWARE
from tests.workflows.test_review import by

START = "2023-01-18T10:00"
"""Five working days end on 25 January by the count without the notice, and on the 30th by the one with it."""
PERMIT = f"{CASE}.permit"
TWO = [{"name": name, "due": "5 working_days"} for name in ("card", "deed")]


def launch(world: SkippedTime, **changes: object) -> CaseLaunch:
    given = world.launch(ask("permit", "culture", **LEAD))
    return given.model_copy(update={"calendar": UNAWARE} | changes)


async def promised(world: SkippedTime) -> tuple[DeferralState, list[MaterialState]]:
    kept = (await world.snapshot()).deferrals[0]
    return kept.state, [material.state for material in kept.materials]


async def test_materials_that_have_time_again_are_awaited_and_may_be_late_again(env: WorkflowEnvironment) -> None:
    script: Script = {
        f"{PERMIT}.r1": [(instant("2023-01-18T11:00"), conditionally(deferred=TWO))],
        "permit-m1s1": [(instant("2023-01-29T10:00"), ACCEPTED)],
        "permit-m2s1": [(instant("2023-02-02T10:00"), ACCEPTED)],
    }
    card = SubmitMaterial(**by("card"), material_id=f"{PERMIT}-m1", channel=Channel.POST)
    async with skipped_time(env, START, script) as world:
        await world.start(launch(world))
        await world.until("2023-01-26T12:00")
        assert await promised(world) == (DeferralState.RECTIFYING, [MaterialState.OVERDUE] * 2)
        await world.engine.decide(CASE, LEARN)
        assert await promised(world) == (DeferralState.RUNNING, [MaterialState.PROMISED] * 2)
        await world.engine.decide(CASE, card)
        await world.until("2023-01-29T14:00")
        assert await promised(world) == (DeferralState.RUNNING, [MaterialState.VERIFIED, MaterialState.PROMISED])
        await world.until("2023-01-31T12:00")
        assert await promised(world) == (DeferralState.RECTIFYING, [MaterialState.VERIFIED, MaterialState.OVERDUE])
        deed = {"command_id": "deed", "material_id": f"{PERMIT}-m2"}
        await world.engine.decide(CASE, card.model_copy(update=deed))
        assert (await world.result()).outcome.outcome is Outcome.DONE
        await replayer(CONVERTER).replay_workflow(await world.history())
    restored, *_ = world.store.of_kind(FactKind.PROMISE_RESTORED)
    assert restored.data["why"] == "the due dates were counted anew"


async def test_no_file_is_returned_for_a_material_that_has_time_again(env: WorkflowEnvironment) -> None:
    held = conditionally(deferred=TWO[:1], timing="HOLD_UNTIL_COMPLETE", commitment="")
    returned = FailDeferral(**by("back"), request_id=PERMIT, legal_basis="art. 24", remedy="file again")
    async with skipped_time(env, START, {f"{PERMIT}.r1": [(instant("2023-01-18T11:00"), held)]}) as world:
        await world.start(launch(world))
        await world.until("2023-01-26T12:00")
        assert "return the file" in (await world.snapshot()).decision_needed
        await world.engine.decide(CASE, LEARN)
        assert await refused(world, returned) == "nothing-overdue"
        await world.until("2023-01-27T12:00")
        assert (await world.snapshot()).decision_needed == ""


async def test_a_notice_that_has_time_again_has_not_lapsed_and_no_holder_is_silent(env: WorkflowEnvironment) -> None:
    script: Script = {
        f"{PERMIT}.r1": [(instant("2023-01-18T11:00"), {"code": "NEED_MORE", "materials": ["licence", "lease"]})]
    }
    async with skipped_time(env, START, script) as world:
        await world.start(launch(world, held_by={"licence": "market"}))
        await world.until("2023-01-18T14:00")
        await world.engine.decide(CASE, IssueSupplementNotice(**by("notice"), legal_basis="art. 32"))
        await world.until("2023-01-26T12:00")
        lapsed = await world.snapshot()
        await world.engine.decide(CASE, LEARN)
        await world.env.sleep(60)
        again = await world.snapshot()
        await world.until("2023-01-31T12:00")
        at_last = await world.snapshot()
    both = "market has not handed over: licence; the requester has not supplied: lease"
    assert lapsed.decision_needed == at_last.decision_needed == both
    assert again.decision_needed == ""
    assert again.supplement is not None
    assert (again.supplement.lapsed, as_2023(again.supplement.due_at)) == (False, "2023-01-30T17:00")


async def test_two_notices_for_one_year_are_refused(env: WorkflowEnvironment) -> None:
    other = LEARN.years[0].model_copy(update={"notice_number": "another one"})
    both = LearnYears(command_id="both", decided_by="engine", reason="two", years=(*LEARN.years, other))
    async with skipped_time(env, START) as world:
        await world.start(launch(world))
        await world.until("2023-01-18T12:00")
        assert await refused(world, both) == "year-named-twice"
