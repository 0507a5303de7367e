"""The engine where the process began before Temporal did: away, no worse than that, and found once it is there."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError
from temporalio.contrib.pydantic import pydantic_data_converter

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
