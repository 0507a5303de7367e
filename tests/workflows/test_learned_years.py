"""A year's notice comes while a case runs: what still runs is counted anew, what is over stays as it was."""

from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from bootstrap.workers import replayer
from domain.clock import ClockKind, due
from domain.codes import Outcome
from domain.errors import LiandongError
from domain.fact import FactKind
from domain.invariants_clocks import owed, proved
from domain.ladder import instants
from domain.launch import CaseLaunch
from domain.learned_years import LearnYears, counted_with
from domain.snapshot import RoundSnapshot
from tests.workflows.conftest import CONVERTER
from tests.workflows.skipped_time import CALENDAR, CASE, LADDER, SkippedTime, as_2023, ask, instant, skipped_time

NOTICE = CALENDAR.years[-1]
LEARN = LearnYears(command_id="learn", decided_by="engine", reason=NOTICE.notice_number, years=(NOTICE,))
UNAWARE = CALENDAR.model_copy(update={"years": CALENDAR.years[:-1]})
"""The notice of the year is late: the days of Spring Festival look like working days."""
LEAD: dict[str, Any] = {"role": "LEAD", "reply_limit": "5 working_days"}
ACCEPTED = {"code": "ACCEPTED"}


def launch(world: SkippedTime) -> CaseLaunch:
    asks = (ask("permit", "culture", **LEAD), ask("over", "market", role="LEAD", reply_limit="3 working_days"))
    return world.launch(*asks).model_copy(update={"calendar": UNAWARE})


async def turn(world: SkippedTime, key: str) -> RoundSnapshot:
    return (await world.request(key)).rounds[0]


def rungs(round_: RoundSnapshot) -> list[tuple[str, str]]:
    return sorted((as_2023(proof.fired_at), proof.rung) for proof in round_.rungs)


async def test_due_dates_that_rested_on_an_assumption_move_when_the_notice_comes(env: WorkflowEnvironment) -> None:
    script = {
        "permit": [(instant("2023-01-30T11:00"), ACCEPTED)],
        "over": [(instant("2023-01-20T10:00"), ACCEPTED)],
    }
    async with skipped_time(env, "2023-01-18T10:00", script) as world:
        await world.start(launch(world))
        await world.until("2023-01-20T12:00")
        assumed = await turn(world, "permit")
        assert (as_2023(assumed.due_at), assumed.provisional) == ("2023-01-25T17:00", True)
        await world.engine.decide(CASE, LEARN)
        known, over = await turn(world, "permit"), await turn(world, "over")
        assert (as_2023(known.due_at), known.provisional) == ("2023-01-30T17:00", False)
        assert (as_2023(over.due_at), over.in_time) == ("2023-01-23T17:00", True), "what is over stays as it was"
        with pytest.raises(LiandongError) as twice:
            await world.engine.decide(CASE, LEARN.model_copy(update={"command_id": "again"}))
        assert twice.value.code == "years-known"
        result = await world.result()
        answered, snapshot = await turn(world, "permit"), await world.snapshot()
        history = await world.history()
    assert result.outcome.outcome is Outcome.DONE
    assert answered.in_time is True
    assert rungs(answered) == [("2023-01-29T09:00", "reply_reminder")], "nobody is chased during Spring Festival"
    (fact,) = world.store.of_kind(FactKind.CALENDAR_LEARNED)
    assert (fact.actor, fact.data["notice"]) == ("engine", NOTICE.notice_number)
    assert fact.data["moved"].startswith(f"{CASE}.permit.1 reply ")
    assert ("due_dates_moved", ("requester", "clerk", "duty_leader")) in [
        (one.rung, one.tell) for one in world.notices.sent
    ]
    shown = {one.key: one.rounds[0] for one in snapshot.requests}
    for round_ in shown.values():
        (clock,) = [one for one in round_.clocks if one.kind is ClockKind.REPLY]
        assert due(clock, counted_with(UNAWARE, snapshot.learned, clock)).at == round_.due_at, "explained as counted"
    production = replayer(CONVERTER)
    await production.replay_workflow(history)


async def test_a_reminder_that_went_out_too_early_goes_out_again_before_the_new_date(env: WorkflowEnvironment) -> None:
    script = {
        "permit": [(instant("2023-01-30T11:00"), ACCEPTED)],
        "over": [(instant("2023-01-20T10:00"), ACCEPTED)],
    }
    async with skipped_time(env, "2023-01-18T10:00", script) as world:
        await world.start(launch(world))
        await world.until("2023-01-26T12:00")
        assert rungs(await turn(world, "permit")) == [
            ("2023-01-24T09:00", "reply_reminder"),
            ("2023-01-26T09:00", "reply_overdue"),
        ]
        await world.engine.decide(CASE, LEARN)
        await world.result()
        permit, snapshot = await turn(world, "permit"), await world.snapshot()
        now = await env.get_current_time()
    assert permit.in_time is True
    assert rungs(permit)[2:] == [("2023-01-29T09:00", "reply_reminder")]
    (clock,) = [one for one in permit.clocks if one.kind is ClockKind.REPLY]
    calendar = counted_with(UNAWARE, snapshot.learned, clock)
    planned = instants(LADDER, clock, calendar, urgent=False)
    assert all(proved(rung, clock, permit.rungs, snapshot.learned) for rung in owed(planned, clock, now))
