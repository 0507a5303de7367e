"""Work that repeats for the life of the product: relays, the reconciler, watches, and what follows outcomes."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bootstrap.log import get_logger
from domain.errors import ErrorCategory, LiandongError
from services.bring_years import NOBODY, bring_years
from services.disable_department import hand_over_disabled
from services.draft_precedents import draft_precedents
from services.office import Office
from services.order_follow_ups import order_follow_ups
from services.rate_case import relay_ratings
from services.reconcile import reconcile
from services.relay import relay_inbox, relay_launches
from services.reopen_unresolved import reopen_unresolved
from services.watch_first_contact import watch_first_contact
from services.watch_triage import watch_triage

_log = get_logger(__name__)
_LONGEST_PAUSE_SECONDS = 30.0


@dataclass(frozen=True)
class Loop:
    """One step, repeated with a pause between its runs; a failing step pauses longer each time."""

    name: str
    pause_seconds: float
    step: Callable[[], Awaitable[object]]

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`. No failure of a step ends the loop: the next run may find the trouble gone."""
        pause = self.pause_seconds
        while not stop.is_set():
            try:
                await self.step()
                pause = self.pause_seconds
            except LiandongError as error:
                pause = min(pause * 2, max(_LONGEST_PAUSE_SECONDS, self.pause_seconds))
                level = _log.warning if error.category is ErrorCategory.UNAVAILABLE else _log.error
                level("loop step failed", loop=self.name, code=error.code, next_in_seconds=pause)
            except (Exception, asyncio.CancelledError) as error:
                if isinstance(error, asyncio.CancelledError) and _is_to_end():
                    raise
                pause = min(pause * 2, max(_LONGEST_PAUSE_SECONDS, self.pause_seconds))
                _log.exception("loop step failed", loop=self.name, next_in_seconds=pause)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)


def _is_to_end() -> bool:
    """Else something inside the step was cancelled, and the group of tasks would let the loop go without a word."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def office_loops(office: Office) -> tuple[Loop, ...]:
    """What one process of an installation must keep doing; several processes doing it do no harm."""

    async def relay_both() -> None:
        await relay_launches(office)
        await relay_inbox(office)

    async def mend() -> None:
        report = await reconcile(office)
        if not report.quiet:
            _log.warning("reconciled", **report.model_dump(mode="json"))

    async def after_outcomes() -> None:
        await order_follow_ups(office)
        await relay_ratings(office)
        await reopen_unresolved(office)

    brought = NOBODY

    async def years() -> None:
        nonlocal brought
        brought = await bring_years(office, brought)

    return (
        Loop("relay", 1.0, relay_both),
        Loop("calendar", 10.0, years),
        Loop("reconcile", 30.0, mend),
        Loop("disabled-departments", 10.0, lambda: hand_over_disabled(office)),
        Loop("first-contact", 5.0, lambda: watch_first_contact(office)),
        Loop("triage", 5.0, lambda: watch_triage(office)),
        Loop("after-outcomes", 5.0, after_outcomes),
        Loop("precedents", 30.0, lambda: draft_precedents(office)),
    )


async def run_loops(loops: tuple[Loop, ...], stop: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as group:
        for loop in loops:
            group.create_task(loop.run(stop), name=f"loop-{loop.name}")
