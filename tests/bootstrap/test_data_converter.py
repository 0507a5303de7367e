"""Payloads on the real server: every path round-trips, and nothing private rests in Temporal."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.converter import ActivitySerializationContext
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy

from bootstrap.codec import PayloadRefusedError
from bootstrap.data_converter import build_data_converter
from bootstrap.embedded_temporal import EmbeddedTemporal
from bootstrap.keyring import KeyRing, new_key_line
from domain.public_text import PublicText
from tests.bootstrap.round_trip_workflow import (
    PRIVATE,
    PUBLIC,
    Fails,
    Note,
    RoundTrip,
    await_note,
    echo_note,
    fail_with_note,
)

QUEUE = "round-trip"
LIMIT = 20
OLD_KEY = new_key_line("2026")
NOTE = Note(text=PRIVATE)
ATTRIBUTE = SearchAttributeKey.for_keyword("TestState")

pytestmark = pytest.mark.server


def runner() -> SandboxedWorkflowRunner:
    restrictions = SandboxRestrictions.default.with_passthrough_modules("domain", "tests")
    return SandboxedWorkflowRunner(
        restrictions.with_import_notification_policy(SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH)
    )


async def connect(server: EmbeddedTemporal, keys: str = OLD_KEY) -> Client:
    return await Client.connect(
        server.address, namespace="liandong", data_converter=build_data_converter(KeyRing.parse(keys))
    )


def worker(client: Client) -> Worker:
    return Worker(
        client,
        task_queue=QUEUE,
        workflows=[RoundTrip, Fails],
        activities=[echo_note, fail_with_note, await_note],
        workflow_runner=runner(),
        max_cached_workflows=0,
    )


async def start(client: Client, case: str) -> WorkflowHandle[RoundTrip, list[str]]:
    return await client.start_workflow(
        RoundTrip.run,
        NOTE,
        id=case,
        task_queue=QUEUE,
        memo={"note": PRIVATE},
        static_summary=PublicText(PUBLIC),
        search_attributes=TypedSearchAttributes([SearchAttributePair(ATTRIBUTE, "waiting")]),
    )


async def complete(client: Client, case: str, activity_id: str, bound: bool) -> None:
    handle = client.get_async_activity_handle(workflow_id=case, run_id=None, activity_id=activity_id)
    if bound:
        handle = handle.with_context(
            ActivitySerializationContext(
                namespace=client.namespace,
                activity_id=activity_id,
                activity_type=None,
                activity_task_queue=None,
                workflow_id=case,
                workflow_type=None,
                is_local=False,
            )
        )
    async with asyncio.timeout(LIMIT):
        while True:
            try:
                return await handle.complete(NOTE)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
                await asyncio.sleep(0.05)


async def drive(client: Client, handle: WorkflowHandle[RoundTrip, list[str]]) -> list[str]:
    await handle.signal(RoundTrip.tell, NOTE)
    assert await handle.query(RoundTrip.ask, NOTE) == NOTE
    assert await handle.execute_update(RoundTrip.change, NOTE) == NOTE
    await complete(client, handle.id, "answer-bound", bound=True)
    await complete(client, handle.id, "answer-unbound", bound=False)
    return await asyncio.wait_for(handle.result(), LIMIT)


async def test_every_path_round_trips(embedded: EmbeddedTemporal) -> None:
    client = await connect(embedded)
    async with worker(client):
        handle = await start(client, "HK-1")
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await handle.execute_update(RoundTrip.change, Note(text="public"))
        result = await drive(client, handle)
        with pytest.raises(WorkflowFailureError) as failed:
            await client.execute_workflow(Fails.run, NOTE, id="HK-2", task_queue=QUEUE)

    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.message == "not private: public"
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.message == f"gave up on {PRIVATE}"
    assert result == [PRIVATE, PRIVATE, PRIVATE, f"refused: {PRIVATE}", PRIVATE]
    description = await handle.describe()
    assert await description.memo() == {"note": PRIVATE}
    assert description.typed_search_attributes[ATTRIBUTE] == "waiting"
    assert await description.static_summary() == PUBLIC
    await Replayer(
        workflows=[RoundTrip], workflow_runner=runner(), data_converter=client.data_converter
    ).replay_workflow(await handle.fetch_history())


async def test_temporal_holds_business_words_but_nothing_private(embedded: EmbeddedTemporal) -> None:
    client = await connect(embedded)
    async with worker(client):
        handle = await start(client, "HK-1")
        await drive(client, handle)
        details = (
            await (await Client.connect(embedded.address, namespace="liandong"))
            .get_workflow_handle("HK-1")
            .query("__temporal_workflow_metadata")
        )
    history = await handle.fetch_history()
    summaries = [
        event.user_metadata.summary.data.decode() for event in history.events if event.HasField("user_metadata")
    ]
    await embedded.stop()

    with closing(sqlite3.connect(embedded.database_file)) as store:
        store.execute("pragma wal_checkpoint(truncate)")
    stored = embedded.database_file.read_bytes()
    assert summaries == [f'"{PUBLIC}"', f'"{PUBLIC}"']
    assert details.current_details == PUBLIC
    for planted in (PRIVATE, "13800138000", "陈某某"):
        assert planted.encode() not in stored
        assert planted not in history.to_json()
    assert PUBLIC.encode() in stored


async def test_a_case_from_before_a_key_rotation_goes_on(embedded: EmbeddedTemporal) -> None:
    before = await connect(embedded)
    async with worker(before):
        handle = await start(before, "HK-1")
        await handle.signal(RoundTrip.tell, NOTE)

    after = await connect(embedded, new_key_line("2027") + OLD_KEY)
    async with worker(after):
        result = await drive(after, after.get_workflow_handle_for(RoundTrip.run, "HK-1"))

    assert result[-2:] == [PRIVATE, PRIVATE]


async def test_without_the_key_a_result_is_refused_and_not_garbage(embedded: EmbeddedTemporal) -> None:
    client = await connect(embedded)
    async with worker(client):
        await drive(client, await start(client, "HK-1"))

    stranger = await connect(embedded, new_key_line("other"))
    with pytest.raises(PayloadRefusedError, match="no key '2026'"):
        await stranger.get_workflow_handle("HK-1").result(rpc_timeout=timedelta(seconds=LIMIT))


async def test_an_input_copied_from_another_case_stops_at_the_codec(embedded: EmbeddedTemporal) -> None:
    client = await connect(embedded)
    async with worker(client):
        handle = await start(client, "HK-1")
        await drive(client, handle)
    started = next(
        event
        for event in (await handle.fetch_history()).events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED
    )
    copied = list(started.workflow_execution_started_event_attributes.input.payloads)

    codec = client.data_converter.payload_codec
    assert codec is not None
    foreign = client.data_converter.with_context(
        ActivitySerializationContext("liandong", None, None, None, "QP-1", None, False)
    )
    with pytest.raises(PayloadRefusedError, match="HK-1 was found in QP-1"):
        await foreign.decode(copied, [Note])
