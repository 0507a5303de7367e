import datetime as dt

import pytest
from pydantic import ValidationError

from domain.clock import (
    Clock,
    ClockAlreadyPaused,
    ClockError,
    ClockKind,
    ClockNeverPauses,
    ClockNotPaused,
    ClockOutOfOrder,
    ClockStopped,
    Extension,
    ExtensionAskedTooLate,
    ExtensionNotLater,
    ExtensionsUsedUp,
    Pause,
    due,
    extend,
    pause,
    resume,
    stop,
)
from domain.limit import Limit
from tests.domain.calendars import COMPRESSED, REAL, at, clock


def due_local(subject: Clock) -> str:
    """The due instant as local text, minutes exact."""
    instant = due(subject, REAL).at
    assert instant is not None
    return REAL.local(instant).strftime("%Y-%m-%dT%H:%M")


def paused(subject: Clock, start: str, end: str) -> Clock:
    return resume(pause(subject, at(start), "补正"), at(end))


def granted(when: str, limit: str) -> Extension:
    return Extension(granted_at=at(when), granted_by="duty_leader", reason="复杂", limit=Limit.parse(limit))


GOLDEN = {
    "2023-01-03": {1: "2023-01-04", 3: "2023-01-06", 5: "2023-01-10", 10: "2023-01-17", 15: "2023-01-29"},
    "2023-01-20": {1: "2023-01-28", 3: "2023-01-30", 5: "2023-02-01", 10: "2023-02-08", 15: "2023-02-15"},
    "2023-02-15": {1: "2023-02-16", 3: "2023-02-20", 5: "2023-02-22", 10: "2023-03-01", 15: "2023-03-08"},
    "2023-04-28": {1: "2023-05-04", 3: "2023-05-06", 5: "2023-05-09", 10: "2023-05-16", 15: "2023-05-23"},
    "2026-02-13": {5: "2026-02-27"},
}


@pytest.mark.parametrize(
    ("start", "days", "end"), [(start, days, end) for start, row in GOLDEN.items() for days, end in row.items()]
)
def test_golden_working_days(start: str, days: int, end: str) -> None:
    subject = clock(start, f"{days} working_days")
    assert due_local(subject) == f"{end}T17:00"
    assert not due(subject, REAL).provisional


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        ("2023-01-04", "10 calendar_days", "2023-01-16T17:00"),  # Saturday the 14th rolls
        ("2023-01-04", "20 calendar_days", "2023-01-28T17:00"),  # Spring Festival rolls to a worked Saturday
        ("2023-01-04", "9 calendar_days", "2023-01-13T17:00"),
        ("2023-04-28T15:00", "4 working_hours", "2023-05-04T11:00"),
        ("2023-04-28T13:00", "4 working_hours", "2023-04-28T17:00"),
        ("2023-05-07T10:00", "8 working_hours", "2023-05-08T17:00"),
        ("2023-01-20T16:30", "9 working_hours", "2023-01-29T09:30"),
        ("2023-02-15T10:05", "end_of_business_today", "2023-02-15T17:00"),
        ("2023-01-20T17:00", "end_of_business_today", "2023-01-28T17:00"),
        ("2023-01-20T23:30", "90 minutes", "2023-01-21T01:00"),
        ("2023-01-20T23:30", "2 hours", "2023-01-21T01:30"),
        ("2023-01-03", "2023-01-20", "2023-01-20T17:00"),
        ("2023-01-03", "2023-01-22", "2023-01-22T17:00"),  # an agreed date is a promise, even on a holiday
    ],
)
def test_other_units(start: str, limit: str, end: str) -> None:
    assert due_local(clock(start, limit)) == end


@pytest.mark.parametrize(
    ("received", "end"),
    [
        ("2023-04-28T08:00", "2023-05-04T17:00"),  # before opening: counts as received at opening
        ("2023-04-28T16:59", "2023-05-04T17:00"),
        ("2023-04-28T17:00", "2023-05-05T17:00"),  # after closing: counts as received on the 4th
        ("2023-04-30T11:00", "2023-05-05T17:00"),  # on a holiday
    ],
)
def test_receipt_outside_office_hours_counts_as_the_next_working_day(received: str, end: str) -> None:
    assert due_local(clock(received, "1 working_days")) == end


def test_the_receipt_rule_is_a_setting() -> None:
    plain = REAL.model_copy(update={"receipt_outside_hours_counts_next_day": False})
    late = clock("2023-04-28T20:00", "1 working_days")
    assert due(late, plain).at == at("2023-05-04T17:00")
    assert due(late, REAL).at == at("2023-05-05T17:00")


def test_a_public_notice_is_no_receipt_so_its_own_day_counts_as_its_start() -> None:
    saturday = "2023-02-18T09:00"
    assert due_local(clock(saturday, "10 calendar_days", ClockKind.STATUTORY_NOTICE)) == "2023-02-28T17:00"
    assert due_local(clock(saturday, "10 calendar_days")) == "2023-03-02T17:00"


@pytest.mark.parametrize(
    ("start", "limit", "kind", "end"),
    [
        ("2023-01-03T09:30", "1 working_days", ClockKind.FIRST_CONTACT, "2023-01-04"),
        ("2023-01-03T09:30", "5 working_days", ClockKind.REPLY, "2023-01-10"),
        ("2023-01-04T00:00", "10 calendar_days", ClockKind.STATUTORY_NOTICE, "2023-01-16"),
        ("2023-02-15T10:05", "end_of_business_today", ClockKind.REPLY, "2023-02-15"),
        ("2023-02-15T11:20", "5 working_days", ClockKind.DEFERRED_MATERIAL, "2023-02-22"),
        ("2023-04-28T09:00", "1 working_days", ClockKind.SIGN_FOR, "2023-05-04"),
        ("2023-04-28T09:00", "3 working_days", ClockKind.REPLY, "2023-05-06"),
    ],
)
def test_the_scenarios_due_days(start: str, limit: str, kind: ClockKind, end: str) -> None:
    assert due_local(clock(start, limit, kind)) == f"{end}T17:00"


def test_beyond_the_known_calendar_a_due_instant_is_provisional() -> None:
    subject = clock("2026-12-28", "5 working_days")
    found = due(subject, REAL)
    assert (found.at, found.provisional) == (at("2027-01-05T17:00"), True)
    assert "Provisional" in found.lines[-2].text_en
    assert not due(clock("2026-12-28", "3 working_days"), REAL).provisional
    assert due(clock("2026-12-28", "72 hours"), REAL).provisional is False


def test_the_golden_pause() -> None:
    held = pause(clock("2023-02-15", "5 working_days"), at("2023-02-17T17:00"), "补正", legal_basis="许可法第32条")
    waiting = due(held, REAL)
    assert waiting.at is None
    assert waiting.lines[-1].instant is None
    assert due_local(resume(held, at("2023-02-24T11:00"))) == "2023-03-01T17:00"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2023-02-17T10:00", "2023-02-17T15:00", "2023-02-22"),  # within one day: the day counts once
        ("2023-02-17T10:00", "2023-02-17T10:00", "2023-02-22"),
        ("2023-02-17T14:00", "2023-02-24T11:00", "2023-03-01"),  # the day a pause begins on is used up
        ("2023-02-17T18:00", "2023-02-20T08:00", "2023-02-22"),  # no office time lost
        ("2023-02-17T17:00", "2023-02-24T18:00", "2023-03-02"),  # resumed after closing: counts as the next day
        ("2023-02-22T10:00", "2023-02-24T11:00", "2023-02-24"),  # paused on the last day
        ("2023-02-23T10:00", "2023-02-24T11:00", "2023-02-22"),  # after the end nothing is left to hold
    ],
)
def test_pauses_take_whole_working_days(start: str, end: str, expected: str) -> None:
    assert due_local(paused(clock("2023-02-15", "5 working_days"), start, end)) == f"{expected}T17:00"


def test_a_pause_that_ends_on_the_day_of_receipt_takes_no_day_that_counts() -> None:
    assert due_local(paused(clock("2023-02-17T20:00", "1 working_days"), "2023-02-17T21:00", "2023-02-20T10:00")) == (
        "2023-02-21T17:00"
    )


def test_an_open_pause_on_the_last_day_holds_the_clock() -> None:
    assert due(pause(clock("2023-02-15", "5 working_days"), at("2023-02-22T16:00"), "补正"), REAL).at is None


def test_a_pause_of_calendar_days_and_of_working_hours() -> None:
    assert due_local(paused(clock("2023-02-15", "10 calendar_days"), "2023-02-17T17:00", "2023-02-24")) == (
        "2023-03-06T17:00"  # Saturday the 25th and seven days: Saturday 4 March, rolled
    )
    assert due_local(paused(clock("2023-02-15", "8 working_hours"), "2023-02-15T15:00", "2023-02-16T10:00")) == (
        "2023-02-16T13:00"
    )
    assert due_local(paused(clock("2023-02-15", "90 minutes"), "2023-02-15T10:30", "2023-02-15T10:45")) == (
        "2023-02-15T11:45"
    )


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2023-01-16T10:00", "2023-01-18T10:00", "2023-01-18"),  # paused on the day that the end rolled to
        ("2023-01-16T10:00", "2023-01-18T20:00", "2023-01-19"),  # resumed after closing: counts as the next day
        ("2023-01-13T10:00", "2023-01-13T20:00", "2023-01-17"),  # the same before a weekend: as with working days
        ("2023-01-14T10:00", "2023-01-18T10:00", "2023-01-18"),  # paused on the Saturday that is the last day
        ("2023-01-15T10:00", "2023-01-18T10:00", "2023-01-19"),  # between the last day and the one it rolled to
        ("2023-01-15T08:00", "2023-01-15T10:00", "2023-01-16"),  # no day that counts is lost
        ("2023-01-14T18:00", "2023-01-15T20:00", "2023-01-16"),
    ],
)
def test_a_pause_at_the_rolled_end_of_calendar_days_leaves_what_was_left(start: str, end: str, expected: str) -> None:
    assert due_local(paused(clock("2023-01-04", "10 calendar_days"), start, end)) == f"{expected}T17:00"


@pytest.mark.parametrize("limit", ["10 calendar_days", "8 working_days"])
def test_a_clock_that_is_resumed_at_night_is_not_overdue_at_once_wherever_the_night_counts(limit: str) -> None:
    calendar = REAL.model_copy(update={"receipt_outside_hours_counts_next_day": False})
    resumed = paused(clock("2023-01-04", limit), "2023-01-16T10:00", "2023-01-18T20:00")
    assert due(resumed, calendar).at == at("2023-01-19T17:00")


def test_a_pause_that_counts_in_the_limit_moves_nothing() -> None:
    held = pause(clock("2023-02-15", "5 working_days"), at("2023-02-17"), "核查", counts_in_limit=True)
    assert due_local(held) == "2023-02-22T17:00"
    assert "runs on" in due(held, REAL).lines[-2].text_en


def test_extensions_add_to_the_due_instant() -> None:
    subject = clock("2023-04-28", "3 working_days")
    assert due_local(extend(subject, granted("2023-05-04", "2 working_days"), REAL)) == "2023-05-09T17:00"
    assert due_local(extend(subject, granted("2023-05-04", "2023-05-31"), REAL)) == "2023-05-31T17:00"
    until = Extension(granted_at=at("2023-05-04"), granted_by="duty_leader", reason="台风", until=dt.date(2023, 5, 10))
    assert due_local(extend(subject, until, REAL)) == "2023-05-10T17:00"


def test_an_extension_that_reached_the_history_never_moves_the_clock_back() -> None:
    early = Extension(granted_at=at("2023-04-28"), granted_by="x", reason="y", until=dt.date(2023, 5, 4))
    subject = clock("2023-04-28", "3 working_days")
    assert due_local(subject.model_copy(update={"extensions": (early,)})) == due_local(subject)
    with pytest.raises(ExtensionNotLater):
        extend(subject, early, REAL)


def test_an_extension_is_asked_for_in_time_and_not_too_often() -> None:
    subject = clock("2023-04-28", "3 working_days")
    late = granted("2023-05-08T10:00", "2 working_days")
    with pytest.raises(ExtensionAskedTooLate):
        extend(subject, late, REAL)
    once = extend(subject, late, REAL, asked_at=at("2023-05-06T16:00"), at_most=1)
    assert due_local(once) == "2023-05-09T17:00"
    with pytest.raises(ExtensionsUsedUp):
        extend(once, late, REAL, asked_at=at("2023-05-06T16:00"), at_most=1)


def test_changes_that_the_rules_refuse() -> None:
    subject = clock("2023-02-15", "5 working_days")
    held = pause(subject, at("2023-02-17"), "补正")
    with pytest.raises(ClockAlreadyPaused):
        pause(held, at("2023-02-18"), "again")
    with pytest.raises(ClockNotPaused):
        resume(subject, at("2023-02-18"))
    with pytest.raises(ClockOutOfOrder):
        resume(held, at("2023-02-16"))
    with pytest.raises(ClockOutOfOrder):
        pause(subject, at("2023-02-14"), "before the start")
    with pytest.raises(ClockOutOfOrder):
        pause(resume(held, at("2023-02-20")), at("2023-02-19"), "inside an earlier pause")
    with pytest.raises(ClockStopped):
        pause(stop(subject, at("2023-02-16")), at("2023-02-17"), "补正")
    with pytest.raises(ClockNeverPauses):
        pause(clock("2023-02-15", "1 working_days", ClockKind.FIRST_CONTACT), at("2023-02-15T11:00"), "补正")


def test_every_refusal_is_a_value_error_with_its_own_stable_code() -> None:
    kinds = ClockError.__subclasses__()
    assert all(issubclass(kind, ValueError) for kind in kinds)
    assert len({kind.code for kind in kinds}) == len(kinds) == 8


def test_a_clock_read_from_a_history_keeps_its_pauses_in_order() -> None:
    subject = paused(clock("2023-02-15", "5 working_days"), "2023-02-17", "2023-02-20")
    assert Clock.model_validate_json(subject.model_dump_json()) == subject
    early = Pause(started_at=at("2023-02-14"), reason="x")
    with pytest.raises(ValidationError, match="follow one another"):
        Clock.model_validate(subject.model_dump() | {"pauses": (early,)})
    with pytest.raises(ValidationError, match="cannot end before"):
        Pause(started_at=at("2023-02-15"), ended_at=at("2023-02-14"), reason="x")


def test_instants_without_a_zone_are_refused() -> None:
    fields = {"clock_id": "a", "kind": "reply", "started_at": "2023-02-15T10:00:00", "limit": "5 working_days"}
    with pytest.raises(ValidationError, match="timezone"):
        Clock.model_validate(fields)


def test_why_is_it_due_then() -> None:
    subject = paused(clock("2023-04-28T17:30", "3 working_days"), "2023-05-05T18:00", "2023-05-08T11:00")
    found = due(subject, REAL)
    assert [(line.text_en, line.instant) for line in found.lines] == [
        ("Started 2023-04-28 (Fri) 17:30", at("2023-04-28T17:30")),
        ("Outside office hours: counts as 2023-05-04 (Thu) 09:00", at("2023-05-04T09:00")),
        (
            "3 working days, counted from the day after 2023-05-04, end on 2023-05-08 (Mon); days off: 05-07; "
            "worked weekend days: 05-06",
            at("2023-05-08T17:00"),
        ),
        ("Paused from 2023-05-05 (Fri) 18:00 to 2023-05-08 (Mon) 11:00 (补正)", at("2023-05-10T17:00")),
        ("Due 2023-05-10 (Wed) 17:00", at("2023-05-10T17:00")),
    ]
    assert found.lines[-1].text_zh == "到期时间：2023年5月10日（周三）17:00"


@pytest.mark.parametrize(
    ("limit", "seconds"),
    [
        ("1 working_days", 8),
        ("5 working_days", 40),
        ("10 calendar_days", 80),
        ("4 working_hours", 4),
        ("end_of_business_today", 8),
        ("3 seconds", 3),
    ],
)
def test_a_compressed_calendar_counts_seconds_at_any_hour_and_says_so(limit: str, seconds: int) -> None:
    subject = clock("2023-01-22T03:00", limit)
    found = due(subject, COMPRESSED)
    assert found.at == subject.started_at + dt.timedelta(seconds=seconds)
    assert "one working or calendar day lasts 8 s" in found.lines[0].text_en
    assert not found.provisional
    held = resume(pause(subject, at("2023-01-22T03:00:01"), "补正"), at("2023-01-22T03:00:03"))
    assert due(held, COMPRESSED).at == found.at + dt.timedelta(seconds=2)
