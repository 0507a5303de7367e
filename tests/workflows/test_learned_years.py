"""A notice comes, is amended or taken back while a case runs: what runs is counted anew, what is over stays."""

from typing import Any

import pytest
from pydantic import JsonValue
from temporalio.testing import WorkflowEnvironment

from bootstrap.workers import replayer
from domain.clock import ClockKind, due
from domain.codes import Outcome
from domain.deferral import DeferralState, MaterialState
from domain.errors import LiandongError
from domain.fact import FactKind
from domain.invariants_clocks import owed, proved
from domain.ladder import instants
from domain.launch import CaseLaunch
from domain.learned_years import LearnYears, counted_with
from domain.snapshot import RoundSnapshot
from domain.supplement import IssueSupplementNotice
from tests.workflows.conftest import CONVERTER
from tests.workflows.skipped_time import (
    CALENDAR,
    CASE,
    LADDER,
    Script,
    SkippedTime,
    as_2023,
    ask,
    day,
    instant,
    skipped_time,
)

NOTICE = CALENDAR.years[-1]
LEARN = LearnYears(command_id="learn", decided_by="engine", reason=NOTICE.notice_number, years=(NOTICE,))
UNAWARE = CALENDAR.model_copy(update={"years": CALENDAR.years[:-1]})
"""The notice of the year is late: the days of Spring Festival look like working days."""
LONGER = NOTICE.model_copy(
    update={"notice_number": "extended", "days_off": (*NOTICE.days_off, day("2023-01-30"), day("2023-01-31"))}
)
"""The State Council lengthens the holiday, as it did in 2020."""
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


def amends(command: str, **told: Any) -> LearnYears:
    return LearnYears(command_id=command, decided_by="engine", reason=command, amends=True, **told)


async def test_an_amendment_moves_official_dates_and_taking_it_back_moves_them_back(env: WorkflowEnvironment) -> None:
    script = {
        "permit": [(instant("2023-02-01T11:00"), ACCEPTED)],
        "over": [(instant("2023-01-20T10:00"), ACCEPTED)],
    }
    async with skipped_time(env, "2023-01-18T10:00", script) as world:
        await world.start(launch(world).model_copy(update={"calendar": CALENDAR}))
        await world.until("2023-01-20T12:00")
        dues = [as_2023((await turn(world, "permit")).due_at)]
        for order in (
            amends("longer", years=(LONGER,)),
            amends("back", years=(NOTICE,)),
            amends("nothing", taken_back=(NOTICE.year,)),
            amends("known again", years=(LONGER,)),
        ):
            await world.engine.decide(CASE, order)
            dues.append(as_2023((await turn(world, "permit")).due_at))
        with pytest.raises(LiandongError) as known:
            await world.engine.decide(CASE, amends("twice", years=(LONGER,), taken_back=(2050,)))
        await world.result()
        permit, over, snapshot = await turn(world, "permit"), await turn(world, "over"), await world.snapshot()
        history = await world.history()
    assert dues == [f"2023-{one}T17:00" for one in ("01-30", "02-01", "01-30", "01-25", "02-01")]
    assert known.value.code == "years-known"
    assert permit.in_time is True
    assert as_2023(over.due_at) == "2023-01-28T17:00", "what is over stays as it was"
    told = [(one.department, one.tell) for one in world.notices.sent if one.rung == "due_dates_moved"]
    assert told.count(("culture", ("department_officer",))) == 4, "who answers by another date is told"
    assert told.count((None, ("requester", "clerk", "duty_leader"))) == 4
    assert [fact.data.get("taken_back") for fact in world.store.of_kind(FactKind.CALENDAR_LEARNED)] == [
        None,
        None,
        str(NOTICE.year),
        None,
    ]
    for round_ in (permit, over):
        (clock,) = [one for one in round_.clocks if one.kind is ClockKind.REPLY]
        assert due(clock, counted_with(CALENDAR, snapshot.learned, clock)).at == round_.due_at, "explained as counted"
    production = replayer(CONVERTER)
    await production.replay_workflow(history)


async def test_an_order_from_before_there_were_amendments_means_what_it_meant(env: WorkflowEnvironment) -> None:
    async with skipped_time(env, "2023-01-18T10:00") as world:
        await world.start(launch(world).model_copy(update={"calendar": CALENDAR}))
        await world.until("2023-01-18T12:00")
        with pytest.raises(LiandongError) as known:
            await world.engine.decide(CASE, LEARN.model_copy(update={"years": (LONGER,)}))
    assert known.value.code == "years-known"


async def test_a_day_that_is_off_was_never_a_working_day_also_for_who_was_overdue(env: WorkflowEnvironment) -> None:
    script = {
        "permit": [(instant("2023-02-01T11:00"), ACCEPTED)],
        "over": [(instant("2023-01-20T10:00"), ACCEPTED)],
    }
    async with skipped_time(env, "2023-01-18T10:00", script) as world:
        await world.start(launch(world).model_copy(update={"calendar": CALENDAR}))
        await world.until("2023-01-31T10:00")
        assert rungs(await turn(world, "permit"))[-1] == ("2023-01-31T09:00", "reply_overdue")
        await world.engine.decide(CASE, amends("longer", years=(LONGER,)))
        await world.result()
        permit, snapshot = await turn(world, "permit"), await world.snapshot()
        now = await env.get_current_time()
    assert (as_2023(permit.due_at), permit.in_time) == ("2023-02-01T17:00", True)
    (clock,) = [one for one in permit.clocks if one.kind is ClockKind.REPLY]
    planned = instants(LADDER, clock, counted_with(CALENDAR, snapshot.learned, clock), urgent=False)
    assert all(proved(rung, clock, permit.rungs, snapshot.learned) for rung in owed(planned, clock, now))


async def test_a_requesters_time_that_had_lapsed_by_assumption_runs_again(env: WorkflowEnvironment) -> None:
    script: Script = {
        f"{CASE}.permit.r1": [(instant("2023-01-18T16:00"), {"code": "NEED_MORE", "materials": ["lease"]})]
    }
    async with skipped_time(env, "2023-01-18T10:00", script) as world:
        permit = ask("permit", "culture", **LEAD)
        await world.start(world.launch(permit).model_copy(update={"calendar": UNAWARE}))
        await world.until("2023-01-18T16:59")
        issue = IssueSupplementNotice(command_id="n", decided_by="user:clerk", reason="told", legal_basis="art. 32")
        await world.engine.decide(CASE, issue)
        await world.until("2023-01-27T10:00")
        lapsed = await world.snapshot()
        assert lapsed.supplement is not None
        assert (lapsed.supplement.lapsed, "has not supplied" in lapsed.decision_needed) == (True, True)
        await world.engine.decide(CASE, amends("learn", years=(NOTICE,)))
        runs = await world.snapshot()
    assert runs.supplement is not None
    assert (as_2023(runs.supplement.due_at), runs.supplement.lapsed) == ("2023-01-30T17:00", False)
    assert "has not supplied" not in runs.decision_needed


async def test_a_promise_that_was_broken_by_assumption_is_not_broken(env: WorkflowEnvironment) -> None:
    on_trust: dict[str, JsonValue] = {
        "code": "ACCEPTED_CONDITIONALLY",
        "timing": "ISSUE_THEN_VERIFY",
        "commitment": "signed",
        "deferred": [{"name": "card", "due": "5 working_days", "channels": ["POST"]}],
    }
    async with skipped_time(
        env, "2023-01-18T10:00", {f"{CASE}.permit.r1": [(instant("2023-01-18T16:00"), on_trust)]}
    ) as world:
        permit = ask("permit", "culture", **LEAD)
        await world.start(world.launch(permit).model_copy(update={"calendar": UNAWARE}))
        await world.until("2023-01-26T10:00")
        (late,) = (await world.snapshot()).deferrals
        assert (late.state, late.materials[0].state) == (DeferralState.RECTIFYING, MaterialState.OVERDUE)
        await world.engine.decide(CASE, amends("learn", years=(NOTICE,)))
        (kept,) = (await world.snapshot()).deferrals
        assert (kept.state, kept.materials[0].state) == (DeferralState.RUNNING, MaterialState.PROMISED)
        await world.until("2023-01-31T10:00")
        (missed,) = (await world.snapshot()).deferrals
    assert missed.state is DeferralState.RECTIFYING, "by its own date it is"
    assert len(world.store.of_kind(FactKind.PROMISE_RESTORED)) == 1
