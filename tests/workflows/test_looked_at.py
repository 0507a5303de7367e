"""While somebody looks at what was handed in nobody is chased for it; sent back, it is due as before."""

from temporalio.testing import WorkflowEnvironment

from domain.codes import Outcome
from domain.deferral import DeferralState, ExtendMaterial, MaterialState
from domain.fact import FactKind
from domain.limit import Limit
from tests.workflows.skipped_time import CASE, Script, as_2023, instant, skipped_time
from tests.workflows.test_deferral import (
    ACCEPTS,
    BLURRED,
    CARD,
    PLAN,
    START,
    accepted,
    by,
    deferral,
    submit,
    told,
)


async def test_a_submission_in_time_is_not_overdue_while_it_is_verified(env: WorkflowEnvironment) -> None:
    script: Script = {"change-m1s1": [(instant("2023-02-24T10:00"), ACCEPTS)]}
    async with skipped_time(env, START, accepted(script)) as world:
        await world.start(world.launch(PLAN))
        await world.until("2023-02-22T15:00")
        await world.engine.decide(CASE, submit())
        result = await world.result()
    assert result.outcome.outcome is Outcome.DONE
    assert world.store.of_kind(FactKind.MATERIAL_OVERDUE) == []
    assert "material_overdue" not in told(world)


async def test_nobody_is_reminded_of_what_was_handed_in_and_sent_back_it_is_due_as_before(
    env: WorkflowEnvironment,
) -> None:
    script: Script = {"change-m1s1": [(instant("2023-02-23T10:00"), BLURRED)]}
    async with skipped_time(env, START, accepted(script)) as world:
        await world.start(world.launch(PLAN))
        await world.until("2023-02-17T10:00")
        await world.engine.decide(CASE, submit())
        await world.until("2023-02-23T09:30")
        assert told(world) == []
        await world.until("2023-02-23T12:00")
        late = await deferral(world)
        assert (late.state, late.materials[0].state) == (DeferralState.RECTIFYING, MaterialState.OVERDUE)
        assert as_2023(late.materials[0].due_at) == "2023-02-22T17:00"
        assert late.materials[0].clock is not None
        reminders = {proof.rung: proof.result.partition(":")[0] for proof in late.materials[0].clock.rungs}
    assert sorted(told(world)) == ["material_overdue", "rectification_ordered"]
    assert reminders == {
        "material_reminder": "answered",
        "material_due_today": "answered",
        "material_overdue": "delivered",
    }


async def test_what_is_sent_back_before_its_date_is_reminded_of_again(env: WorkflowEnvironment) -> None:
    script: Script = {"change-m1s1": [(instant("2023-02-21T10:00"), BLURRED)]}
    async with skipped_time(env, START, accepted(script)) as world:
        await world.start(world.launch(PLAN))
        await world.until("2023-02-17T10:00")
        await world.engine.decide(CASE, submit())
        await world.until("2023-02-22T12:00")
    assert told(world) == ["material_reminder", "material_due_today"]


async def test_no_rectification_has_failed_while_the_paper_is_looked_at(env: WorkflowEnvironment) -> None:
    script: Script = {"change-m1s1": [(instant("2023-03-06T10:00"), BLURRED)]}
    async with skipped_time(env, START, accepted(script)) as world:
        await world.start(world.launch(PLAN, urgent=True))
        await world.until("2023-02-28T10:00")
        await world.engine.decide(CASE, submit())
        await world.until("2023-03-06T09:30")
        assert "rectification_failed" not in told(world)
        assert "rectification_reminder" not in told(world)
        await world.until("2023-03-06T14:00")
        broken = await deferral(world)
        assert (broken.state, broken.materials[0].state) == (DeferralState.REVOCATION_PROPOSED, MaterialState.FAILED)
    assert told(world)[-1] == "rectification_failed"


async def test_more_time_does_not_wake_the_clock_of_a_paper_that_is_looked_at(env: WorkflowEnvironment) -> None:
    more = ExtendMaterial(**by("more"), material_id=CARD, limit=Limit.parse("2 working_days"))
    script: Script = {"change-m1s1": [(instant("2023-02-23T10:00"), BLURRED)]}
    async with skipped_time(env, START, accepted(script)) as world:
        await world.start(world.launch(PLAN))
        await world.until("2023-02-17T10:00")
        await world.engine.decide(CASE, submit())
        await world.engine.decide(CASE, more)
        await world.until("2023-02-23T09:30")
        assert told(world) == []
        await world.until("2023-02-24T12:00")
        again = (await deferral(world)).materials[0]
        assert (again.state, as_2023(again.due_at)) == (MaterialState.REJECTED, "2023-02-24T17:00")
    assert told(world) == ["material_reminder", "material_due_today"]
