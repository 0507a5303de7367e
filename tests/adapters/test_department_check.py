"""What a trial message concludes from the time that a system says it has."""

from datetime import UTC, datetime

import pytest

from adapters.department_check import answered, clock_step
from adapters.http_client import HttpReply

OURS = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "passed"),
    [
        ("Mon, 02 Mar 2026 01:00:20 GMT", True),
        ("Mon, 02 Mar 2026 00:56:30 GMT", True),
        ("Mon, 02 Mar 2026 01:04:30 GMT", False),
        ("Mon, 02 Mar 2026 09:00:00 GMT", False),
        ("", None),
        ("just now", None),
        ("Mon, 02 Mar 2026 01:00:20", True),
    ],
)
def test_a_clock_that_runs_away_is_told_before_signatures_fail(date: str, passed: bool | None) -> None:
    assert clock_step(HttpReply(200, {"date": date}, b""), OURS).passed is passed


@pytest.mark.parametrize("status", [404, 409, 410])
def test_that_nobody_knows_the_trial_is_told_as_what_was_expected(status: int) -> None:
    assert f"HTTP {status}, as expected" in answered(HttpReply(status, {}, b""))


@pytest.mark.parametrize("status", [200, 401, 500])
def test_any_other_answer_is_told_as_it_came(status: int) -> None:
    assert answered(HttpReply(status, {}, b"")) == f"it answers (HTTP {status})"
