"""What an outage may take from a clock: never more than the policy's bound, and nothing without a policy."""

import datetime as dt
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain import counting
from domain.clock import Clock, ClockKind, due, pause, resume, runs_on_at
from domain.limit import Limit
from domain.outage import OutageCause, OutagePause, hold, rule_for, run_on
from domain.working_calendar import UtcInstant
from tests.domain.calendars import REAL

DOWN = OutageCause.UNREACHABLE
ZONE = dt.timezone(timedelta(hours=8))
MONDAY = datetime(2023, 3, 13, 9, tzinfo=ZONE)


def rule(at_most: str) -> OutagePause:
    return OutagePause(departments=("police",), legal_basis="规〔2023〕2号", at_most=Limit.parse(at_most))


def clock(limit: str = "5 working_days", start: datetime = MONDAY) -> Clock:
    return Clock(clock_id="c", kind=ClockKind.REPLY, started_at=start.astimezone(dt.UTC), limit=Limit.parse(limit))


def at(text: str) -> UtcInstant:
    return datetime.fromisoformat(f"{text}+08:00").astimezone(dt.UTC)


def held(one: Clock, when: datetime, at_most: str = "2 working_days") -> Clock:
    paused = hold(one, when, DOWN, rule(at_most), REAL)
    assert paused is not None
    return paused


def ran_on(one: Clock, when: datetime) -> Clock:
    resumed = run_on(one, when, REAL)
    assert resumed is not None
    return resumed


@pytest.mark.parametrize(
    ("began", "runs_on", "due_at"),
    [
        ("2023-03-14T10:00", "2023-03-16T16:59:59", "2023-03-22T17:00"),
        ("2023-03-14T18:00", "2023-03-16T16:59:59", "2023-03-22T17:00"),
        ("2023-03-14T08:00", "2023-03-15T16:59:59", "2023-03-22T17:00"),
        ("2023-03-17T10:00", "2023-03-21T16:59:59", "2023-03-22T17:00"),
    ],
    ids=["in office hours", "in the evening", "before the office opens", "before a weekend"],
)
def test_two_working_days_take_two_working_days(began: str, runs_on: str, due_at: str) -> None:
    paused = held(clock(), at(began))
    assert due(paused, REAL).at is None
    assert runs_on_at(paused, REAL) == at(runs_on)
    assert due(ran_on(paused, at("2023-06-01T10:00")), REAL).at == at(due_at)


def test_an_outage_that_ends_earlier_pauses_no_longer_than_itself() -> None:
    resumed = ran_on(held(clock(), at("2023-03-14T10:00")), at("2023-03-14T16:00"))
    assert resumed.pauses[0].ended_at == at("2023-03-14T16:00")
    assert due(resumed, REAL).at == due(clock(), REAL).at


def test_the_explanation_names_basis_bound_and_the_instant_at_which_it_runs_on() -> None:
    lines = due(held(clock(), at("2023-03-14T10:00")), REAL).lines
    english, chinese = "\n".join(line.text_en for line in lines), "\n".join(line.text_zh for line in lines)
    assert "the department's system was down; 规〔2023〕2号; at most 2 working days" in english
    assert "Runs on by itself at the latest 2023-03-16 (Thu) 16:59:59" in english
    assert "部门系统中断；依据：规〔2023〕2号；最长2个工作日" in chinese
    assert "最迟于2023年3月16日（周四）16:59:59自动恢复计时" in chinese


def test_a_bound_that_is_used_up_stops_the_clock_no_more() -> None:
    resumed = ran_on(held(clock("10 working_days"), at("2023-03-14T10:00")), at("2023-03-20T10:00"))
    assert hold(resumed, at("2023-03-20T11:00"), DOWN, rule("2 working_days"), REAL) is None


def test_a_clock_that_stands_or_has_stopped_is_left_alone() -> None:
    by_hand = pause(clock(), at("2023-03-14T10:00"), "inspection", legal_basis="art. 45")
    assert hold(by_hand, at("2023-03-14T11:00"), DOWN, rule("2 working_days"), REAL) is None
    assert run_on(by_hand, at("2023-03-14T11:00"), REAL) is None, "only a person ends what a person began"
    stopped = clock().model_copy(update={"stopped_at": at("2023-03-14T10:00")})
    assert hold(stopped, at("2023-03-14T11:00"), DOWN, rule("2 working_days"), REAL) is None
    assert run_on(clock(), at("2023-03-14T11:00"), REAL) is None


def test_a_persons_word_ends_an_outages_pause() -> None:
    resumed = resume(held(clock(), at("2023-03-14T10:00")), at("2023-03-14T12:00"))
    assert due(resumed, REAL).at == due(clock(), REAL).at


@pytest.mark.parametrize("unit", ["2 calendar_days", "2023-03-20", "end_of_business_today"])
def test_what_bounds_no_outage_is_refused(unit: str) -> None:
    with pytest.raises(ValidationError, match="at_most is counted in"):
        rule(unit)


def test_a_rule_is_for_the_departments_that_it_names() -> None:
    named, every = rule("1 working_days"), rule("2 working_days").model_copy(update={"departments": ()})
    assert rule_for((named, every), "police") is named
    assert rule_for((named, every), "market") is every
    assert rule_for((named,), "market") is None


def test_a_day_that_one_pause_took_is_not_taken_by_the_next() -> None:
    """The first ends at close of business, which is the next opening; the second lies over that same opening."""
    first = resume(pause(clock(), at("2023-03-14T16:59"), "one"), at("2023-03-14T17:00"))
    second = resume(pause(first, at("2023-03-14T17:01"), "two"), at("2023-03-15T09:01"))
    one_long = resume(pause(clock(), at("2023-03-14T16:59"), "one"), at("2023-03-15T09:01"))
    assert due(second, REAL).at == due(one_long, REAL).at == at("2023-03-21T17:00")


MINUTES = st.integers(min_value=1, max_value=6 * 24 * 60)
OUTAGES = st.lists(st.tuples(MINUTES, MINUTES), min_size=1, max_size=12)
BOUNDS = st.sampled_from(["30 minutes", "4 hours", "4 working_hours", "1 working_days", "2 working_days"])
LIMITS = st.sampled_from(["3 hours", "8 working_hours", "3 working_days", "10 working_days", "10 calendar_days"])


@given(outages=OUTAGES, bound=BOUNDS, limit=LIMITS, start=st.integers(min_value=0, max_value=20 * 24 * 60))
def test_however_often_a_system_comes_and_goes_its_clock_ends(
    outages: list[tuple[int, int]], bound: str, limit: str, start: int
) -> None:
    """Every pause lies in its outage and within the bound from the first; the end never comes earlier."""
    began = datetime(2023, 4, 20, tzinfo=dt.UTC) + timedelta(minutes=start)
    running = plain = clock(limit, began)
    now, latest = began, None
    for up, down in outages:
        now += timedelta(minutes=up)
        paused = hold(running, now, DOWN, rule(bound), REAL)
        if paused is not None:
            latest = latest or runs_on_at(paused, REAL)
            assert runs_on_at(paused, REAL) == latest
            running = ran_on(paused, now + timedelta(minutes=down))
            ended = running.pauses[-1].ended_at
            assert ended is not None
            assert now <= ended <= now + timedelta(minutes=down)
            assert latest is not None
            assert ended <= latest
        now += timedelta(minutes=down)
    before, after = due(plain, REAL).at, due(running, REAL).at
    assert before is not None
    assert after is not None
    assert after >= before
    if limit.endswith("working_days") and bound.endswith("working_days"):
        more = counting.first_end(Limit.parse(bound), before, REAL.local_day(before), REAL)
        assert after <= more.at
