"""A loop outlives the failures of its step and ends when it is told to."""

import asyncio

from structlog.testing import capture_logs

from bootstrap.loops import Loop, run_loops
from domain.errors import unavailable

LIMIT = 50


class Step:
    """Fails as often as told, then works."""

    def __init__(self, *failures: BaseException) -> None:
        self._failures = list(failures)
        self.runs = 0
        self.worked = asyncio.Event()

    async def __call__(self) -> None:
        self.runs += 1
        if self._failures:
            raise self._failures.pop(0)
        self.worked.set()


async def test_a_step_that_fails_is_tried_again_whatever_it_raised() -> None:
    step, stop = Step(unavailable("engine-unavailable", "away"), ValueError("a bug")), asyncio.Event()
    running = asyncio.create_task(run_loops((Loop("relay", 0.01, step),), stop))

    await asyncio.wait_for(step.worked.wait(), LIMIT)
    stop.set()
    await asyncio.wait_for(running, LIMIT)

    assert step.runs >= 3


async def test_a_failing_step_waits_longer_each_time() -> None:
    step, stop = Step(*[unavailable("engine-unavailable", "away")] * 4), asyncio.Event()
    with capture_logs() as told:
        running = asyncio.create_task(run_loops((Loop("relay", 0.01, step),), stop))
        await asyncio.wait_for(step.worked.wait(), LIMIT)
        stop.set()
        await asyncio.wait_for(running, LIMIT)

    assert [line["next_in_seconds"] for line in told] == [0.02, 0.04, 0.08, 0.16]


async def test_a_long_pause_ends_with_the_signal_to_stop() -> None:
    step, stop = Step(), asyncio.Event()
    running = asyncio.create_task(run_loops((Loop("reconcile", 3600, step),), stop))

    await asyncio.wait_for(step.worked.wait(), LIMIT)
    stop.set()
    await asyncio.wait_for(running, LIMIT)

    assert step.runs == 1


async def test_a_step_that_something_inside_cancelled_is_tried_again() -> None:
    step, stop = Step(asyncio.CancelledError()), asyncio.Event()
    running = asyncio.create_task(run_loops((Loop("relay", 0.01, step),), stop))
    await asyncio.wait_for(step.worked.wait(), LIMIT)
    stop.set()
    await asyncio.wait_for(running, LIMIT)


async def test_whoever_cancels_the_loop_itself_ends_it() -> None:
    begun = asyncio.Event()

    async def endless() -> None:
        begun.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(Loop("relay", 0.01, endless).run(asyncio.Event()))
    await asyncio.wait_for(begun.wait(), LIMIT)
    running.cancel()
    await asyncio.wait({running}, timeout=LIMIT)
    assert running.cancelled()
