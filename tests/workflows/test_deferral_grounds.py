"""What speaks against a conditional acceptance, and the one extension of a held file."""

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.assignment import AskAgain
from domain.codes import Outcome, RequestState
from domain.deferral import ApproveDeferral, DeferralGrounds, DeferralState, ExtendMaterial, MaterialState
from domain.fact import FactKind
from domain.limit import Limit
from tests.workflows.skipped_time import CASE, Script, as_2023, ask, day, instant, skipped_time
from tests.workflows.test_deferral import (
    ACCEPTS,
    CARD,
    CHANGE,
    PLAN,
    START,
    accepted,
    by,
    conditionally,
    deferral,
    refused,
    submit,
)


async def test_a_held_file_gets_its_one_extension_after_the_date_too(env: WorkflowEnvironment) -> None:
    verified = {"change-m1s1": [(instant("2023-02-28T10:00"), ACCEPTS)]}
    async with skipped_time(env, START, accepted(verified, timing="HOLD_UNTIL_COMPLETE")) as world:
        await world.start(world.launch(PLAN))
        await world.until("2023-02-27T10:00")
        assert "return the file or give more time" in (await world.snapshot()).decision_needed
        short = ExtendMaterial(**by("short"), material_id=CARD, limit=Limit.parse("2 working_days"))
        assert await refused(world, short) == "extension-not-later"
        more = ExtendMaterial(**by("more"), material_id=CARD, limit=Limit.parse("4 working_days"))
        await world.engine.decide(CASE, more)
        given = (await deferral(world)).materials[0]
        assert (given.state, as_2023(given.due_at)) == (MaterialState.PROMISED, "2023-02-28T17:00")
        twice = more.model_copy(update={"command_id": "twice"})
        assert await refused(world, twice) == "extensions-used-up"
        await world.engine.decide(CASE, submit())
        assert (await world.result()).outcome.outcome is Outcome.DONE


async def test_a_held_file_is_overdue_again_after_its_one_extension(env: WorkflowEnvironment) -> None:
    async with skipped_time(env, START, accepted(timing="HOLD_UNTIL_COMPLETE")) as world:
        await world.start(world.launch(PLAN))
        await world.until("2023-02-23T10:00")
        more = ExtendMaterial(**by("more"), material_id=CARD, limit=Limit.parse("3 working_days"))
        await world.engine.decide(CASE, more)
        await world.until("2023-02-28T10:00")
        assert (await deferral(world)).materials[0].state is MaterialState.OVERDUE
        needed = (await world.snapshot()).decision_needed
        assert "return the file" in needed
        assert "more time" not in needed
        assert await refused(world, more.model_copy(update={"command_id": "twice"})) == "extensions-used-up"


async def test_what_a_department_holds_is_not_the_requesters_to_promise(env: WorkflowEnvironment) -> None:
    async with skipped_time(env, START, accepted()) as world:
        await world.start(world.launch(PLAN).model_copy(update={"held_by": {"Original ID  card": "police"}}))
        await world.until("2023-02-15T15:00")
        assert (await deferral(world)).state is DeferralState.UNAPPROVED
        assert (await deferral(world)).objections == ("held-by-department: original ID card (police has it already)",)


async def test_a_promise_for_a_day_that_is_over_waits_for_the_leader(env: WorkflowEnvironment) -> None:
    """A polled department has no door that could refuse it."""
    late = [{"name": "card", "due": day("2023-02-14").isoformat(), "channels": ["POST"]}]
    async with skipped_time(env, START, accepted(deferred=late)) as world:
        await world.start(world.launch(PLAN))
        await world.until("2023-02-20T15:00")
        waiting = await world.snapshot()
    assert waiting.requests[0].state is RequestState.DECISION
    assert waiting.deferrals[0].objections == ("date-in-the-past: card",)
    assert waiting.deferrals[0].materials[0].state is MaterialState.PROMISED
    assert world.store.of_kind(FactKind.RECTIFICATION_ORDERED) == []


@pytest.mark.parametrize(("answered", "against"), [("15:30", ()), ("18:00", ("date-in-the-past: card",))])
async def test_a_day_is_over_at_close_of_business(
    env: WorkflowEnvironment, answered: str, against: tuple[str, ...]
) -> None:
    today = [{"name": "card", "due": day("2023-02-15").isoformat(), "channels": ["POST"]}]
    script: Script = {f"{CHANGE}.r1": [(instant(f"2023-02-15T{answered}"), conditionally(deferred=today))]}
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("change", "market", role="LEAD", reply_limit="5 working_days")))
        await world.until("2023-02-16T08:00")
        assert (await deferral(world)).objections == against


@pytest.mark.parametrize(
    ("grounds", "rule"),
    [
        (DeferralGrounds(dishonesty_record=True), "dishonesty-record"),
        (DeferralGrounds(essential=("Original ID card",)), "essential-material"),
        (DeferralGrounds(essential=("Ｏriginal ID　card",)), "essential-material"),
        (DeferralGrounds(excluded_matter="public safety"), "excluded-matter"),
        (DeferralGrounds(declined_by_requester=True), "declined-by-requester"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_deferral_that_a_rule_forbids_waits_for_the_leaders_override(
    env: WorkflowEnvironment, grounds: DeferralGrounds, rule: str
) -> None:
    verified = {"change-m1s1": [(instant("2023-02-17T10:00"), ACCEPTS)]}
    async with skipped_time(env, START, accepted(verified)) as world:
        await world.start(world.launch(PLAN).model_copy(update={"grounds": grounds}))
        await world.until("2023-02-15T15:00")
        waiting = await world.snapshot()
        assert waiting.requests[0].state is RequestState.DECISION
        assert waiting.deferrals[0].objections[0].startswith(rule)
        assert "override" in waiting.decision_needed
        assert await refused(world, submit("early")) == "deferral-not-running"
        await world.engine.decide(CASE, ApproveDeferral(**by("override"), authority="rule 2", request_id=CHANGE))
        await world.until("2023-02-16T10:00")
        await world.engine.decide(CASE, submit())
        result = await world.result()
        ended = await deferral(world)
    assert result.outcome.outcome is Outcome.DONE
    assert ended.override_reason == "because"


async def test_a_forbidden_deferral_is_dropped_when_the_department_is_asked_again(env: WorkflowEnvironment) -> None:
    script = accepted({f"{CHANGE}.r2": [(instant("2023-02-16T10:00"), ACCEPTS)]}, commitment="")
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(PLAN))
        await world.until("2023-02-15T15:00")
        await world.engine.decide(CASE, AskAgain(**by("again"), request_id=CHANGE))
        result = await world.result()
    assert result.outcome.outcome is Outcome.DONE
