"""Preview and launch: one completed plan, all problems at once, one run, and an order that is never forgotten."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from domain.clock import ClockKind
from domain.codes import CaseStage, Cause, Role, TriageDecision, Urgency
from domain.errors import ErrorCategory, LiandongError
from domain.fact import FactKind
from domain.ladder import Ladder, Rung, RungWhen
from domain.limit import Limit
from domain.outage import OutagePause
from domain.plan import Ask, AskKind, Plan
from domain.policy import DistrictPolicy
from domain.preview import PlanPreview
from services.launch_coordination import launch_coordination
from services.preview_plan import preview_plan
from services.relay import relay_launches
from services.triage_case import TriageInput, triage_case
from tests.services.conftest import LEADER, SUPERVISOR, Window, ask, plan

LATER = Ask(key="notice", kind=AskKind.STATUTORY_WAIT, text="公示", after=("dissolve",), reply_limit="10 calendar_days")  # type: ignore[arg-type]


async def previewed(window: Window, *asks: Ask, urgency: Urgency = Urgency.NORMAL) -> PlanPreview:
    record = await window.triaged(urgency=urgency)
    return await preview_plan(window.office, LEADER, record.case_id, plan(*asks))


async def problems_of(window: Window, *asks: Ask) -> set[tuple[str, str]]:
    record = await window.triaged()
    found = []
    for use in (preview_plan, launch_coordination):
        with pytest.raises(LiandongError) as caught:
            await use(window.office, LEADER, record.case_id, Plan(asks=asks))
        assert (caught.value.category, caught.value.code) == (ErrorCategory.INVALID, "plan-unsound")
        found.append({(problem.field, problem.rule) for problem in caught.value.problems})
    assert found[0] == found[1]
    after = await window.record(record.case_id)
    assert (after.stage, after.plan) == (CaseStage.TRIAGED, None)
    assert window.engine.starts.total() == 0
    return found[0]


async def test_limits_come_from_the_ask_then_the_department_then_the_urgency(window: Window) -> None:
    async with window.store.writing() as session:
        police = await session.directory.get("police")
        assert police is not None
        await session.directory.save(police.model_copy(update={"reply_limit": Limit.parse("2 working_days")}))
    own = ask("own", reply_limit={"unit": "working_days", "amount": 7}, role=Role.LEAD)
    shown = await previewed(window, own, ask("theirs", "police"), ask("hurry"), urgency=Urgency.URGENT)
    limits = [str(one.reply_limit) for one in shown.plan.asks]
    assert limits == ["7 working_days", "2 working_days", "1 working_days"]


async def test_a_preview_explains_every_instant_and_starts_nothing(window: Window) -> None:
    shown = await previewed(window)
    first = shown.asks[0]
    assert first.due is not None
    assert first.sign_due is not None
    assert first.due.at == datetime(2023, 1, 10, 9, 0, tzinfo=UTC)
    assert first.due.lines[-1].instant == first.due.at
    assert not first.start_assumed
    rungs = {rung.rung: rung.at for rung in first.rungs if rung.clock is ClockKind.REPLY}
    assert rungs["reply_overdue"] >= first.due.at > rungs["reply_reminder"]
    assert window.engine.starts.total() == 0
    assert (await window.record(shown.case_id)).plan is None


async def test_an_ask_that_waits_starts_at_the_earliest_and_says_so(window: Window) -> None:
    shown = await previewed(window, ask("dissolve", role=Role.LEAD), LATER, ask("licence", after=("notice",)))
    notice, licence = shown.asks[1:]
    assert notice.start_assumed
    assert "dissolve" in notice.start_note_zh
    # Ten calendar days from 3 January end on the 13th, a Friday
    assert notice.due is not None
    assert notice.due.at == datetime(2023, 1, 13, 9, 0, tzinfo=UTC)
    assert licence.starts_at == notice.due.at


async def test_only_the_named_fields_leave_and_only_from_the_case(window: Window) -> None:
    forged = {"requester_contact": "13911111111", "password": "x"}
    named = ask("named", role=Role.LEAD, sees=("requester_name", "uscc", "item"), fields=forged)
    shown = await previewed(window, named, ask("nothing", fields=forged), ask("care", sees=("health",)))
    by_key = {one.key: one.fields for one in shown.plan.asks}
    assert by_key["named"] == {"requester_name": "反映人甲", "item": "食品经营许可"}
    assert by_key["nothing"] == {}
    assert by_key["care"] == {"health": "需要透析"}


async def test_every_problem_is_named_at_once(window: Window) -> None:
    found = await problems_of(
        window,
        ask("a", "nowhere", after=("b",)),
        ask("b", after=("a",), sees=("password",), text="   "),
        ask("c", reply_limit={"unit": "fixed_date", "date": "2022-12-30"}),
        ask("d", reply_limit={"unit": "hours", "amount": 1}, sign_limit={"unit": "hours", "amount": 2}),
        Ask(key="e", kind=AskKind.EXTERNAL, text="联系", party="物业", sees=("health",)),
        Ask(key="f", kind=AskKind.STATUTORY_WAIT, text="公示", reply_limit="3 working_hours"),  # type: ignore[arg-type]
    )
    assert found >= {
        ("asks.0.department", "known-department"),
        ("asks", "no-cycle"),
        ("asks.1.sees", "known-field"),
        ("asks.1.text", "not-blank"),
        ("asks.2.reply_limit", "limit-after-start"),
        ("asks.3.sign_limit", "sign-before-reply"),
        ("asks.4.sees", "sensitive-stays-inside"),
        ("asks.5.reply_limit", "unit-fits-period"),
    }


async def test_a_complaint_is_never_planned_for_the_unit_complained_of(window: Window) -> None:
    record = await window.register()
    conduct = TriageInput(decision=TriageDecision.SUPERVISE, cause=Cause.CONDUCT, complained_of="market")
    await triage_case(window.office, LEADER, record.case_id, conduct)
    with pytest.raises(LiandongError) as caught:
        await launch_coordination(window.office, LEADER, record.case_id, plan(ask("x", role=Role.LEAD)))
    assert [problem.rule for problem in caught.value.problems] == ["not-the-unit-complained-of"]
    launched = await launch_coordination(window.office, LEADER, record.case_id, plan(ask("x", "police")))
    assert launched.plan is not None
    assert str(launched.plan.asks[0].reply_limit) == "3 working_days"


async def test_a_launch_reaches_the_engine_with_everything_it_needs(window: Window) -> None:
    record = await window.launched()
    launch = window.engine.launches[record.case_id]
    assert record.stage is CaseStage.COORDINATING
    assert launch.launched_at == record.launched_at == window.wall.at
    assert {route.code for route in launch.routes} == {one.code for one in window.office.policy.departments}
    assert (str(launch.objection_limit), str(launch.supplement_limit)) == ("1 working_days", "5 working_days")
    assert launch.held_by["户籍证明"] == "police"
    assert launch.grounds.excluded_matter == "食品安全"
    assert not launch.grounds.dishonesty_record
    assert not launch.grounds.declined_by_requester
    assert launch.plan.asks[0].silence_consents is None
    assert {notice.year for notice in launch.calendar.years} <= {2021, 2022, 2023, 2024, 2025, 2026}
    assert len(launch.calendar.years) <= 5
    assert all(one.reply_limit and one.sign_limit for one in launch.plan.asks)
    assert len(await window.facts(record.case_id, FactKind.LAUNCH_REQUESTED)) == 1


async def test_launched_twice_at_once_is_one_run_and_one_record(window: Window) -> None:
    record = await window.triaged()
    made = await asyncio.gather(*(launch_coordination(window.office, LEADER, record.case_id, plan()) for _ in range(5)))
    assert all(one.plan == made[0].plan for one in made)
    assert window.engine.starts[record.case_id] == 1
    assert len(await window.facts(record.case_id, FactKind.LAUNCH_REQUESTED)) == 1


async def test_another_plan_after_the_launch_is_a_conflict(window: Window) -> None:
    record = await window.launched()
    for other in (plan(ask("other", role=Role.LEAD)), plan(*plan().asks, ask("more"))):
        with pytest.raises(LiandongError) as caught:
            await launch_coordination(window.office, LEADER, record.case_id, other)
        assert caught.value.code == "already-launched"


async def test_a_launch_while_the_engine_is_away_is_started_by_the_relay(window: Window) -> None:
    window.engine.away = True
    record = await window.launched()
    assert record.stage is CaseStage.LAUNCHING
    assert await relay_launches(window.office) == 0
    window.engine.away = False
    # Failing orders pause longer each time
    window.wall.wait(minutes=5)
    assert await relay_launches(window.office) == 1
    assert await relay_launches(window.office) == 0
    after = await window.record(record.case_id)
    assert after.stage is CaseStage.COORDINATING
    assert window.engine.launches[record.case_id].launched_at == record.launched_at


async def test_one_launch_that_always_fails_does_not_hide_the_others(window: Window) -> None:
    window.engine.away = True
    first = await window.launched()
    second = await window.launched(external_id="ext-2")
    window.engine.away = False
    window.engine.broken.add(first.case_id)
    window.wall.wait(minutes=5)
    assert await relay_launches(window.office) == 1
    assert second.case_id in window.engine.launches
    async with window.store.reading() as session:
        intent = await session.intents.get(first.case_id)
    assert intent is not None
    assert (intent.attempts, intent.last_error) == (2, "RuntimeError")


async def test_two_relays_at_once_start_a_case_once(window: Window) -> None:
    window.engine.away = True
    record = await window.launched()
    window.engine.away = False
    window.wall.wait(minutes=5)
    await asyncio.gather(relay_launches(window.office), relay_launches(window.office))
    assert list(window.engine.launches) == [record.case_id]
    assert len(await window.facts(record.case_id, FactKind.LAUNCHED)) == 1


async def test_neither_supervisor_nor_untriaged_case_is_launched(window: Window) -> None:
    record = await window.register()
    for person, category in ((SUPERVISOR, ErrorCategory.FORBIDDEN), (LEADER, ErrorCategory.CONFLICT)):
        with pytest.raises(LiandongError) as caught:
            await launch_coordination(window.office, person, record.case_id, plan())
        assert caught.value.category is category


async def test_a_case_keeps_the_districts_rule_about_outages_that_it_was_launched_under(window: Window) -> None:
    rule = OutagePause(departments=("market",), legal_basis="规〔2023〕2号", at_most=Limit.parse("2 working_days"))
    with_rule = window.office.policy.model_copy(update={"outage_pauses": (rule,)})
    record = await window.triaged()
    await launch_coordination(replace(window.office, policy=with_rule), LEADER, record.case_id, plan())
    assert window.engine.launches[record.case_id].outage_pauses == (rule,)


async def test_a_limit_of_the_plan_is_refused_where_the_ladder_does_not_climb_for_it(window: Window) -> None:
    """Due at closing, twelve working hours before lie on the day before; due in the morning, on the one before that."""
    hours = Rung(
        name="hours_left",
        clock=ClockKind.REPLY,
        when=RungWhen.model_validate("before 12 working_hours"),
        tell=("department_officer",),
        channel="notice",
    )
    policy = window.office.policy
    others = (rung for rung in policy.ladder.rungs if rung.clock is not ClockKind.REPLY)
    rungs = (*others, *_reply_rungs(policy, "before"), hours, *_reply_rungs(policy, "at"))
    climbing = policy.model_copy(update={"ladder": Ladder(version="hours", rungs=rungs)})
    assert climbing.check() == ()
    window.office = replace(window.office, policy=climbing)

    assert (await previewed(window, ask("days", role=Role.LEAD, reply_limit="7 working_days"))).asks
    assert await problems_of(window, ask("hours", role=Role.LEAD, reply_limit="49 hours")) == {("asks", "ladder")}


def _reply_rungs(policy: DistrictPolicy, relation: str) -> tuple[Rung, ...]:
    return tuple(
        rung for rung in policy.ladder.rungs if rung.clock is ClockKind.REPLY and rung.when.relation == relation
    )
