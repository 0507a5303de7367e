"""A round is withdrawn when nothing delivers it any more: no department keeps a request that nobody waits for."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from bootstrap.workers import replayer
from domain.decision import WithdrawCase
from domain.dispatch import Dispatch, Receipt, Withdrawal
from tests.workflows.conftest import CONVERTER
from tests.workflows.skipped_time import CASE, ask, skipped_time

SAVED = Path(__file__).parent / "histories" / "withdrawn_after_delivery.json"
LONG_ENOUGH = 1.0
"""So long an untimely withdrawal is given to overtake, in seconds."""


async def test_a_withdrawal_does_not_overtake_the_delivery(
    env: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived, goes_on, overtaken = asyncio.Event(), asyncio.Event(), asyncio.Event()
    heard: list[str] = []
    async with skipped_time(env, "2023-02-15T10:00") as world:
        deliver, withdraw = world.departments.deliver, world.departments.withdraw

        async def slowly(dispatch: Dispatch) -> Receipt:
            arrived.set()
            await goes_on.wait()
            heard.append("asked")
            return await deliver(dispatch)

        async def withdrawn(withdrawal: Withdrawal) -> None:
            heard.append("withdrawn")
            overtaken.set()
            await withdraw(withdrawal)

        monkeypatch.setattr(world.departments, "deliver", slowly)
        monkeypatch.setattr(world.departments, "withdraw", withdrawn)
        await world.start(world.launch(ask("permit", "culture", role="LEAD", reply_limit="5 working_days")))
        await asyncio.wait_for(arrived.wait(), 30)
        end = WithdrawCase(command_id="end", decided_by="user:leader", reason="because")
        await world.engine.decide(CASE, end)
        with suppress(TimeoutError):
            await asyncio.wait_for(overtaken.wait(), LONG_ENOUGH)
        goes_on.set()
        await world.result()
        history = await world.history()
    assert heard == ["asked", "withdrawn"]
    if os.environ.get("SAVE_HISTORIES"):
        SAVED.write_text(history.to_json(), encoding="utf-8")
    await replayer(CONVERTER).replay_workflow(history)
