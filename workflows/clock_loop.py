"""One timer for the whole case: it sleeps until the next rung is owed or the next thing ends by itself."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.notice import NoticeActivities
from domain.fact import FactKind
from domain.launch import EDITION
from domain.notice import RungFiring, RungResult
from domain.public_text import PublicText
from domain.rung_proof import RungProof
from domain.task_queue import ENGINE_QUEUE
from workflows.casebook import Casebook
from workflows.clock_set import ClockSet, DueRung
from workflows.options import NOTICE
from workflows.subject import Expiry

HEARD_FIRST = "rectification-failed-is-told"
"""Since then its rung goes out before the promise is broken. May go when no running case missed one before."""
RECHECK_HELD_RUNG = timedelta(minutes=10)
"""A rung held by an answer in the inbox is looked at again after this: the answer may turn out not to be one."""
_LONGEST_RECHECK = timedelta(hours=4)
_MOST_ACTS_IN_VAIN = 10
"""What is over and stays so however often it is acted on must not keep the case from everything else."""


def recheck_pause(held: int, edition: int = EDITION) -> timedelta:
    """Twice as long each time: an answer that cannot be applied for days must not fill the history."""
    doubled: int = 2 ** min(held - 1, 10) if edition >= 1 else 1
    return min(RECHECK_HELD_RUNG * doubled, _LONGEST_RECHECK)


class ClockLoop:
    """Every rung leaves a proof: it fired, it bounced, or the answer was there before the notice could go out."""

    def __init__(self, book: Casebook) -> None:
        self._book = book
        self._firing: set[asyncio.Task[None]] = set()
        self._in_vain: Counter[tuple[datetime, str]] = Counter()

    @property
    def firing(self) -> bool:
        return bool(self._firing)

    async def run(self) -> None:
        while True:
            await workflow.wait_condition(lambda: self._book.next_instant() is not None)
            await self._sleep()
            self._act(workflow.now())

    async def _sleep(self) -> None:
        """Until the next instant, or until an earlier one appears. A later one does not disturb the timer."""
        planned = self._book.next_instant()
        while planned is not None and (wait := planned - workflow.now()) > timedelta(0):
            try:
                await workflow.wait_condition(
                    partial(self._earlier_than, planned), timeout=wait, timeout_summary=PublicText("next due instant")
                )
            except TimeoutError:
                return
            planned = self._book.next_instant()

    def _earlier_than(self, instant: datetime) -> bool:
        following = self._book.next_instant()
        return following is not None and following < instant

    def _act(self, now: datetime) -> None:
        over = [expiry for expiry in self._book.expiries() if expiry.at <= now]
        last = [expiry for expiry in over if expiry.heard_first]
        if last and not workflow.patched(HEARD_FIRST):
            last = []
        for expiry in [expiry for expiry in over if expiry not in last]:
            expiry.act()
        for watch in self._book.clock_sets():
            for rung in [rung for rung in watch.open_rungs() if rung.at <= now]:
                self._settle(watch, rung)
        for expiry in last:
            expiry.act()
        self._pass_over_what_stays(over)

    def _pass_over_what_stays(self, over: Sequence[Expiry]) -> None:
        """Whoever is forgotten by this is looked at in the reviews; everybody else is chased as before."""
        stays = {expiry.key for expiry in self._book.expiries()} if over else set()
        for at, what in dict.fromkeys(expiry.key for expiry in over):
            if (at, what) not in stays:
                del self._in_vain[at, what]
                continue
            self._in_vain[at, what] += 1
            if self._in_vain[at, what] >= _MOST_ACTS_IN_VAIN:
                self._book.in_vain.add((at, what))
                self._book.write(FactKind.EXPIRY_IN_VAIN, data={"at": at.isoformat(), "what": what})

    def _settle(self, watch: ClockSet, rung: DueRung) -> None:
        watch.settled.add(rung.key)
        answered = rung.clock.clock.stopped_at or watch.answered.get(rung.key)
        if answered is not None:
            # Owed while the engine was away, and answered before it came back: nobody needs to be told now,
            # but the silence that there was stays on record.
            self._prove(watch, rung, RungResult(result=f"answered: {answered.isoformat()}"))
            return
        watch.in_flight.add(rung.key)
        task = asyncio.create_task(self._fire(watch, rung))
        self._firing.add(task)
        task.add_done_callback(self._fired)

    def _fired(self, task: "asyncio.Task[None]") -> None:
        self._firing.discard(task)
        self._book.moved = True
        self._book.mark.stir()

    async def _fire(self, watch: ClockSet, rung: DueRung) -> None:
        try:
            result = await workflow.execute_activity_method(
                NoticeActivities.fire_rung,
                self._firing_of(watch, rung),
                task_queue=ENGINE_QUEUE,
                summary=PublicText(f"{watch.subject}: {rung.scheduled.rung.name}"),
                **NOTICE,
            )
        except ActivityError as error:
            result = RungResult(result=f"bounced: {error.cause or error}"[:300])
        watch.in_flight.discard(rung.key)
        if result.held_by is not None and not watch.closed:
            watch.settled.discard(rung.key)
            first_time = rung.key not in watch.postponed
            watch.held[rung.key] += 1
            watch.postponed[rung.key] = workflow.now() + recheck_pause(watch.held[rung.key], watch.rules.edition)
            if first_time:
                told = {"rung": rung.scheduled.rung.name, "held_by": result.held_by}
                self._book.write_round(FactKind.RUNG_HELD, watch.subject, watch.number, data=told)
            return
        self._prove(watch, rung, result)

    def _prove(self, watch: ClockSet, rung: DueRung, result: RungResult) -> None:
        step = rung.scheduled.rung
        kind = rung.clock.clock.kind
        watch.proofs.append(
            RungProof(
                rung=step.name,
                clock=kind,
                planned_at=rung.scheduled.at,
                fired_at=workflow.now(),
                result=result.result,
                told=watch.told(step) if result.result == "delivered" else (),
            )
        )
        told = {
            "rung": step.name,
            "clock": kind,
            "planned_at": rung.scheduled.at.isoformat(),
            "result": result.result,
            "told": ", ".join(watch.told(step)),
        }
        fact = FactKind.RUNG_HELD if result.held_by else FactKind.RUNG_FIRED
        self._book.write_round(fact, watch.subject, watch.number, data=told)

    def _firing_of(self, watch: ClockSet, rung: DueRung) -> RungFiring:
        step = rung.scheduled.rung
        return RungFiring(
            case_id=self._book.launch.case_id,
            request_id=watch.subject,
            round=watch.number,
            department=watch.department,
            rung=step.name,
            clock=rung.clock.clock.kind,
            due_at=rung.clock.due.at or rung.scheduled.at,
            planned_at=rung.scheduled.at,
            tell=watch.told(step),
            channel=step.channel,
            demands_action=step.demands_action,
        )
