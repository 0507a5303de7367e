"""Tells people something now, outside of any ladder: a notice with its proof on record."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.notice import NoticeActivities
from domain.clock import ClockKind
from domain.fact import FactKind
from domain.notice import RungFiring, RungResult
from domain.public_text import PublicText
from domain.task_queue import ENGINE_QUEUE
from workflows.casebook import Casebook
from workflows.options import NOTICE

CHANNEL = "notice"


class Announcer:
    def __init__(self, book: Casebook) -> None:
        self._book = book
        self._count = 0
        self._telling: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        return bool(self._telling)

    def tell(
        self, what: str, roles: tuple[str, ...], *, demands_action: bool = False, department: str | None = None
    ) -> None:
        """Start telling; the case does not end before it is done or given up."""
        self._count += 1
        now = workflow.now()
        firing = RungFiring(
            case_id=self._book.launch.case_id,
            request_id=f"{self._book.launch.case_id}.notice{self._count}",
            round=1,
            department=department,
            rung=what,
            clock=ClockKind.REPLY,
            due_at=now,
            planned_at=now,
            tell=roles,
            channel=CHANNEL,
            demands_action=demands_action,
        )
        task = asyncio.create_task(self._tell(firing))
        self._telling.add(task)
        task.add_done_callback(self._told)

    def _told(self, task: "asyncio.Task[None]") -> None:
        self._telling.discard(task)
        self._book.moved = True

    async def _tell(self, firing: RungFiring) -> None:
        try:
            result = await workflow.execute_activity_method(
                NoticeActivities.fire_rung,
                firing,
                task_queue=ENGINE_QUEUE,
                summary=PublicText(firing.rung),
                **NOTICE,
            )
        except ActivityError as error:
            result = RungResult(result=f"bounced: {error.cause or error}"[:300])
        told = {"rung": firing.rung, "result": result.result, "told": ", ".join(firing.tell)}
        if firing.department is not None:
            told["department"] = firing.department
        self._book.write(FactKind.TOLD, data=told)
