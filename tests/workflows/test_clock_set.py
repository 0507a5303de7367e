"""Clocks that are watched together, without a workflow around them."""

from domain.clock import Clock, ClockKind, Extension, extend, pause
from domain.limit import Limit
from tests.workflows.skipped_time import CALENDAR, LADDER, instant
from workflows.clock_set import ClockSet, Rules

RULES = Rules(CALENDAR, LADDER, urgent=False)
REPLY = ClockKind.REPLY


def clock(start: str, limit: str, kind: ClockKind = REPLY) -> Clock:
    return Clock(clock_id="q", kind=kind, started_at=instant(start), limit=Limit.parse(limit))


def watch(*clocks: Clock, number: int = 1) -> ClockSet:
    made = ClockSet("q", number, RULES)
    for one in clocks:
        made.start(one)
    return made


def climb(watched: ClockSet, until: str) -> list[str]:
    """What the clock loop does when nothing holds a rung."""
    fired = [rung for rung in watched.open_rungs() if rung.at <= instant(until)]
    watched.settled |= {rung.key for rung in fired}
    return [rung.scheduled.rung.name for rung in fired]


def test_a_stopped_clock_has_no_pause_that_could_be_used_up() -> None:
    bound = Limit.parse("2 working_days")
    signing = clock("2023-03-13", "1 working_days", ClockKind.SIGN_FOR)
    held = pause(signing, instant("2023-03-13T10:00"), "x", at_most=bound)
    watched = watch(held)
    assert watched.clocks[ClockKind.SIGN_FOR].runs_on_at is not None
    watched.stop(ClockKind.SIGN_FOR, instant("2023-03-14T10:00"))
    assert watched.clocks[ClockKind.SIGN_FOR].runs_on_at is None
    assert watched.clock(ClockKind.SIGN_FOR).open_pause is None
    assert watched.due_at(ClockKind.SIGN_FOR) == instant("2023-03-15T17:00")
    assert [*watched.open_rungs()] == []


def test_a_ladder_is_climbed_when_its_last_rung_is_settled_and_nothing_fires_any_more() -> None:
    watched = watch(clock("2023-03-13", "1 working_days"))
    climb(watched, "2023-03-20T12:00")
    assert not watched.spent(REPLY)
    watched.in_flight = set()
    climb(watched, "2023-03-21T12:00")
    assert watched.spent(REPLY)
    watched.in_flight = {(REPLY, "leading_group")}
    assert not watched.spent(REPLY)


def test_a_ladder_that_was_climbed_in_two_turns_is_climbed() -> None:
    before = watch(clock("2023-03-13", "5 working_days"))
    assert climb(before, "2023-03-17T11:00") == ["reply_reminder"]
    going_on = watch(number=2)
    going_on.carry(before.clock(REPLY), before, instant("2023-03-17T14:00"))
    later = ["reply_overdue", "duty_leader_decides", "supervision", "leading_group"]
    assert climb(going_on, "2023-04-01T12:00") == later
    assert going_on.spent(REPLY)


def test_a_ladder_whose_reminder_is_moved_behind_us_by_an_extension_is_climbed() -> None:
    watched = watch(clock("2023-03-13", "3 working_days"))
    assert climb(watched, "2023-03-16T10:00") == ["reply_reminder"]
    granted = instant("2023-03-16T10:00")
    more = Extension(granted_at=granted, granted_by="x", reason="y", limit=Limit.parse("1 working_days"))
    watched.change(extend(watched.clock(REPLY), more, CALENDAR), granted)
    assert "reply_reminder" not in climb(watched, "2023-04-01T12:00")
    assert watched.spent(REPLY)


def test_a_climbed_ladder_that_is_counted_anew_stays_climbed() -> None:
    unaware = CALENDAR.model_copy(update={"years": CALENDAR.years[:-1]})
    watched = ClockSet("q", 1, Rules(unaware, LADDER, urgent=False))
    watched.start(clock("2023-04-27", "1 working_days"))
    climb(watched, "2023-06-01T12:00")
    before = [rung.at for rung in watched.clocks[REPLY].rungs]
    watched.count_anew(RULES, instant("2023-06-01T12:00"))
    assert [rung.at for rung in watched.clocks[REPLY].rungs] != before
    assert watched.spent(REPLY)
