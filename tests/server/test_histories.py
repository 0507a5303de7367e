"""What `liandong verify` sees in Temporal's histories: that they run on today's code, and that they stay small."""

from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from bootstrap import history_check
from bootstrap.history_check import check_histories
from tests.server.case import ask, launched
from tests.server.waiting import until
from tests.server.world import World

pytestmark = [
    pytest.mark.server,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(120, func_only=True),
]
ALL = 10_000


@workflow.defn(name="CaseCoordination", sandboxed=False)
class OtherCode:
    """What a deployment left behind that knew the name and did something else."""

    @workflow.run
    async def run(self, _launch: dict[str, str]) -> None:
        await workflow.sleep(0.01)


async def found(world: World) -> dict[str, str]:
    """Invariant by run; every run is replayed."""
    container = world.inside
    interceptor = container.telemetry.temporal_interceptor()
    told: list[tuple[int, int]] = []
    findings = await check_histories(container.client, interceptor, ALL, lambda *so_far: told.append(so_far))
    assert [done for done, _ in told] == list(range(1, len(told) + 1))
    return {finding.case_id: finding.invariant for finding in findings}


async def test_a_history_of_other_code_and_one_that_has_grown_too_long_are_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await launched(world, ask("licence", "market"))
    await case.delivered()
    assert (await world.call_back("market", case.reply("licence"))).status_code == 200
    await case.closed()

    seen = world.inside.client
    client = await Client.connect(world.temporal.address, namespace=seen.namespace, data_converter=seen.data_converter)
    stranger = f"stranger-{uuid4().hex[:8]}"
    runner = UnsandboxedWorkflowRunner()
    async with Worker(client, task_queue=stranger, workflows=[OtherCode], workflow_runner=runner):
        await client.execute_workflow("CaseCoordination", {"not": "ours"}, id=stranger, task_queue=stranger)

    async def listed() -> bool:
        return stranger in [run.id async for run in client.list_workflows(f"WorkflowId = '{stranger}'")]

    await until(listed, "the stranger to be listed")
    assert await found(world) == {stranger: "I12"}

    monkeypatch.setattr(history_check, "MOST_EVENTS", 5)
    assert (await found(world))[case.case_id] == "I13"
