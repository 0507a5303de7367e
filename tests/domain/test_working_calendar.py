import datetime as dt
import tomllib

import chinese_calendar
import holidays
import pytest
from pydantic import ValidationError

from domain.working_calendar import OfficeHours, WorkingCalendar, YearNotice, load_notice
from tests.domain.calendars import COMPRESSED, NOTICE_FILES, REAL, at

FIRST, LAST = dt.date(2020, 1, 1), dt.date(2026, 12, 31)
EVERY_DAY = [FIRST + dt.timedelta(days=offset) for offset in range((LAST - FIRST).days + 1)]


def test_every_day_agrees_with_two_independent_sources() -> None:
    china = holidays.country_holidays("CN", years=range(2019, 2028))
    ours = {day: REAL.is_workday(day) for day in EVERY_DAY}
    assert ours == {day: chinese_calendar.is_workday(day) for day in EVERY_DAY}
    assert ours == {day: china.is_working_day(day) for day in EVERY_DAY}


@pytest.mark.parametrize(
    ("year", "worked"),
    [
        (2023, ["01-28", "01-29", "04-23", "05-06", "06-25", "10-07", "10-08"]),
        (2026, ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]),
    ],
)
def test_swapped_in_weekend_days(year: int, worked: list[str]) -> None:
    notice = next(notice for notice in REAL.years if notice.year == year)
    assert [f"{day:%m-%d}" for day in notice.days_on] == worked


def test_every_shipped_notice_has_an_official_number() -> None:
    assert [int(path.stem) for path in NOTICE_FILES] == [notice.year for notice in REAL.years] == [*range(2020, 2027)]
    assert all(notice.notice_number.startswith("国办发明电〔20") for notice in REAL.years)
    assert all(notice.published.year in (notice.year - 1, 2020) for notice in REAL.years)


def test_the_calendar_is_known_until_the_last_official_year_without_a_gap() -> None:
    assert REAL.known_until == LAST
    gap = REAL.model_copy(update={"years": tuple(notice for notice in REAL.years if notice.year != 2024)})
    assert gap.known_until == dt.date(2023, 12, 31)
    assert (gap.is_known(dt.date(2024, 6, 3)), gap.is_known(dt.date(2025, 6, 3))) == (False, True)
    assert WorkingCalendar(version="none").known_until == dt.date.min


def test_an_unknown_year_has_weekends_and_fixed_holidays_off_only() -> None:
    off = [day for day in _year(2031) if day.weekday() < 5 and not REAL.is_workday(day)]
    assert [f"{day:%m-%d}" for day in off] == ["01-01", "05-01", "05-02", "10-01", "10-02", "10-03"]
    assert not any(REAL.is_workday(day) for day in _year(2031) if day.weekday() >= 5)


def test_a_provisional_notice_is_used_but_does_not_make_the_year_known() -> None:
    guess = YearNotice(
        year=2027,
        notice_number="expected dates",
        published=dt.date(2026, 9, 1),
        status="provisional",
        days_off=(dt.date(2027, 2, 8),),
        days_on=(),
    )
    guessed = REAL.with_notice(guess, "shipped+2027")
    assert not guessed.is_workday(dt.date(2027, 2, 8))
    assert guessed.known_until == LAST
    official = guess.model_copy(update={"status": "official", "days_off": ()})
    known = guessed.with_notice(official, "shipped+2027.1")
    assert known.known_until == dt.date(2027, 12, 31)
    assert known.is_workday(dt.date(2027, 2, 8))
    assert len({REAL.fingerprint(), guessed.fingerprint(), known.fingerprint()}) == 3


def test_counting_workdays_both_ways() -> None:
    friday = dt.date(2023, 4, 28)
    assert REAL.add_workdays(friday, 3) == dt.date(2023, 5, 6)
    assert REAL.add_workdays(dt.date(2023, 5, 6), -3) == friday
    assert REAL.add_workdays(dt.date(2023, 5, 1), 0) == dt.date(2023, 5, 1)
    assert REAL.next_workday(friday) == dt.date(2023, 5, 4)
    assert REAL.workday_on_or_after(dt.date(2023, 1, 21)) == dt.date(2023, 1, 28)
    assert REAL.workday_on_or_before(dt.date(2023, 1, 27)) == dt.date(2023, 1, 20)


@pytest.mark.parametrize(
    ("moment", "inside", "following"),
    [
        ("2023-05-06T08:59", False, "2023-05-06T09:00"),
        ("2023-05-06T09:00", True, "2023-05-06T09:00"),
        ("2023-05-06T16:59", True, "2023-05-06T16:59"),
        ("2023-05-06T17:00", False, "2023-05-08T09:00"),
        ("2023-05-07T11:00", False, "2023-05-08T09:00"),
        ("2023-01-21T00:00", False, "2023-01-28T09:00"),
    ],
)
def test_office_hours_are_half_open(moment: str, inside: bool, following: str) -> None:
    assert REAL.in_office_hours(at(moment)) is inside
    assert REAL.next_office_instant(at(moment)) == at(following)


@pytest.mark.parametrize(
    ("moment", "earliest"),
    [("2023-01-03T00:00", 3), ("2023-01-03T16:59", 3), ("2023-01-03T17:00", 4), ("2023-01-03T23:59", 4)],
)
def test_a_day_is_over_at_close_of_business(moment: str, earliest: int) -> None:
    assert REAL.earliest_date(at(moment)) == dt.date(2023, 1, earliest)


def test_instants_come_back_in_utc() -> None:
    assert REAL.opening(dt.date(2023, 5, 6)) == dt.datetime(2023, 5, 6, 1, 0, tzinfo=dt.UTC)
    assert REAL.closing(dt.date(2023, 5, 6)).tzinfo is dt.UTC
    assert REAL.local(at("2023-05-06T00:30")).isoformat() == "2023-05-06T00:30:00+08:00"


def test_a_compressed_office_never_closes() -> None:
    night = at("2023-01-22T03:00")
    assert COMPRESSED.in_office_hours(night)
    assert COMPRESSED.next_office_instant(night) == night


def test_a_case_carries_a_slim_copy_that_counts_the_same() -> None:
    slim = REAL.for_years(2022, 2023)
    assert [notice.year for notice in slim.years] == [2022, 2023]
    assert [notice.year for notice in REAL.for_years(2022, 2022).years] == [2022, 2023]  # 2023's begins on 31 December
    assert len(slim.model_dump_json()) < 3_000
    again = WorkingCalendar.model_validate_json(slim.model_dump_json())
    assert again == slim
    assert again.fingerprint() == slim.fingerprint() != REAL.fingerprint()
    days = [day for year in (2022, 2023) for day in _year(year)]
    assert [again.is_workday(day) for day in days] == [REAL.is_workday(day) for day in days]


def test_a_copy_with_other_years_forgets_the_days_it_had_looked_up() -> None:
    assert not REAL.is_workday(dt.date(2023, 1, 23))
    assert REAL.model_copy(update={"years": ()}).is_workday(dt.date(2023, 1, 23))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"notice_number": "  "}, "notice_without_number"),
        ({"holidays": []}, "too_short"),
        ({"published": "in November"}, "date_from_datetime_parsing"),
        ({"status": "maybe"}, "literal_error"),
        ({"comment": "unknown"}, "extra_forbidden"),
        ({"holidays": [{"name": "元旦", "first": "2024-12-19", "last": "2025-01-01"}]}, "notice_day_outside_year"),
        ({"holidays": [{"name": "元旦", "first": "2025-01-02", "last": "2025-01-01"}]}, "notice_range"),
        ({"holidays": [{"name": "暑假", "first": "2025-07-01", "last": "2025-08-31"}]}, "notice_range"),
        ({"holidays": [{"name": "元旦", "first": "2025-01-01", "last": "2025-01-01"}] * 2}, "notice_day_repeated"),
        (
            {"holidays": [{"name": "a", "first": "2025-01-04", "last": "2025-01-05", "days_on": ["2025-01-05"]}]},
            "notice_day_on_and_off",
        ),
        (
            {"holidays": [{"name": "a", "first": "2025-01-01", "last": "2025-01-01", "days_on": ["2025-01-06"]}]},
            "notice_workday_not_weekend",
        ),
    ],
)
def test_a_broken_notice_is_refused_by_the_name_of_its_rule(change: dict[str, object], rule: str) -> None:
    good = tomllib.loads(NOTICE_FILES[5].read_text(encoding="utf-8"))
    assert load_notice(good).year == 2025
    with pytest.raises(ValidationError) as refused:
        load_notice(good | change)
    assert rule in [error["type"] for error in refused.value.errors()]


def test_a_calendar_refuses_two_notices_for_a_year_and_impossible_hours() -> None:
    with pytest.raises(ValidationError, match="two notices for 2020"):
        WorkingCalendar(version="twice", years=(REAL.years[0], REAL.years[0]))
    with pytest.raises(ValidationError, match="opens before it closes"):
        OfficeHours(opens=dt.time(17), closes=dt.time(9))


def _year(year: int) -> list[dt.date]:
    first = dt.date(year, 1, 1)
    return [first + dt.timedelta(days=offset) for offset in range((dt.date(year + 1, 1, 1) - first).days)]
