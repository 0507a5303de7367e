"""Silence that counts as consent: only where the policy says so, and only when nobody has spoken."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from functools import partial

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.notice import NoticeActivities
from domain.clock import ClockKind
from domain.codes import RequestState
from domain.consent import consents_at
from domain.fact import FactKind
from domain.ids import round_id
from domain.notice import AnswerSought
from domain.plan import Ask, AskKind
from domain.public_text import PublicText
from domain.task_queue import ENGINE_QUEUE
from workflows.casebook import Casebook
from workflows.clock_loop import RECHECK_HELD_RUNG, recheck_pause
from workflows.options import NOTICE
from workflows.request import Request
from workflows.round import Round
from workflows.subject import Expiry, Subject


class SilentConsent(Subject):
    """Asks the inbox first: an answer that waits there must never become its opposite."""

    def __init__(self, book: Casebook) -> None:
        self._book = book
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._again_at: dict[str, datetime] = {}
        """Rounds that an answer in the inbox held, and when they are looked at again."""
        self._held: Counter[str] = Counter()

    def expiries(self) -> Iterable[Expiry]:
        for request in self._book.open_requests():
            name = round_id(request.request_id, request.round.number)
            at = None if name in self._asking else _consents_at(request)
            if at is not None:
                again = self._again_at.get(name, at)
                yield Expiry(max(at, again), partial(self._ask, request, request.round, name))

    def case_ended(self) -> None:
        for task in self._asking.values():
            task.cancel()

    def _ask(self, request: Request, round_: Round, name: str) -> None:
        # Whether somebody is overdue shows only when the inbox has answered.
        round_.watch.hold_back(ClockKind.REPLY, workflow.now() + RECHECK_HELD_RUNG)
        task = asyncio.create_task(self._consent(request, round_, name))
        self._asking[name] = task
        task.add_done_callback(partial(self._asked, name))

    def _asked(self, name: str, _task: "asyncio.Task[None]") -> None:
        del self._asking[name]
        self._book.moved = True
        self._book.mark.stir()

    async def _consent(self, request: Request, round_: Round, name: str) -> None:
        held_by = await self._heard(request, round_)
        # Rungs ask for themselves: an answer that came late holds a consent and no rung.
        round_.watch.let_go(ClockKind.REPLY)
        at = None if round_.ended or self._book.outcome is not None else _consents_at(request)
        now = workflow.now()
        if at is None or at > now:
            # It was answered, paused or extended while the inbox was asked.
            return
        if held_by is None:
            authority = request.ask.silence_consents
            ref = f"clock:silence:{name}"
            request.answer_by_clock(f"silence counts as consent ({authority})", ref, now, now)
            self._book.write(FactKind.CONSENTED_BY_SILENCE, request, data={"authority": authority})
            return
        self._held[name] += 1
        if self._held[name] == 1:
            told = {"rung": "silence_consents", "held_by": held_by}
            self._book.write(FactKind.RUNG_HELD, request, round_, data=told)
        self._again_at[name] = now + recheck_pause(self._held[name], request.rules.edition)

    async def _heard(self, request: Request, round_: Round) -> str | None:
        """What waits in the inbox. An inbox that does not answer is no silence of the department."""
        sought = AnswerSought(request_id=request.request_id, round=round_.number, until=workflow.now())
        try:
            return await workflow.execute_activity_method(
                NoticeActivities.answer_in_time,
                sought,
                task_queue=ENGINE_QUEUE,
                summary=PublicText(f"{request.ask.key}: silent?"),
                **NOTICE,
            )
        except ActivityError:
            return "the inbox does not answer"


def _consents_at(request: Request) -> datetime | None:
    """None: its silence means nothing, or not yet; the ladder chases it, and a person decides."""
    asked, round_ = request.ask, request.round
    if asked.silence_consents is None or asked.kind is not AskKind.DEPARTMENT or request.state is not RequestState.OPEN:
        return None
    if round_.delivered_at is None or (request.rules.edition >= 1 and not _may_be_believed(asked, round_)):
        return None
    clock = round_.watch.clock(ClockKind.REPLY)
    return consents_at(clock, round_.opened_at, round_.delivered_at, request.rules.calendar)


def _may_be_believed(asked: Ask, round_: Round) -> bool:
    """The rule is one department's and goes to no other; and nobody is silent whom we cannot reach to ask."""
    route = round_.route
    if route is None or route.code != asked.department:
        return False
    return route.technique.calls_back or round_.outage_id is None
