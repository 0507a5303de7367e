"""The engine where the process began before Temporal did: away, no worse than that, and found once it is there."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.workflow.v1 import WorkflowExecutionInfo
from temporalio.api.workflowservice.v1 import ListWorkflowExecutionsResponse
from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode

from adapters.case_engine import TemporalCaseEngine
from adapters.follow_up_engine import TemporalFollowUpEngine
from adapters.outage_reporter import TemporalOutageReporter
from bootstrap.embedded_temporal import EmbeddedTemporal, EmbeddedTemporalConfig
from domain.codes import Technique
from domain.department import DepartmentRoute
from domain.dispatch import RoundRef
from domain.errors import ErrorCategory, LiandongError
from domain.outage import OutageNote
from domain.reply import RawAnswer
from tests.server.world import free_port

CASE, REQUEST = "LD-2034-000001", "LD-2034-000001.a"
REF = RoundRef(
    case_id=CASE,
    request_id=REQUEST,
    round=1,
    department=DepartmentRoute(code="market", technique=Technique.WEBHOOK),
)
ANSWER = RawAnswer(reply={"code": "ACCEPTED"}, received_at=datetime(2034, 5, 8, tzinfo=UTC), ref="m-1")
OVER = OutageNote(outage_id="a#1", request_id=REQUEST, round=1, began=False)


async def early(port: int) -> Client:
    """As the API connects: without waiting for anybody."""
    address = f"127.0.0.1:{port}"
    return await Client.connect(address, namespace="liandong", data_converter=pydantic_data_converter, lazy=True)


async def test_a_server_that_was_never_reached_is_away() -> None:
    client = await early(free_port())
    engine = TemporalCaseEngine(client)
    for call in (
        engine.complete_round(REF, ANSWER),
        engine.snapshot(CASE),
        engine.failing_cases(),
        engine.keeps_history_for(),
        TemporalFollowUpEngine(client).snapshot(f"{CASE}-f1"),
        TemporalOutageReporter(client).report(CASE, OVER),
    ):
        with pytest.raises(LiandongError) as refused:
            await call
        assert (refused.value.category, refused.value.code) == (ErrorCategory.UNAVAILABLE, "engine-unavailable")
    assert await engine.ready() == "Temporal does not answer: UNAVAILABLE"


@asynccontextmanager
async def silent() -> AsyncIterator[int]:
    """The port of somebody who takes every connection and never says a word."""
    over = asyncio.Event()

    async def keep(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    async with await asyncio.start_server(keep, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        over.set()


async def test_nobody_waits_for_those_who_wait_for_a_silent_server() -> None:
    """Calls of a client that was never connected stand in one line, whatever the timeout of each."""
    async with silent() as port, asyncio.timeout(15):
        client, within = await early(port), timedelta(seconds=0.5)
        engine = TemporalCaseEngine(client, rpc_timeout=within)
        follow_ups = TemporalFollowUpEngine(client, rpc_timeout=within)
        cases = (engine.snapshot(CASE) for _ in range(3))
        told = await asyncio.gather(
            *cases, *(follow_ups.snapshot(f"{CASE}-f1") for _ in range(3)), return_exceptions=True
        )
        assert [getattr(one, "code", one) for one in told] == ["engine-unavailable"] * 6
        assert await engine.ready() == "Temporal does not answer: DEADLINE_EXCEEDED"


async def test_a_cluster_that_does_not_know_failing_tasks_tells_of_bad_ends_only(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client, asked = await early(free_port()), []

    async def list_executions(request: Any, **_: object) -> ListWorkflowExecutionsResponse:
        asked.append(request.query)
        if "TemporalReportedProblems" in request.query:
            raise RPCError("invalid query: unknown attribute", RPCStatusCode.INVALID_ARGUMENT, b"")
        ended = WorkflowExecutionInfo()
        ended.execution.workflow_id = CASE
        return ListWorkflowExecutionsResponse(executions=[ended])

    monkeypatch.setattr(client.workflow_service, "list_workflow_executions", list_executions)
    engine = TemporalCaseEngine(client)
    with caplog.at_level(logging.WARNING):
        assert [await engine.failing_cases() for _ in range(3)] == [[CASE]] * 3
    assert ["TemporalReportedProblems" in query for query in asked] == [True, False, False, False]
    assert len(caplog.records) == 1


async def test_another_refused_question_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    client = await early(free_port())

    async def list_executions(_request: Any, **_: object) -> None:
        raise RPCError("invalid query", RPCStatusCode.INVALID_ARGUMENT, b"")

    monkeypatch.setattr(client.workflow_service, "list_workflow_executions", list_executions)
    with pytest.raises(RPCError):
        await TemporalCaseEngine(client).failing_cases()


@pytest.mark.server
async def test_it_is_found_once_it_is_there(tmp_path: Path) -> None:
    port = free_port()
    engine = TemporalCaseEngine(await early(port))
    assert await engine.ready() is not None
    async with EmbeddedTemporal(EmbeddedTemporalConfig(data_dir=tmp_path, port=port)):
        assert await engine.ready() is None
        assert not await engine.complete_round(REF, ANSWER)
        assert await engine.keeps_history_for() == timedelta(days=365)


async def test_other_mistakes_of_a_running_program_are_not_taken_for_an_engine_that_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = await early(free_port())

    async def broken(**_: object) -> bool:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(client.service_client, "check_health", broken)
    with pytest.raises(RuntimeError, match="a mistake of ours"):
        await TemporalCaseEngine(client).ready()


async def test_a_question_that_the_worker_could_not_answer_may_be_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    client = await early(free_port())

    async def too_busy(*_: object, **__: object) -> None:
        raise WorkflowQueryFailedError("Potential deadlock detected: the workflow did not yield within 2 seconds")

    monkeypatch.setattr(WorkflowHandle, "query", too_busy)
    for asked in (TemporalCaseEngine(client).snapshot(CASE), TemporalFollowUpEngine(client).snapshot(f"{CASE}-f1")):
        with pytest.raises(LiandongError) as refused:
            await asked
        assert (refused.value.category, refused.value.code) == (ErrorCategory.UNAVAILABLE, "engine-unavailable")
