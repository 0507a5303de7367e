"""What attempts tell of an outage: the begin once, the end once, whatever dies or is away in between."""

import dataclasses
from datetime import UTC, datetime
from typing import Any

from temporalio.testing import ActivityEnvironment

from activities.outage import OutageWatch
from domain.codes import Technique
from domain.department import DepartmentRoute
from domain.department_failure import DepartmentUnavailable
from domain.dispatch import RoundRef
from domain.errors import unavailable
from domain.outage import MOST_OUTAGES, Outage, OutageCause, OutageNote

REF = RoundRef(
    case_id="LD-2026-000001",
    request_id="LD-2026-000001.permit",
    round=1,
    department=DepartmentRoute(code="housing", technique=Technique.POLLED),
)
DOWN = DepartmentUnavailable(
    "circuit-open", outage=Outage(since=datetime(2026, 3, 2, tzinfo=UTC), cause=OutageCause.TIMEOUT)
)
ONE_FAILURE = DepartmentUnavailable("timeout")


class Attempts:
    """The attempts of one activity: what one leaves in its heartbeat, the next one finds."""

    def __init__(self) -> None:
        self.told: list[tuple[int, bool]] = []
        self.away = False
        self.dies_before_telling = False
        self._details: list[Any] = []

    async def report(self, case_id: str, note: OutageNote) -> None:
        assert (case_id, note.request_id, note.round) == (REF.case_id, REF.request_id, 1)
        assert (note.outage is not None) is note.began
        if self.dies_before_telling:
            raise SystemError("the worker dies")
        if self.away:
            raise unavailable("engine-unavailable", "away")
        self.told.append((int(note.outage_id.rpartition("#")[2]), note.began))

    async def attempt(self, error: DepartmentUnavailable | None) -> None:
        env, watch = ActivityEnvironment(), OutageWatch(self)
        env.info = dataclasses.replace(env.info, heartbeat_details=list(self._details))
        env.on_heartbeat = lambda *details: self._details.__setitem__(slice(None), details)
        try:
            await (env.run(watch.down, REF, error) if error else env.run(watch.up, REF))
        except SystemError:
            return


async def test_the_begin_is_told_once_and_the_end_on_the_first_success() -> None:
    attempts = Attempts()
    for error in (ONE_FAILURE, None, DOWN, DOWN, ONE_FAILURE, DOWN, None, None, DOWN, None):
        await attempts.attempt(error)
    assert attempts.told == [(1, True), (1, False), (2, True), (2, False)]


async def test_what_could_not_be_told_is_told_by_the_next_attempt_under_the_same_id() -> None:
    attempts = Attempts()
    attempts.away = True
    await attempts.attempt(DOWN)
    attempts.away = False
    await attempts.attempt(DOWN)
    attempts.away = True
    await attempts.attempt(None)
    attempts.away = False
    await attempts.attempt(None)
    assert attempts.told == [(1, True), (1, False)]


async def test_a_worker_that_died_while_telling_leaves_enough_to_tell_the_end() -> None:
    """Nobody knows whether the begin arrived: the end of one that never came changes nothing."""
    attempts = Attempts()
    attempts.dies_before_telling = True
    await attempts.attempt(DOWN)
    attempts.dies_before_telling = False
    await attempts.attempt(None)
    assert attempts.told == [(1, False)]


async def test_a_system_that_comes_and_goes_is_told_of_so_often_and_no_more() -> None:
    attempts = Attempts()
    for _ in range(50):
        await attempts.attempt(DOWN)
        await attempts.attempt(None)
    assert len(attempts.told) == 2 * MOST_OUTAGES


async def test_details_that_nobody_understands_are_as_none() -> None:
    attempts = Attempts()
    attempts._details = ["what is that"]
    await attempts.attempt(DOWN)
    assert attempts.told == [(1, True)]
