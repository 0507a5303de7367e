"""What left for departments: kept as it was."""

from pathlib import Path

import pytest

from adapters.department_line import LineOptions
from adapters.outbox_file import OutboxFile
from domain.codes import Technique
from domain.department import Department
from domain.errors import unavailable
from domain.outbox import SentMessage
from domain.ports import DepartmentUnavailable
from simulators.script import Behaviour
from store.kept_outbox import StoredOutbox
from store.sql_store import SqlStore
from tests.adapters.arrangement import CASE, arranged, dispatch, ref_of

DEPARTMENT = Department(
    code="fire", name_zh="消防", name_en="Fire", technique=Technique.POLLED, base_url="https://fire.example"
)


async def test_every_attempt_is_kept_with_its_bytes_and_signature(store: SqlStore) -> None:
    options = LineOptions(outbox=StoredOutbox(store))
    async with arranged(Technique.WEBHOOK, options) as market:
        market.behave(Behaviour(fail_first=1, answer_after=None, acknowledge_after=None))
        sent = dispatch(Technique.WEBHOOK)
        with pytest.raises(DepartmentUnavailable):
            await market.adapter.deliver(sent)
        await market.adapter.deliver(sent)
        verified = [entry.authentic for entry in market.department.journal.received]
    async with store.reading() as session:
        first, second = await session.outbox.of_case(CASE)
    assert verified == [True, True]
    assert (first.status, second.status) == (503, 200)
    assert first.message_id == second.message_id == sent.idempotency_key
    assert b'"request.dispatched"' in second.body
    assert second.headers["webhook-signature"].startswith("v1,")
    assert b"receipt" in second.reply


async def test_a_bearer_token_is_not_evidence_and_is_not_kept(store: SqlStore) -> None:
    async with arranged(Technique.POLLED, LineOptions(outbox=StoredOutbox(store))) as housing:
        await housing.adapter.deliver(dispatch(Technique.POLLED))
    async with store.reading() as session:
        (kept,) = await session.outbox.of_case(CASE)
    assert "token" not in kept.model_dump_json()
    assert kept.message_id == dispatch(Technique.POLLED).idempotency_key


async def test_what_cannot_be_kept_does_not_leave() -> None:
    class Full:
        async def keep(self, sent: SentMessage) -> None:
            raise unavailable("store-unavailable", "full")

    async with arranged(Technique.WEBHOOK, LineOptions(outbox=Full())) as market:
        with pytest.raises(DepartmentUnavailable, match="outbox"):
            await market.adapter.deliver(dispatch(Technique.WEBHOOK))
        assert market.department.journal.received == []


async def test_a_worker_without_a_store_keeps_a_file(tmp_path: Path) -> None:
    path = tmp_path / "outbox.jsonl"
    async with arranged(Technique.XML, LineOptions(outbox=OutboxFile(path))) as police:
        await police.adapter.deliver(dispatch(Technique.XML))
        await police.adapter.poll(ref_of(dispatch(Technique.XML)))
    before, after = [SentMessage.model_validate_json(line) for line in path.read_text().splitlines()]
    assert (before.status, after.status, before.entry_id) == (None, 200, after.entry_id)
    assert after.body == before.body != b""
    assert before.message_id == dispatch(Technique.XML).idempotency_key


async def test_a_start_brings_only_what_is_new_in_the_policy(store: SqlStore) -> None:
    async def after(*steps: Department) -> Department | None:
        async with store.writing() as session:
            for step in steps:
                await session.directory.seed(step)
            return await session.directory.get("fire")

    assert await after(DEPARTMENT) == DEPARTMENT
    changed = DEPARTMENT.model_copy(update={"max_concurrency": 2, "enabled": False})
    async with store.writing() as session:
        await session.directory.save(changed)
    assert await after(DEPARTMENT) == changed, "the same policy again takes nothing back"
    moved = DEPARTMENT.model_copy(update={"base_url": "https://new.example"})
    assert await after(moved) == moved.model_copy(update={"enabled": False}), "a new address does not switch it on"
    off = moved.model_copy(update={"enabled": False})
    assert await after(off, moved) == moved, "the policy itself may switch it off and on"
