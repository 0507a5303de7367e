"""The follow-up of one closed case: call, rating, and the answer to a bad one."""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.notice import NoticeActivities
from activities.record import RecordActivities
from domain.errors import LiandongError
from domain.fact import FactKind
from domain.follow_up import AnyFollowUpCommand, FollowUpEnd, FollowUpLaunch, FollowUpSnapshot
from domain.notice import RungFiring, RungResult
from domain.public_text import PublicText
from domain.rung_proof import RungProof
from domain.task_queue import ENGINE_QUEUE
from workflows.clock_set import DueRung
from workflows.follow_up_book import FollowUpBook
from workflows.follow_up_desk import FollowUpDesk
from workflows.follow_up_years import FollowUpYears
from workflows.options import NOTICE, RECORD
from workflows.refusal import refused
from workflows.search_attributes import DECISION_NEEDED

RATING_GRACE = timedelta(hours=1)
"""A rating that reached our door on the last minute may still be on its way here."""


@workflow.defn(name="FollowUp")
class FollowUp:
    """Outlives the case; its id is `<case>.followup<n>`. Ratings come by the requester's link, the rest from staff."""

    @workflow.init
    def __init__(self, launch: FollowUpLaunch) -> None:
        self._book = FollowUpBook(launch)
        self._years = FollowUpYears(self._book)
        self._desk = FollowUpDesk(self._book, self._years)
        self._shown = False
        self._written = 0
        self._marking: asyncio.Task[None] | None = None

    @workflow.run
    async def run(self, launch: FollowUpLaunch) -> FollowUpSnapshot:
        self._book.write(FactKind.FOLLOW_UP_STARTED, data={"outcome": launch.outcome, "number": str(launch.number)})
        if launch.brought is not None:
            self._desk.take(launch.brought)
        recorder = asyncio.create_task(self._record())
        self._marking = asyncio.create_task(self._book.mark.run())
        while (end := self._over()) is None:
            await self._fire_owed_rungs()
            if not await self._years.tell():
                await self._sleep(recorder)
        self._finish(end)
        await self._fire_owed_rungs()
        await self._until_written(recorder)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._book.snapshot()

    def _over(self) -> FollowUpEnd | None:
        book = self._book
        if not book.call_over or book.review_open:
            return None
        if book.review is not None:
            return FollowUpEnd.REVIEW_TREATED
        if book.rating is not None:
            return FollowUpEnd.RATED
        return FollowUpEnd.NOT_RATED if workflow.now() >= self._last_moment() else None

    def _last_moment(self) -> datetime:
        return self._book.rating_closes_at + RATING_GRACE

    def _finish(self, end: FollowUpEnd) -> None:
        self._book.end, self._book.ended_at = end, workflow.now()
        self._book.write(FactKind.FOLLOW_UP_ENDED, data={"end": end.value})
        self._show()

    async def _sleep(self, recorder: "asyncio.Task[None]") -> None:
        """Until something was recorded, or the next rung or the end of the rating's time has come."""
        self._show()
        seen = self._book.version
        instants = [rung.at for rung in self._book.watch.open_rungs()]
        if self._book.call_over and self._book.rating is None:
            instants.append(self._last_moment())
        wait = max(min(instants) - workflow.now(), timedelta(0)) if instants else None
        try:
            await workflow.wait_condition(
                lambda: self._book.version > seen or recorder.done(),
                timeout=wait,
                timeout_summary=PublicText("next due instant"),
            )
        except TimeoutError:
            return
        if recorder.done():
            recorder.result()

    async def _fire_owed_rungs(self) -> None:
        now = workflow.now()
        owed = [rung for rung in self._book.watch.open_rungs() if rung.at <= now]
        await asyncio.gather(*(self._fire(rung) for rung in owed))

    async def _fire(self, rung: DueRung) -> None:
        self._book.watch.settled.add(rung.key)
        stopped = rung.clock.clock.stopped_at
        if stopped is not None:
            # Owed while the engine was away, and done before it came back: the silence stays on record
            self._prove(rung, RungResult(result=f"answered: {stopped.isoformat()}"))
            return
        try:
            result = await workflow.execute_activity_method(
                NoticeActivities.fire_rung,
                self._firing(rung),
                task_queue=ENGINE_QUEUE,
                summary=PublicText(f"{self._book.launch.follow_up_id}: {rung.scheduled.rung.name}"),
                **NOTICE,
            )
        except ActivityError as error:
            result = RungResult(result=f"bounced: {error.cause or error}"[:300])
        self._prove(rung, result)

    def _prove(self, rung: DueRung, result: RungResult) -> None:
        step = rung.scheduled.rung
        delivered = result.result == "delivered"
        proof = RungProof(
            rung=step.name,
            clock=step.clock,
            planned_at=rung.scheduled.at,
            fired_at=workflow.now(),
            result=result.result,
            told=self._book.watch.told(step) if delivered else (),
        )
        self._book.watch.proofs.append(proof)
        told = {
            "rung": step.name,
            "clock": step.clock.value,
            "result": result.result,
            "told": ", ".join(self._book.watch.told(step)),
        }
        self._book.write(FactKind.RUNG_FIRED, data=told | {"planned_at": rung.scheduled.at.isoformat()})

    def _firing(self, rung: DueRung) -> RungFiring:
        step = rung.scheduled.rung
        launch = self._book.launch
        return RungFiring(
            case_id=launch.case_id,
            request_id=launch.follow_up_id,
            round=launch.number,
            department=None,
            rung=step.name,
            clock=step.clock,
            due_at=rung.clock.due.at or rung.scheduled.at,
            planned_at=rung.scheduled.at,
            tell=self._book.watch.told(step),
            channel=step.channel,
            demands_action=step.demands_action,
        )

    async def _record(self) -> None:
        while True:
            await workflow.wait_condition(lambda: self._book.unwritten)
            progress = self._book.take_progress()
            self._book.mark.commanded()
            # Never a local activity: see workflows/recorder.py.
            await workflow.execute_activity_method(
                RecordActivities.record_follow_up,
                progress,
                task_queue=ENGINE_QUEUE,
                summary=PublicText(f"v{progress.snapshot.version}"),
                **RECORD,
            )
            self._written = progress.snapshot.version
            self._book.mark.stir()

    async def _until_written(self, recorder: "asyncio.Task[None]") -> None:
        await workflow.wait_condition(lambda: self._written >= self._book.version or recorder.done())
        if recorder.done():
            recorder.result()

    def _show(self) -> None:
        waiting = self._book.waiting_for()
        workflow.set_current_details(waiting or (f"**{self._book.end.value}**" if self._book.end else ""))
        owed = self._book.review_open and self._book.ended_at is None
        if owed != self._shown:
            self._shown = owed
            workflow.upsert_search_attributes([DECISION_NEEDED.value_set(owed)])

    @workflow.query
    def snapshot(self) -> FollowUpSnapshot:
        return self._book.snapshot()

    @workflow.update
    def act(self, command: AnyFollowUpCommand) -> FollowUpSnapshot:
        # An update, because the caller needs the new state or a typed refusal
        self._desk.carry_out(command)
        self._book.mark.commanded()
        return self._book.snapshot()

    @act.validator
    def _may_act(self, command: AnyFollowUpCommand) -> None:
        try:
            self._desk.check(command)
        except LiandongError as error:
            raise refused(error) from error
