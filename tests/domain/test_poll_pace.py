"""How often a polled department is asked."""

from datetime import UTC, datetime, time, timedelta

import pytest

from domain.codes import Technique
from domain.department import DepartmentRoute, QuietHours
from domain.dispatch import RoundRef
from domain.poll_pace import poll_pause

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
"""12:00 in Beijing."""
EVENING = NOON + timedelta(hours=8, minutes=55)


def ref(
    *, near: int | None = 60, quiet: bool = True, urgent: bool = False, due_in: timedelta | None = None
) -> RoundRef:
    hours = QuietHours(starts=time(21), ends=time(7)) if quiet else None
    return RoundRef(
        case_id="LD-2026-000001",
        request_id="LD-2026-000001.q",
        round=1,
        department=DepartmentRoute(
            code="housing", technique=Technique.POLLED, poll_seconds=600, poll_seconds_near_due=near, quiet=hours
        ),
        due_at=None if due_in is None else NOON + due_in,
        urgent=urgent,
    )


@pytest.mark.parametrize(
    ("due_in", "seconds"),
    [
        (None, 600),
        (timedelta(days=3), 600),
        (timedelta(hours=1), 360),
        (timedelta(minutes=20), 120),
        (timedelta(minutes=5), 60),
        (timedelta(seconds=10), 60),
        (timedelta(hours=-1), 600),
    ],
)
def test_the_nearer_the_due_instant_the_more_often(due_in: timedelta | None, seconds: int) -> None:
    assert poll_pause(ref(due_in=due_in), NOON) == timedelta(seconds=seconds)


def test_without_a_policy_the_pace_never_changes() -> None:
    assert poll_pause(ref(near=None, quiet=False, due_in=timedelta(minutes=5)), EVENING) == timedelta(seconds=600)


def test_the_night_is_slept_through() -> None:
    assert EVENING + poll_pause(ref(), EVENING) == datetime(2026, 3, 2, 23, 0, tzinfo=UTC)
    small_hours = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
    assert small_hours + poll_pause(ref(), small_hours) == datetime(2026, 3, 2, 23, 0, tzinfo=UTC)


def test_an_urgent_case_does_not_sleep() -> None:
    assert poll_pause(ref(urgent=True), EVENING) == timedelta(seconds=600)


def test_an_instant_that_is_due_in_the_night_is_not_slept_through() -> None:
    pause = poll_pause(ref(due_in=timedelta(hours=10)), EVENING)
    assert EVENING + pause <= NOON + timedelta(hours=10)


def test_quiet_hours_within_one_day() -> None:
    quiet = QuietHours(starts=time(12), ends=time(13))
    asked = ref()
    route = asked.department.model_copy(update={"quiet": quiet})
    assert poll_pause(asked.model_copy(update={"department": route}), NOON) == timedelta(hours=1)
