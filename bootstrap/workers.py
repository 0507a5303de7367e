"""Workers: one for the engine's queue, one for each department's, all leaving gracefully."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta

import pydantic
from temporalio.client import Client
from temporalio.converter import DataConverter
from temporalio.worker import Interceptor, Replayer, UnsandboxedWorkflowRunner, Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy

from activities.department import DepartmentActivities
from activities.notice import NoticeActivities
from activities.record import RecordActivities
from bootstrap.settings import WorkerSettings
from bootstrap.telemetry import SANDBOX_PASSTHROUGH
from domain.department import Department
from domain.task_queue import ENGINE_QUEUE, department_queue
from workflows.case_coordination import CaseCoordination
from workflows.follow_up import FollowUp

WORKFLOWS = [CaseCoordination, FollowUp]
_FAILS_THE_RUN = [pydantic.ValidationError]
"""Input that no code of ours can read; everything else unforeseen holds the case until it is mended."""

_PASSED_THROUGH = ("domain", "activities", "workflows", *SANDBOX_PASSTHROUGH)
"""Modules of ours that hold no mutable state: loading them anew for every case would cost time and prove nothing."""


def workflow_runner() -> WorkflowRunner:
    """The sandbox with a loud no to anything that a workflow module imports by accident."""
    policy = (
        SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
        | SandboxImportNotificationPolicy.WARN_ON_DYNAMIC_IMPORT
    )
    passing = SandboxRestrictions.default.with_passthrough_modules(*_PASSED_THROUGH)
    return SandboxedWorkflowRunner(restrictions=passing.with_import_notification_policy(policy))


def engine_worker(
    client: Client,
    record: RecordActivities,
    notice: NoticeActivities,
    settings: WorkerSettings,
    *,
    graceful: timedelta,
    sandboxed: bool = True,
) -> Worker:
    """Runs the coordinations, their records and their notices; needs the store. `sandboxed=False` is for benchmarks."""
    return Worker(
        client,
        task_queue=ENGINE_QUEUE,
        workflows=WORKFLOWS,
        activities=[record.record_progress, record.record_follow_up, notice.fire_rung, notice.answer_in_time],
        workflow_runner=workflow_runner() if sandboxed else UnsandboxedWorkflowRunner(),
        workflow_failure_exception_types=_FAILS_THE_RUN,
        max_concurrent_workflow_tasks=settings.max_concurrent_workflow_tasks,
        max_concurrent_activities=settings.max_concurrent_activities,
        max_cached_workflows=settings.max_cached_workflows,
        graceful_shutdown_timeout=graceful,
    )


def replayer(converter: DataConverter, interceptors: Sequence[Interceptor] = ()) -> Replayer:
    """Runs histories on today's code as the engine's worker would, and raises where the two part ways."""
    return Replayer(
        workflows=WORKFLOWS,
        workflow_runner=workflow_runner(),
        data_converter=converter,
        interceptors=interceptors,
        workflow_failure_exception_types=_FAILS_THE_RUN,
    )


def department_worker(
    client: Client, department: Department, activities: DepartmentActivities, *, graceful: timedelta
) -> Worker:
    """Runs one department's adapter, possibly inside that department's network; needs no store."""
    return Worker(
        client,
        task_queue=department_queue(department.code),
        activities=[activities.deliver_request, activities.await_reply, activities.withdraw_request],
        max_concurrent_activities=department.max_concurrency,
        graceful_shutdown_timeout=graceful,
    )


async def run_workers(workers: Sequence[Worker], stop: asyncio.Event) -> None:
    """Run until `stop` is set; then let activities in flight finish. A worker that fails ends them all."""
    async with AsyncExitStack() as stack:
        for worker in workers:
            await stack.enter_async_context(worker)
        await stop.wait()
