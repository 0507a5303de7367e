"""The product in one process, but for a department whose queue another process works on."""

from functools import partial
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from bootstrap.settings import ApiSettings, Settings, TemporalSettings, WorkerSettings
from bootstrap.up import running_product
from domain.task_queue import ENGINE_QUEUE, department_queue
from tests.server.waiting import until


@pytest.mark.server
@pytest.mark.timeout(300)
async def test_it_works_on_the_named_queues_and_leaves_the_others_alone(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path / "data",
        temporal=TemporalSettings(port=0, ui_port=0),
        api=ApiSettings(port=0),
        worker=WorkerSettings(departments=("data",)),
    )
    async with running_product(settings, simulators=False) as product:
        polled = partial(is_polled, product.container.client)
        for queue in (department_queue("data"), ENGINE_QUEUE):
            await until(partial(polled, queue), f"a worker of {queue}")
        assert not await polled(department_queue("police"))


async def is_polled(client: Client, queue: str) -> bool:
    asked = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    )
    return bool((await client.workflow_service.describe_task_queue(asked)).pollers)
