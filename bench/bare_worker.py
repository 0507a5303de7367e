"""The workers of one bare rung as one process: one for the workflow's queue, one for each department's, as ours."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from bench.bare_activities import BareActivities, TypedActivities
from bench.callback_door import callback_door
from bench.children import say_ready, until_input_ends
from bench.shape import DEPARTMENTS, BareCase, TypedCase, case_queue, department_queue
from bootstrap.data_converter import build_data_converter
from bootstrap.keyring import KeyRing
from bootstrap.settings import WorkerSettings

NAMESPACE = "liandong"
_GRACEFUL = timedelta(seconds=5)


class Values(StrEnum):
    JSON = "json"
    PYDANTIC = "pydantic"
    SEALED = "sealed"


class BareSetup(BaseModel):
    """What makes one rung differ from the one below it."""

    rung: str
    address: str
    apart: float = 0.0
    """Seconds from one department's answer to the next one's."""
    sandbox: bool = False
    values: Values = Values.JSON
    key: str = ""
    """One line of a key ring, for sealed values."""
    secrets: Path | None = None
    """Send real signed requests with these secrets; else nothing is sent."""
    simulators: str = ""

    def converter(self) -> DataConverter:
        match self.values:
            case Values.JSON:
                return DataConverter.default
            case Values.PYDANTIC:
                return pydantic_data_converter
            case Values.SEALED:
                return build_data_converter(KeyRing.parse(self.key))

    def runner(self) -> WorkflowRunner:
        if not self.sandbox:
            return UnsandboxedWorkflowRunner()
        # Like ours: the modules of the workflow are not loaded anew for every case
        passing = SandboxRestrictions.default.with_passthrough_modules("bench", "domain", "workflows", "activities")
        return SandboxedWorkflowRunner(restrictions=passing)


async def connect(setup: BareSetup) -> Client:
    return await Client.connect(setup.address, namespace=NAMESPACE, data_converter=setup.converter())


async def main(setup: BareSetup) -> None:
    client = await connect(setup)
    async with AsyncExitStack() as stack:
        record, of_department = await stack.enter_async_context(_activities(setup, client))
        settings = WorkerSettings()
        engine = Worker(
            client,
            task_queue=case_queue(setup.rung),
            workflows=[BareCase, TypedCase],
            activities=[record],
            workflow_runner=setup.runner(),
            max_concurrent_workflow_tasks=settings.max_concurrent_workflow_tasks,
            max_concurrent_activities=settings.max_concurrent_activities,
            max_cached_workflows=settings.max_cached_workflows,
            graceful_shutdown_timeout=_GRACEFUL,
        )
        await stack.enter_async_context(engine)
        for code in DEPARTMENTS:
            worker = Worker(
                client,
                task_queue=department_queue(setup.rung, code),
                activities=of_department,
                max_concurrent_activities=8,
                graceful_shutdown_timeout=_GRACEFUL,
            )
            await stack.enter_async_context(worker)
        say_ready()
        await until_input_ends()


@asynccontextmanager
async def _activities(setup: BareSetup, client: Client) -> AsyncIterator[tuple[Any, list[Any]]]:
    kind = BareActivities if setup.values is Values.JSON else TypedActivities
    bare = kind(client, setup.apart)
    if setup.secrets is None:
        yield bare.record_progress, [bare.deliver_request, bare.await_reply]
        return
    async with callback_door(client, setup.secrets, setup.simulators) as ours:
        yield bare.record_progress, [ours.deliver_request, ours.await_reply]


if __name__ == "__main__":
    asyncio.run(main(BareSetup.model_validate_json(sys.argv[1])))
