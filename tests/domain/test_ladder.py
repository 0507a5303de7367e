import pytest
from pydantic import ValidationError

from domain.clock import ClockKind, pause
from domain.ladder import Ladder, Rung, RungWhen, check_ladder, instants, rung_instant
from domain.limit import Limit
from tests.domain.calendars import COMPRESSED, REAL, at, clock


def rung(name: str, when: str, kind: ClockKind = ClockKind.REPLY, *, office_hours_only: bool = True) -> Rung:
    return Rung(
        name=name,
        clock=kind,
        when=RungWhen.model_validate(when),
        tell=("department_officer",),
        channel="inbox",
        office_hours_only=office_hours_only,
    )


def ladder(*rungs: Rung) -> Ladder:
    return Ladder(version="test", rungs=rungs)


def fired(
    rungs: Ladder, start: str, limit: str, kind: ClockKind = ClockKind.REPLY, *, urgent: bool = False
) -> dict[str, str]:
    found = instants(rungs, clock(start, limit, kind), REAL, urgent=urgent)
    return {scheduled.rung.name: REAL.local(scheduled.at).strftime("%m-%dT%H:%M") for scheduled in found}


SILENCE = ladder(
    rung("sign_overdue", "at", ClockKind.SIGN_FOR),
    rung("remind", "before 1 working_days"),
    rung("overdue", "at"),
    rung("head", "after 1 working_days"),
    rung("duty_leader", "after 2 working_days"),
    rung("supervision", "after 5 working_days"),
)
REPLY_LIMITS = {ClockKind.REPLY: [Limit.parse("3 working_days")], ClockKind.SIGN_FOR: [Limit.parse("4 working_hours")]}


def test_silence_over_labour_day_climbs_at_opening_hours_only() -> None:
    assert fired(SILENCE, "2023-04-28T09:00", "1 working_days", ClockKind.SIGN_FOR) == {"sign_overdue": "05-05T09:00"}
    assert fired(SILENCE, "2023-04-28T09:00", "3 working_days") == {
        "remind": "05-05T09:00",
        "overdue": "05-08T09:00",
        "head": "05-08T09:00",
        "duty_leader": "05-09T09:00",
        "supervision": "05-12T09:00",
    }


def test_a_promised_material_that_never_comes() -> None:
    material = ladder(
        rung("two_days_left", "before 2 working_days", ClockKind.DEFERRED_MATERIAL),
        rung("today", "before 0 working_days", ClockKind.DEFERRED_MATERIAL),
        rung("overdue", "at", ClockKind.DEFERRED_MATERIAL),
    )
    assert fired(material, "2023-02-15T11:20", "5 working_days", ClockKind.DEFERRED_MATERIAL) == {
        "two_days_left": "02-20T09:00",
        "today": "02-22T09:00",
        "overdue": "02-23T09:00",
    }


def test_an_urgent_case_is_chased_at_once() -> None:
    assert fired(SILENCE, "2023-04-28T09:00", "3 working_days", urgent=True)["overdue"] == "05-06T17:00"
    anytime = ladder(rung("overdue", "at", office_hours_only=False))
    assert fired(anytime, "2023-04-28T09:00", "3 working_days") == {"overdue": "05-06T17:00"}


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("at", "2023-05-08T09:00"),
        ("due_day", "2023-05-06T09:00"),
        ("before 2 working_hours", "2023-05-06T15:00"),
        ("before 8 working_hours", "2023-05-06T09:00"),
        ("before 9 working_hours", "2023-05-05T16:00"),
        ("before 30 minutes", "2023-05-06T16:30"),
        ("before 20 hours", "2023-05-06T09:00"),  # 21:00 the evening before waits for the opening
        ("before 6 calendar_days", "2023-05-04T09:00"),  # 30 April is a holiday
        ("after 1 working_hours", "2023-05-08T10:00"),
        ("after 1 minutes", "2023-05-08T09:00"),
        ("after 1 calendar_days", "2023-05-08T09:00"),
    ],
)
def test_rungs_around_a_worked_saturday(when: str, expected: str) -> None:
    assert rung_instant(rung("r", when), at("2023-05-06T17:00"), REAL, urgent=False) == at(expected)


def test_the_due_day_of_a_promise_on_a_holiday_is_reminded_on_the_workday_before() -> None:
    assert rung_instant(rung("r", "due_day"), at("2023-01-22T17:00"), REAL, urgent=False) == at("2023-01-20T09:00")


def test_a_reminder_that_would_come_with_the_task_itself_is_left_out() -> None:
    assert "remind" not in fired(SILENCE, "2023-04-28T09:00", "1 working_days")
    today = ladder(rung("today", "due_day"), rung("overdue", "at"))
    assert list(fired(today, "2023-02-15T10:05", "end_of_business_today")) == ["overdue"]


def test_a_held_clock_fires_nothing() -> None:
    held = pause(clock("2023-04-28", "3 working_days"), at("2023-05-04"), "补正")
    assert instants(SILENCE, held, REAL, urgent=False) == ()


def test_a_compressed_ladder_keeps_its_proportions() -> None:
    subject = clock("2023-01-22T03:00", "3 working_days")
    seconds = {
        scheduled.rung.name: (scheduled.at - subject.started_at).total_seconds()
        for scheduled in instants(SILENCE, subject, COMPRESSED, urgent=False)
    }
    assert seconds == {"remind": 16, "overdue": 24, "head": 32, "duty_leader": 40, "supervision": 64}


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("before 2 working_days", "before 2 working_days"),
        ("before 0 working_days", "due_day"),
        ("before 0 calendar_days", "due_day"),
        ("at", "at"),
        ("after 1 working_day", "after 1 working_days"),
    ],
)
def test_when_reads_its_text(text: str, again: str) -> None:
    when = RungWhen.model_validate(text)
    assert str(when) == again
    assert RungWhen.model_validate_json(when.model_dump_json()) == when


def test_when_reads_fields() -> None:
    assert str(RungWhen.model_validate({"relation": "after", "limit": None})) == "at"
    assert str(RungWhen(relation="before", limit=Limit.parse("2 working_days"))) == "before 2 working_days"
    zero = {"relation": "before", "limit": {"unit": "working_days", "amount": 0}}
    assert str(RungWhen.model_validate(zero)) == "due_day"


@pytest.mark.parametrize(
    "text", ["after 0 working_days", "before end_of_business_today", "after 2023-01-20", "sometimes", "before lunch"]
)
def test_a_bad_when_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        RungWhen.model_validate(text)


def test_a_good_ladder_has_no_problems() -> None:
    assert check_ladder(SILENCE, REPLY_LIMITS, REAL) == []
    assert check_ladder(SILENCE, REPLY_LIMITS, COMPRESSED) == []


@pytest.mark.parametrize(
    ("when", "limit", "fires"),
    [
        ("before 1 working_days", "1 working_days", False),
        ("before 1 working_days", "2 working_days", True),
        ("before 3 working_days", "3 working_days", False),
        ("before 4 working_hours", "4 working_hours", False),
        ("before 3 working_hours", "4 working_hours", True),
        ("before 1 working_days", "4 working_hours", False),
        ("due_day", "4 working_hours", True),
        ("due_day", "end_of_business_today", False),
        ("before 90 minutes", "1 hours", False),
        ("before 10 calendar_days", "10 calendar_days", False),
        ("before 9 calendar_days", "10 calendar_days", True),
        ("before 9 calendar_days", "2023-01-20", True),
        ("after 30 working_days", "1 hours", True),
    ],
)
def test_a_rung_that_could_never_fire_is_named(when: str, limit: str, fires: bool) -> None:
    problems = check_ladder(ladder(rung("r", when)), {ClockKind.REPLY: [Limit.parse(limit)]}, REAL)
    assert problems == (
        [] if fires else [f"rung r: can never fire, no limit of reply has room for {RungWhen.model_validate(when)}"]
    )


def test_one_limit_with_room_is_enough() -> None:
    limits = {ClockKind.REPLY: [Limit.parse("1 working_days"), Limit.parse("5 working_days")]}
    assert check_ladder(ladder(rung("r", "before 1 working_days")), limits, REAL) == []


def test_duplicates_unknown_clocks_unknown_roles_and_wrong_order_are_named() -> None:
    stranger = rung("stranger", "at").model_copy(update={"tell": ("mayor",)})
    wrong = ladder(
        rung("overdue", "at"),
        rung("overdue", "after 2 working_days"),
        rung("late", "before 1 working_days"),
        rung("contact", "at", ClockKind.FIRST_CONTACT),
        stranger,
    )
    assert check_ladder(wrong, REPLY_LIMITS, REAL) == [
        "rung overdue: the name is used twice",
        "rung contact: no limit is known for the clock first_contact",
        "rung stranger: unknown role mayor",
        "rung late: fires before overdue, which is listed below it",
        "rung stranger: fires before overdue, which is listed below it",
    ]
