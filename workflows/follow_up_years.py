"""The calendar has changed while a follow-up runs: what is still owed is counted anew, and staff are told."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.notice import NoticeActivities
from domain.clock import ClockKind
from domain.errors import conflict
from domain.fact import FactKind
from domain.follow_up import LearnFollowUpYears
from domain.learned_years import LearnedYears, still_new, with_news
from domain.notice import RungFiring, RungResult
from domain.public_text import PublicText
from domain.task_queue import ENGINE_QUEUE
from workflows.announcer import CHANNEL
from workflows.casebook import iso
from workflows.follow_up_book import FollowUpBook
from workflows.learned_years import RUNG
from workflows.options import NOTICE

_STAFF = ("clerk", "duty_leader")


class FollowUpYears:
    def __init__(self, book: FollowUpBook) -> None:
        self._book = book
        self._untold = False

    def check(self, command: LearnFollowUpYears) -> None:
        if still_new(self._book.launch.calendar, command).empty:
            raise conflict("years-known", "this follow-up counts with the calendar in force already")

    def learn(self, command: LearnFollowUpYears) -> None:
        book = self._book
        told = still_new(book.launch.calendar, command)
        before = self._running()
        book.learned.append(LearnedYears(at=workflow.now(), years=told.years, taken_back=told.taken_back))
        book.count_with(with_news(book.launch.calendar, told))
        after = self._running()
        moved = [f"{kind.value} {was} → {after[kind]}" for kind, was in before.items() if after[kind] != was]
        self._untold = self._untold or bool(moved)
        said = {
            "calendar": book.launch.calendar.version,
            "notice": ", ".join(one.notice_number for one in told.years),
            "taken_back": ", ".join(str(year) for year in told.taken_back),
            "moved": "; ".join(moved),
        }
        book.write(FactKind.CALENDAR_LEARNED, actor=command.decided_by, data=said)

    async def tell(self) -> bool:
        """That something has moved since the last time; False when nothing did."""
        if not self._untold:
            return False
        self._untold = False
        self._book.mark.commanded()
        firing = self._firing()
        try:
            result = await workflow.execute_activity_method(
                NoticeActivities.fire_rung,
                firing,
                task_queue=ENGINE_QUEUE,
                summary=PublicText(f"{firing.request_id}: {RUNG}"),
                **NOTICE,
            )
        except ActivityError as error:
            result = RungResult(result=f"bounced: {error.cause or error}"[:300])
        told = {"rung": RUNG, "result": result.result, "told": ", ".join(_STAFF)}
        self._book.write(FactKind.TOLD, data=told)
        return True

    def _running(self) -> dict[ClockKind, str | None]:
        clocks = self._book.watch.clocks
        return {kind: iso(one.due.at) for kind, one in clocks.items() if one.clock.stopped_at is None}

    def _firing(self) -> RungFiring:
        launch, now = self._book.launch, workflow.now()
        return RungFiring(
            case_id=launch.case_id,
            request_id=launch.follow_up_id,
            round=len(self._book.learned),
            department=None,
            rung=RUNG,
            clock=ClockKind.FOLLOW_UP,
            due_at=now,
            planned_at=now,
            tell=_STAFF,
            channel=CHANNEL,
        )
