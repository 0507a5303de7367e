import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from domain.clock import Clock, ClockKind, Extension, Pause, due
from domain.counting import add_office_time, office_time_between
from domain.limit import Limit, TimeUnit
from domain.working_calendar import WorkingCalendar
from tests.domain.calendars import COMPRESSED, REAL

FIRST = dt.datetime(2022, 12, 20, tzinfo=dt.UTC)
calendars = st.sampled_from(
    [REAL, COMPRESSED, REAL.model_copy(update={"receipt_outside_hours_counts_next_day": False})]
)
kinds = st.sampled_from([ClockKind.REPLY, ClockKind.STATUTORY_NOTICE])
starts = st.integers(0, 60 * 24 * 150).map(lambda minutes: FIRST + dt.timedelta(minutes=minutes))
gaps = st.integers(0, 60 * 24 * 12).map(lambda minutes: dt.timedelta(minutes=minutes))
running = st.sampled_from([unit for unit in TimeUnit if unit is not TimeUnit.FIXED_DATE])


@st.composite
def limits(draw: st.DrawFn) -> Limit:
    unit = draw(running)
    return Limit(unit=unit, amount=None if unit is TimeUnit.END_OF_BUSINESS_TODAY else draw(st.integers(1, 25)))


@st.composite
def pauses(draw: st.DrawFn, start: dt.datetime) -> tuple[Pause, ...]:
    found: list[Pause] = []
    free_from = start
    for before, length in draw(st.lists(st.tuples(gaps, gaps), max_size=3)):
        begun = free_from + before
        free_from = begun + length
        found.append(Pause(started_at=begun, ended_at=free_from, reason="补正"))
    return tuple(found)


@st.composite
def extensions(draw: st.DrawFn, start: dt.datetime) -> tuple[Extension, ...]:
    found: list[Extension] = []
    for after, limit, days in draw(st.lists(st.tuples(gaps, limits(), st.integers(0, 40)), max_size=2)):
        until = (start + dt.timedelta(days=days)).date() if draw(st.booleans()) else None
        more = None if until else limit
        found.append(
            Extension(granted_at=start + after, granted_by="duty_leader", reason="复杂", limit=more, until=until)
        )
    return tuple(found)


@st.composite
def clocks(draw: st.DrawFn) -> Clock:
    start = draw(starts)
    return Clock(
        clock_id="q.reply",
        kind=draw(kinds),
        started_at=start,
        limit=draw(limits()),
        pauses=draw(pauses(start)),
        extensions=draw(extensions(start)),
    )


def due_at(clock: Clock, calendar: WorkingCalendar = REAL) -> dt.datetime:
    found = due(clock, calendar).at
    assert found is not None
    return found


@given(clocks(), calendars)
def test_the_explanation_adds_up_to_the_due_instant(clock: Clock, calendar: WorkingCalendar) -> None:
    found = due(clock, calendar)
    instants = [line.instant for line in found.lines]
    assert instants[-1] == found.at
    assert instants == sorted(instant for instant in instants if instant is not None)
    assert len(found.lines) >= 3 + len(clock.pauses) + len(clock.extensions)
    assert all(line.text_en and line.text_zh for line in found.lines)


@given(clocks(), calendars)
def test_a_clock_is_never_due_before_it_starts_nor_when_the_office_is_closed(
    clock: Clock, calendar: WorkingCalendar
) -> None:
    end = due_at(clock, calendar)
    assert end >= clock.started_at
    wall = {TimeUnit.SECONDS, TimeUnit.MINUTES, TimeUnit.HOURS}
    units = {clock.limit.unit, *(extension.added.unit for extension in clock.extensions)}
    if calendar is not COMPRESSED and not units & {*wall, TimeUnit.FIXED_DATE}:
        assert calendar.in_office_hours(end - dt.timedelta(microseconds=1))


@given(clocks(), gaps, calendars)
def test_pausing_and_resuming_at_the_same_instant_changes_nothing(
    clock: Clock, after: dt.timedelta, calendar: WorkingCalendar
) -> None:
    last = clock.pauses[-1].ended_at if clock.pauses else clock.started_at
    assert last is not None
    blink = Pause(started_at=last + after, ended_at=last + after, reason="补正")
    assert due_at(clock.model_copy(update={"pauses": (*clock.pauses, blink)}), calendar) == due_at(clock, calendar)


@given(clocks(), gaps, gaps, gaps, calendars)
def test_a_longer_pause_is_never_due_earlier(
    clock: Clock, after: dt.timedelta, length: dt.timedelta, more: dt.timedelta, calendar: WorkingCalendar
) -> None:
    begun = (clock.pauses[-1].ended_at or clock.started_at if clock.pauses else clock.started_at) + after

    def with_pause(of: dt.timedelta) -> dt.datetime:
        held = Pause(started_at=begun, ended_at=begun + of, reason="补正")
        return due_at(clock.model_copy(update={"pauses": (*clock.pauses, held)}), calendar)

    assert due_at(clock, calendar) <= with_pause(length) <= with_pause(length + more)


@given(clocks(), st.integers(1, 60 * 24 * 4), gaps, calendars)
def test_a_pause_that_took_effect_never_leaves_the_clock_due_before_its_own_end(
    clock: Clock, minutes: int, length: dt.timedelta, calendar: WorkingCalendar
) -> None:
    """Begun in the last days, where whole days are rounded."""
    free_from = clock.pauses[-1].ended_at or clock.started_at if clock.pauses else clock.started_at
    begun = max(due_at(clock, calendar) - dt.timedelta(minutes=minutes), free_from)
    granted = [more for more in clock.extensions if more.granted_at < begun]
    clock = clock.model_copy(update={"extensions": tuple(granted)})
    held = Pause(started_at=begun, ended_at=begun + length, reason="补正")
    if begun < due_at(clock, calendar):
        assert due_at(clock.model_copy(update={"pauses": (*clock.pauses, held)}), calendar) >= begun + length


@given(clocks(), gaps, calendars)
def test_a_pause_that_counts_in_the_limit_changes_nothing(
    clock: Clock, length: dt.timedelta, calendar: WorkingCalendar
) -> None:
    plain = clock.model_copy(update={"pauses": ()})
    held = Pause(started_at=clock.started_at, ended_at=clock.started_at + length, reason="核查", counts_in_limit=True)
    assert due_at(plain.model_copy(update={"pauses": (held,)}), calendar) == due_at(plain, calendar)


@given(clocks(), st.data(), calendars)
def test_an_extension_never_moves_the_due_instant_earlier(
    clock: Clock, data: st.DataObject, calendar: WorkingCalendar
) -> None:
    more = data.draw(extensions(clock.started_at))
    longer = clock.model_copy(update={"extensions": (*clock.extensions, *more)})
    assert due_at(longer, calendar) >= due_at(clock, calendar)


@given(clocks(), calendars)
def test_the_due_instant_survives_the_wire_and_another_time_zone(clock: Clock, calendar: WorkingCalendar) -> None:
    again = Clock.model_validate_json(clock.model_dump_json())
    slim = WorkingCalendar.model_validate_json(calendar.model_dump_json())
    assert due(again, slim) == due(clock, calendar)
    new_york = clock.started_at.astimezone(dt.timezone(dt.timedelta(hours=-5)))
    assert due(Clock.model_validate(clock.model_dump() | {"started_at": new_york}), slim) == due(again, slim)


@given(starts, starts, st.sampled_from([TimeUnit.SECONDS, TimeUnit.MINUTES, TimeUnit.HOURS]), st.integers(1, 300))
def test_exact_units_lose_exactly_the_paused_time(
    start: dt.datetime, other: dt.datetime, unit: TimeUnit, amount: int
) -> None:
    clock = Clock(clock_id="q", kind=ClockKind.REPLY, started_at=start, limit=Limit(unit=unit, amount=amount))
    held = Pause(started_at=start, ended_at=start + abs(other - start), reason="补正")
    assert due_at(clock.model_copy(update={"pauses": (held,)})) == due_at(clock) + abs(other - start)


@given(starts, st.integers(1, 6_000), calendars.filter(lambda calendar: calendar is not COMPRESSED))
def test_office_time_added_is_office_time_between_and_can_be_taken_back(
    start: dt.datetime, minutes: int, calendar: WorkingCalendar
) -> None:
    amount = dt.timedelta(minutes=minutes)
    end = add_office_time(start, amount, calendar)
    assert office_time_between(start, end, calendar) == amount
    opened = calendar.next_office_instant(start)
    assert calendar.next_office_instant(add_office_time(end, -amount, calendar)) == opened


@given(starts, st.integers(-30, 30))
def test_counting_workdays_there_and_back(start: dt.datetime, count: int) -> None:
    day = REAL.workday_on_or_after(REAL.local_day(start))
    assert REAL.add_workdays(REAL.add_workdays(day, count), -count) == day


@given(starts, st.integers(1, 40))
def test_working_days_match_a_plain_count_over_the_days(start: dt.datetime, amount: int) -> None:
    clock = Clock(
        clock_id="q", kind=ClockKind.REPLY, started_at=start, limit=Limit(unit=TimeUnit.WORKING_DAYS, amount=amount)
    )
    received = REAL.local_day(REAL.next_office_instant(start))
    end = REAL.local_day(due_at(clock))
    days = [received + dt.timedelta(days=offset) for offset in range(1, (end - received).days + 1)]
    assert sum(REAL.is_workday(day) for day in days) == amount
    assert REAL.is_workday(end)
