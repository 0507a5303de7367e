"""Activities of the bare rungs: they do nothing, but in the same way as ours."""

import asyncio
from typing import Any

from temporalio import activity
from temporalio.client import Client

from activities.record import GATHER_SECONDS
from bench.shape import answer_after
from domain.dispatch import Dispatch, Receipt
from domain.snapshot import CaseProgress


class BareActivities:
    """Nothing is sent anywhere; a reply completes its activity by id, as a callback would."""

    def __init__(self, client: Client, apart: float) -> None:
        self._client = client
        self._apart = apart
        self._answering: set[asyncio.Task[None]] = set()

    @activity.defn(name="record_progress")
    async def record_progress(self, progress: Any) -> None:
        del progress
        await asyncio.sleep(GATHER_SECONDS)

    @activity.defn(name="deliver_request")
    async def deliver_request(self, dispatch: Any) -> dict[str, str]:
        del dispatch
        return {"receipt": "1"}

    @activity.defn(name="await_reply")
    async def await_reply(self, ref: Any) -> dict[str, str]:
        del ref
        info = activity.info()
        after = answer_after(info.task_queue.rpartition("-")[2], self._apart)
        task = asyncio.create_task(self._answer(info.workflow_id or "", info.activity_id, after))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        activity.raise_complete_async()

    async def _answer(self, workflow_id: str, activity_id: str, after: float) -> None:
        await asyncio.sleep(after)
        handle = self._client.get_async_activity_handle(workflow_id=workflow_id, run_id=None, activity_id=activity_id)
        await handle.complete({"code": "ACCEPTED"})


class TypedActivities(BareActivities):
    """Takes and gives our real values."""

    @activity.defn(name="record_progress")
    async def record_progress(self, progress: CaseProgress) -> None:
        del progress
        await asyncio.sleep(GATHER_SECONDS)

    @activity.defn(name="deliver_request")
    async def deliver_request(self, dispatch: Dispatch) -> Receipt:  # type: ignore[override]
        return Receipt(delivered_at=dispatch.dispatched_at, receipt="1")
