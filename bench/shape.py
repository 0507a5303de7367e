"""The bare minimum that issues the commands of one of our cases: four departments, one round each, all accepting."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy

from domain.clock import Clock, ClockKind
from domain.codes import RequestState, Role
from domain.dispatch import Dispatch, RoundRef
from domain.ids import request_id, round_id
from domain.launch import CaseLaunch
from domain.plan import Ask
from domain.snapshot import CaseProgress, CaseSnapshot, RequestSnapshot, RoundSnapshot
from workflows.search_attributes import DECISION_NEEDED, OUTCOME

DEPARTMENTS = ("market", "assist", "medical", "water")
_DUE = timedelta(days=5)
_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5))
_SHORT = timedelta(seconds=60)
_LONG = timedelta(days=3650)


@dataclass(frozen=True)
class Asked:
    """One department's two activities and where they run."""

    key: str
    queue: str
    dispatch: Any
    ref: Any


def department_queue(rung: str, department: str) -> str:
    return f"bench-{rung}-{department}"


def answer_after(department: str, apart: float) -> float:
    """Departments answer one after the other, so that each answer wakes its case, as in life."""
    return apart * (1 + DEPARTMENTS.index(department))


def case_queue(rung: str) -> str:
    return f"bench-{rung}"


@workflow.defn(name="BareCase")
class BareCase:
    """Small JSON values, nothing of ours but the order of the commands."""

    @workflow.run
    async def run(self, case: dict[str, str]) -> dict[str, str]:
        asked = [
            Asked(
                key=request_id(case["case_id"], code),
                queue=department_queue(case["rung"], code),
                dispatch={"request": code, "text": case["text"]},
                ref={"request": code},
            )
            for code in DEPARTMENTS
        ]
        await _coordinate(asked, {"case_id": case["case_id"], "state": "OPEN"})
        return {"case_id": case["case_id"], "outcome": "DONE"}


@workflow.defn(name="TypedCase")
class TypedCase:
    """The same commands with our real values in them."""

    @workflow.run
    async def run(self, launch: CaseLaunch, rung: str) -> str:
        asked = [_asked(launch, ask, rung) for ask in launch.plan.asks]
        snapshot = CaseSnapshot(
            case_id=launch.case_id,
            version=1,
            launched_at=launch.launched_at,
            requests=tuple(_request(launch, ask, workflow.now()) for ask in launch.plan.asks),
        )
        await _coordinate(asked, CaseProgress(snapshot=snapshot))
        return launch.case_id


async def _coordinate(asked: Sequence[Asked], progress: Any) -> None:
    """As our workflow does: a timer, a record and everything else at once; one record at a time, then an outcome."""
    timer = asyncio.create_task(workflow.sleep(_DUE))
    records = _Records(progress)
    records.wanted += 1
    handles = [
        workflow.start_activity(
            name,
            value,
            task_queue=one.queue,
            activity_id=activity_id,
            start_to_close_timeout=limit,
            retry_policy=_RETRY,
        )
        for one in asked
        for name, value, activity_id, limit in (
            ("deliver_request", one.dispatch, f"{round_id(one.key, 1)}.deliver", _SHORT),
            ("await_reply", one.ref, round_id(one.key, 1), _LONG),
        )
    ]
    seen = 0
    while seen < len(handles):
        await workflow.wait_condition(partial(_more_than, seen, handles))
        seen = _done(handles)
        if seen == len(handles):
            workflow.upsert_search_attributes([DECISION_NEEDED.value_set(False), OUTCOME.value_set("DONE")])
        records.wanted += 1
    await records.all_written()
    for handle in handles:
        handle.result()
    # Ours ends with its timer still running: a cancelled one would be a command more
    workflow.logger.debug("timer left: %s", not timer.done())


def _done(handles: Sequence[asyncio.Task[Any]]) -> int:
    return sum(handle.done() for handle in handles)


def _more_than(seen: int, handles: Sequence[asyncio.Task[Any]]) -> bool:
    return _done(handles) > seen


class _Records:
    """One at a time; what arrives meanwhile shares the next one."""

    def __init__(self, progress: Any) -> None:
        self._progress = progress
        self.wanted = 0
        self._written = 0
        self._loop = asyncio.create_task(self._run())

    async def all_written(self) -> None:
        await workflow.wait_condition(lambda: self._written == self.wanted)

    async def _run(self) -> None:
        while True:
            await workflow.wait_condition(lambda: self._written < self.wanted)
            taken = self.wanted
            await workflow.execute_activity("record_progress", self._progress, start_to_close_timeout=_SHORT)
            self._written = taken


def _asked(launch: CaseLaunch, ask: Ask, rung: str) -> Asked:
    asked_id = request_id(launch.case_id, ask.key)
    route = launch.route(ask.department or "")
    dispatch = Dispatch(
        case_id=launch.case_id,
        request_id=asked_id,
        round=1,
        department=route,
        role=ask.role,
        text=ask.text,
        fields=ask.fields,
        dispatched_at=workflow.now(),
        due_at=workflow.now() + _DUE,
    )
    ref = RoundRef(case_id=launch.case_id, request_id=asked_id, round=1, department=route)
    return Asked(asked_id, department_queue(rung, route.code), dispatch, ref)


def _request(launch: CaseLaunch, ask: Ask, now: datetime) -> RequestSnapshot:
    asked_id = request_id(launch.case_id, ask.key)
    limit = ask.reply_limit or launch.follow_up_limit
    clock = Clock(clock_id=f"{round_id(asked_id, 1)}.reply", kind=ClockKind.REPLY, started_at=now, limit=limit)
    turn = RoundSnapshot(number=1, department=ask.department, opened_at=now, clocks=(clock,), due_at=now + _DUE)
    return RequestSnapshot(
        request_id=asked_id,
        key=ask.key,
        kind=ask.kind,
        role=Role.SUPPORT,
        text=ask.text,
        department=ask.department,
        state=RequestState.OPEN,
        rounds=(turn,),
    )
