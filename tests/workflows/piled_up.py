"""A case whose engine is away while its department is not: what happens meanwhile meets in one workflow task."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio.api.enums.v1 import EventType
from temporalio.testing import WorkflowEnvironment

from activities.department import DepartmentActivities
from activities.notice import NoticeActivities
from activities.record import RecordActivities
from adapters.department_recorder import DepartmentRecorder
from bootstrap.settings import WorkerSettings
from bootstrap.workers import department_worker, engine_worker
from domain.codes import Technique
from domain.department_failure import DepartmentRefusal
from domain.dispatch import RoundRef
from domain.reply import RawAnswer
from tests.server.waiting import until
from tests.workflows.skipped_time import CASE, SkippedTime, ask, department

PERMIT = f"{CASE}.permit"
_MARKET = department("market").model_copy(update={"technique": Technique.WEBHOOK})
_GRACEFUL = timedelta(seconds=1)


@asynccontextmanager
async def refused_and_answered(env: WorkflowEnvironment) -> AsyncIterator[SkippedTime]:
    """The department's system refuses the message for good, and the department answers it all the same."""
    world = SkippedTime(env, {})
    world.departments = DepartmentRecorder(world.now, faults={PERMIT: [DepartmentRefusal("not for us")]})
    await world.until("2023-03-13T09:00")
    launch = world.launch(ask("permit", "market", role="LEAD", reply_limit="3 working_days"))
    await world.start(launch.model_copy(update={"routes": (_MARKET.route(),)}))
    async with _engine(world):
        await _happened(world, EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, 2)
        await _happened(world, EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, 1)
    acts = DepartmentActivities({Technique.WEBHOOK: world.departments}, world)
    async with department_worker(world.client, _MARKET, acts, graceful=_GRACEFUL):
        await _happened(world, EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED, 1)
        ref = RoundRef(case_id=CASE, request_id=PERMIT, round=1, department=_MARKET.route())
        said = RawAnswer(reply={"code": "ACCEPTED"}, received_at=await env.get_current_time(), ref="inbox-1")
        await until(lambda: world.engine.complete_round(ref, said), "the wait for the answer to begin")
        async with _engine(world):
            yield world


@asynccontextmanager
async def _engine(world: SkippedTime) -> AsyncIterator[None]:
    record, notice = RecordActivities(world.store), NoticeActivities({"notice": world.notices}, world.store)
    # Without a cache, so that the server keeps no task for a worker that has gone
    settings = WorkerSettings(max_cached_workflows=0)
    async with engine_worker(world.client, record, notice, settings, graceful=_GRACEFUL):
        yield


async def _happened(world: SkippedTime, kind: "EventType.ValueType", count: int) -> None:
    """Until the history has so many of these: two messages to the department, the record of having asked it."""

    async def look() -> bool:
        history = await world.history()
        return sum(event.event_type == kind for event in history.events) >= count

    await until(look, f"{count} of {EventType.Name(kind)}")
