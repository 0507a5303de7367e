"""A department's system is down across its due dates: always a fact, and a pause only where the policy says so."""

from typing import Any

from temporalio.testing import WorkflowEnvironment

from domain.assignment import ReassignRequest
from domain.clock import ClockKind, due
from domain.codes import Outcome, RequestState
from domain.fact import FactKind
from domain.launch import CaseLaunch
from domain.limit import Limit
from domain.outage import Outage, OutageCause, OutageNote, OutagePause
from tests.workflows.skipped_time import CALENDAR, CASE, SkippedTime, as_2023, ask, department, instant, skipped_time

START = "2023-03-13T09:30"
PERMIT = f"{CASE}.permit"
LEAD: dict[str, Any] = {"role": "LEAD", "reply_limit": "3 working_days", "sign_limit": "1 working_days"}
ACCEPTED: dict[str, Any] = {"code": "ACCEPTED"}


def outage(since: str) -> Outage:
    return Outage(since=instant(since), cause=OutageCause.TIMEOUT)


def with_policy(launch: CaseLaunch, at_most: str = "2 working_days", department: str = "culture") -> CaseLaunch:
    rule = OutagePause(departments=(department,), legal_basis="rule 2/2023 art. 7", at_most=Limit.parse(at_most))
    return launch.model_copy(update={"outage_pauses": (rule,)})


async def rungs(world: SkippedTime, key: str = "permit") -> list[tuple[str, str]]:
    return [(proof.rung, as_2023(proof.fired_at)) for proof in (await world.request(key)).rounds[0].rungs]


def told(world: SkippedTime, *kinds: FactKind) -> list[str]:
    return [fact.kind.value for fact in world.store.facts.values() if fact.kind in kinds]


SHOWN = (FactKind.OUTAGE_BEGAN, FactKind.PAUSED, FactKind.RESUMED, FactKind.OUTAGE_ENDED)


async def test_without_a_policy_an_outage_is_a_fact_and_every_rung_fires(env: WorkflowEnvironment) -> None:
    script = {"permit": [(instant("2023-03-17T11:00"), ACCEPTED)]}
    async with skipped_time(env, START, script) as world:
        world.departments.goes_down("culture", outage("2023-03-14T10:00"), instant("2023-03-17T10:00"))
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-03-15T12:00")
        during = await world.request("permit")
        result = await world.result()
        round_ = (await world.request("permit")).rounds[0]
        fired = await rungs(world)
    seen = during.rounds[0].outage
    assert seen is not None
    assert (as_2023(seen.since), seen.cause, seen.ended_at) == ("2023-03-14T10:00", OutageCause.TIMEOUT, None)
    assert during.waiting_for.startswith("department: culture; system down since 2034-")
    assert result.outcome.outcome is Outcome.DONE
    assert as_2023(round_.due_at) == "2023-03-16T17:00"
    assert round_.in_time is False
    assert {"not_signed_for", "reply_overdue"} <= {rung for rung, _ in fired}
    assert told(world, *SHOWN) == ["OUTAGE_BEGAN", "OUTAGE_ENDED"]
    assert round_.outage is not None
    assert round_.outage.ended_at is not None


async def test_a_policy_pauses_the_rounds_own_clocks_while_the_system_is_down(env: WorkflowEnvironment) -> None:
    script = {"permit": [(instant("2023-03-17T16:00"), ACCEPTED)], "other": [(instant("2023-03-17T16:00"), ACCEPTED)]}
    async with skipped_time(env, START, script) as world:
        world.departments.goes_down("culture", outage("2023-03-14T10:00"), instant("2023-03-15T12:00"))
        plan = world.launch(ask("permit", "culture", **LEAD), ask("other", "market", **LEAD))
        await world.start(with_policy(plan.model_copy(update={"objection_limit": Limit.parse("3 working_days")})))
        await world.until("2023-03-15T09:30")
        paused, other = [one.rounds[0] for one in (await world.snapshot()).requests]
        result = await world.result()
        round_ = (await world.request("permit")).rounds[0]
        fired, others = await rungs(world), await rungs(world, "other")
    assert (paused.due_at, paused.sign_due_at) == (None, None)
    assert as_2023(paused.objection_due_at) == "2023-03-16T17:00", "returning it is another matter"
    assert (as_2023(other.due_at), as_2023(other.sign_due_at)) == ("2023-03-16T17:00", "2023-03-14T17:00")
    assert result.outcome.outcome is Outcome.DONE
    assert as_2023(round_.due_at) == "2023-03-17T17:00"
    assert round_.in_time is True
    assert not {"reply_overdue"} & {rung for rung, _ in fired}
    assert {"not_signed_for", "reply_overdue"} <= {rung for rung, _ in others}
    assert told(world, *SHOWN) == ["OUTAGE_BEGAN", "PAUSED", "RESUMED", "OUTAGE_ENDED"]
    (fact,) = world.store.of_kind(FactKind.PAUSED)
    assert fact.data["legal_basis"] == "rule 2/2023 art. 7"
    assert (fact.data["clocks"], fact.data["at_most"]) == ("reply, sign_for", "2 working_days")
    (clock,) = [one for one in round_.clocks if one.kind is ClockKind.REPLY]
    assert "at most 2 working days" in "\n".join(line.text_en for line in due(clock, CALENDAR).lines)


async def test_a_pause_ends_at_its_bound_and_the_ladder_goes_on_while_the_system_is_still_down(
    env: WorkflowEnvironment,
) -> None:
    script = {"permit": [(instant("2023-03-24T11:00"), ACCEPTED)]}
    async with skipped_time(env, START, script) as world:
        world.departments.goes_down("culture", outage("2023-03-14T10:00"), instant("2023-03-24T10:00"))
        await world.start(with_policy(world.launch(ask("permit", "culture", **LEAD))))
        await world.until("2023-03-17T09:30")
        ran_on = (await world.request("permit")).rounds[0]
        result = await world.result()
        fired = await rungs(world)
    assert as_2023(ran_on.due_at) == "2023-03-20T17:00"
    assert ran_on.outage is not None
    assert ran_on.outage.ended_at is None, "the system is still down"
    assert result.outcome.outcome is Outcome.DONE
    assert ("reply_overdue", "2023-03-21T09:00") in fired
    assert told(world, *SHOWN) == ["OUTAGE_BEGAN", "PAUSED", "RESUMED", "OUTAGE_ENDED"]
    (resumed,) = world.store.of_kind(FactKind.RESUMED)
    assert as_2023(resumed.at) == "2023-03-16T16:59"


async def test_a_delivery_that_is_held_up_ends_its_outage_by_succeeding(env: WorkflowEnvironment) -> None:
    script = {"permit": [(instant("2023-03-15T11:00"), ACCEPTED)]}
    async with skipped_time(env, START, script) as world:
        world.departments.goes_down("culture", outage("2023-03-13T09:00"), instant("2023-03-14T12:00"))
        await world.start(with_policy(world.launch(ask("permit", "culture", **LEAD))))
        await world.result()
        round_ = (await world.request("permit")).rounds[0]
    assert as_2023(round_.due_at) == "2023-03-17T17:00"
    assert told(world, *SHOWN, FactKind.DELIVERED) == [
        "OUTAGE_BEGAN", "PAUSED", "DELIVERED", "RESUMED", "OUTAGE_ENDED",
    ]  # fmt: skip


async def test_a_delivery_that_signs_by_arriving_leaves_no_pause_to_be_used_up(env: WorkflowEnvironment) -> None:
    """The pause would have ended on Wednesday; on Friday the round is still open."""
    script = {"permit": [(instant("2023-03-17T11:00"), ACCEPTED)]}
    async with skipped_time(env, START, script) as world:
        world.departments.goes_down("culture", outage("2023-03-13T09:00"), instant("2023-03-14T12:00"))
        launch = with_policy(world.launch(ask("permit", "culture", **LEAD)))
        unsigned = tuple(route.model_copy(update={"signs": False}) for route in launch.routes)
        await world.start(launch.model_copy(update={"routes": unsigned}))
        result = await world.result()
        round_ = (await world.request("permit")).rounds[0]
    assert result.outcome.outcome is Outcome.DONE
    assert (as_2023(round_.due_at), as_2023(round_.sign_due_at)) == ("2023-03-17T17:00", "2023-03-15T17:00")
    assert all(clock.open_pause is None for clock in round_.clocks)
    assert told(world, FactKind.EXPIRY_IN_VAIN) == []


async def test_an_outage_ends_with_the_round_that_it_held_up(env: WorkflowEnvironment) -> None:
    """Taken from the department meanwhile: its withdrawal is held up in turn, and given up after an hour."""
    script = {f"{PERMIT}.r2": [(instant("2023-03-16T11:00"), ACCEPTED)]}
    async with skipped_time(env, START, script) as world:
        world.departments.goes_down("culture", outage("2023-03-14T10:00"), instant("2023-03-30T12:00"))
        await world.start(with_policy(world.launch(ask("permit", "culture", **LEAD))))
        await world.until("2023-03-15T09:30")
        to = department("market").route()
        by: dict[str, Any] = {
            "command_id": "move",
            "decided_by": "user:leader",
            "reason": "still down",
            "request_id": PERMIT,
        }
        await world.engine.decide(CASE, ReassignRequest(**by, to=to))
        assert (await world.request("permit")).state is RequestState.OPEN
        result = await world.result()
        first, second = (await world.request("permit")).rounds
    assert result.outcome.outcome is Outcome.DONE
    assert first.outage is not None
    assert first.outage.ended_at is not None
    assert second.outage is None
    assert all(clock.open_pause is None for clock in first.clocks)
    began, ended = world.store.of_kind(FactKind.OUTAGE_BEGAN), world.store.of_kind(FactKind.OUTAGE_ENDED)
    assert [fact.round for fact in began] == [fact.round for fact in ended] == [1, 1]
    assert "SUPERSEDED" in ended[0].data["why"]
    assert len(world.store.of_kind(FactKind.PAUSED)) == 1


def note(number: int, *, began: bool, round_: int = 1, request: str = PERMIT) -> OutageNote:
    seen = outage("2023-03-13T10:00") if began else None
    return OutageNote(outage_id=f"a#{number}", request_id=request, round=round_, began=began, outage=seen)


async def test_notes_count_once_in_any_order_and_never_without_bound(env: WorkflowEnvironment) -> None:
    script = {"permit": [(instant("2023-03-15T11:00"), ACCEPTED)]}
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-03-13T11:00")

        async def tell(*notes: OutageNote) -> None:
            for one in notes:
                await world.handle.signal("department_outage", one)

        await tell(note(1, began=True), note(1, began=True), note(2, began=True))
        await tell(note(1, began=False), note(1, began=False), note(1, began=True))
        await tell(note(3, began=False), note(3, began=True), note(4, began=True, round_=2))
        await tell(note(5, began=True, request=f"{CASE}.nothing"), note(6, began=False))
        await world.until("2023-03-13T12:00")
        assert told(world, *SHOWN) == ["OUTAGE_BEGAN", "OUTAGE_ENDED"]
        for number in range(10, 60):
            await tell(note(number, began=True), note(number, began=False))
        await world.until("2023-03-13T13:00")
        assert told(world, FactKind.OUTAGE_BEGAN) == ["OUTAGE_BEGAN"] * 10
        await tell(note(99, began=True))
        result = await world.result()
    assert result.outcome.outcome is Outcome.DONE
    assert told(world, FactKind.OUTAGE_ENDED) == ["OUTAGE_ENDED"] * 10
