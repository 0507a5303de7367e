"""Who said what: the facts of a running case vouch for every kept byte, and the whole check finds what was touched."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
import pytest_asyncio

from adapters.system_time import SystemTime
from adapters.webhook_signature import sign
from domain.exchange import Exchange
from domain.fact import FactKind
from domain.kept_message import Direction, KeptMessage, Standing
from domain.proof import proofs
from services import verify_invariants
from services.read_kept_messages import read_kept_messages
from services.verify_invariants import Finding, verify
from tests.adapters.faulty_server import json_reply, taking_in
from tests.server.one_process import OneProcess, one_process
from tests.server.waiting import until

pytestmark = [
    pytest.mark.server,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(300, func_only=True),
]

TENANT, OWNER, CLERK, CALLED = "王小明 13900001234", "赵六 13900002345", "李四 13900003456", "陈七 13900004567"
"""People whom nobody but those who handle the case needs to know."""
SAID = json.dumps({"status": "answered", "reply": {"code": "ACCEPTED", "note": f"agreed, {CALLED}"}}).encode()
LIMITED: dict[str, object] = {"role": "SUPPORT", "text": f"请核实{TENANT}的租约", "reply_limit": "300 seconds"}
ASKS: list[dict[str, object]] = [
    {"key": "sent", "department": "market", **LIMITED},
    {"key": "asked", "department": "housing", **LIMITED},
    {"key": "owner", "kind": "EXTERNAL", "role": "EXTERNAL", "party": OWNER, "text": "请出具说明", "required": False},
]


async def systems(request: bytes, writer: asyncio.StreamWriter) -> None:
    """Everybody takes requests in; the polled system has its answer ready."""
    alone = request.startswith(b"GET ") and b"?rounds=" not in request.partition(b"\r\n")[0]
    await (json_reply(SAID)(writer) if alone else taking_in(request, writer))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("evidence") / "data"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def product(data: Path) -> AsyncIterator[OneProcess]:
    async with one_process(data, systems) as product, product.engine():
        yield product


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def case_id(product: OneProcess) -> str:
    """Both answered, one by a callback and one by being asked: the case is over."""
    case_id = await product.launched(ASKS)

    async def delivered() -> bool:
        return (await product.request(f"{case_id}.sent")).rounds[0].delivered_at is not None

    await until(delivered, "the delivery")
    said = {"request_id": f"{case_id}.sent", "round": 1, "reply": {"code": "ACCEPTED", "note": f"agreed, {CLERK}"}}
    now = SystemTime().now()
    body = json.dumps({"type": "request.replied", "timestamp": now.isoformat(), "data": said})
    async with product.client() as client:
        headers = sign((product.secrets["market"],), "m-1", now, body) | {"content-type": "application/json"}
        answer = await client.post("/v1/departments/market/callbacks", content=body, headers=headers)
    assert answer.json() == {"status": "applied"}, answer.text
    await until(lambda: product.container.office.engine.result(case_id), "the case to end")
    return case_id


async def kept(product: OneProcess, case_id: str) -> tuple[KeptMessage, ...]:
    return await read_kept_messages(product.container.store, case_id)


async def broken(product: OneProcess) -> list[Finding]:
    return [one for one in await verify(product.container.office) if one.invariant in ("I3", "I10")]


def change(data: Path, statement: str, *values: object) -> None:
    """What no use case does: write into the database from outside."""
    with closing(sqlite3.connect(next(data.glob("*.db")), timeout=30)) as connection, connection:
        assert connection.execute(statement, values).rowcount > 0


async def test_digests_stand_in_the_facts_of_a_running_case(product: OneProcess, case_id: str) -> None:
    messages = await kept(product, case_id)
    standing = {(one.kept_as, one.direction): (one.standing, one.sha256) for one in messages}
    facts = [fact for fact in await product.facts(case_id) if fact.kind in (FactKind.DELIVERED, FactKind.REPLIED)]
    assert sorted(fact.kind for fact in facts) == [FactKind.DELIVERED] * 2 + [FactKind.REPLIED] * 2
    for fact in facts:
        (proof,) = proofs(fact)
        for direction, sha256 in ((Direction.SENT, proof.sent), (Direction.RECEIVED, proof.received)):
            if sha256 is not None:
                assert standing[proof.kept_as, direction] == (Standing.PROVED, sha256), fact
    assert {one.standing for one in messages} == {Standing.PROVED}
    assert await broken(product) == []


@pytest.mark.parametrize("column", ["body", "reply"])
async def test_an_altered_message_is_found_by_the_whole_check(
    product: OneProcess, case_id: str, data: Path, column: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify_invariants, "_SECOND_LOOK_SECONDS", 0.0)
    one = await _delivery(product, case_id)
    change(data, f"UPDATE exchanges SET {column} = x'7b7d' WHERE entry_id = ?", one.entry_id)
    (found,) = await broken(product)
    assert (found.invariant, found.case_id) == ("I3", case_id)
    direction = "sent" if column == "body" else "received"
    assert found.detail == f"message {one.entry_id} ({direction}, {case_id}.sent.r1) was altered"
    change(data, f"UPDATE exchanges SET {column} = ? WHERE entry_id = ?", getattr(one, column), one.entry_id)
    assert await broken(product) == []


async def test_a_deleted_message_is_found_by_the_whole_check(
    product: OneProcess, case_id: str, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify_invariants, "_SECOND_LOOK_SECONDS", 0.0)
    one = await _delivery(product, case_id)
    change(data, "DELETE FROM exchange_rounds WHERE entry_id = ?", one.entry_id)
    change(data, "DELETE FROM exchanges WHERE entry_id = ?", one.entry_id)
    assert [found.detail for found in await broken(product)] == [
        f"message {one.entry_id} ({direction}, {case_id}.sent.r1) is missing" for direction in ("sent", "received")
    ]
    async with product.container.store.writing() as session:
        await session.exchanges.save(one)
    assert await broken(product) == []


async def _delivery(product: OneProcess, case_id: str) -> Exchange:
    async with product.container.store.reading() as session:
        (one,) = [one for one in await session.exchanges.of_case(case_id) if one.message_id == f"{case_id}.sent.r1"]
    return one


async def test_nobody_is_named_in_what_temporal_keeps(product: OneProcess, case_id: str, data: Path) -> None:
    snapshot = await product.snapshot(case_id)
    assert {OWNER} < {request.party for request in snapshot.requests}, "the case itself knows them"
    kept = b"".join(path.read_bytes() for path in data.rglob("temporal.db*"))
    assert case_id.encode() in kept, "it is the file that the case rests in"
    for person in (TENANT, OWNER, CLERK, CALLED):
        for said in (person, *person.split()):
            written = (said.encode(), said.encode("utf-16-le"), json.dumps(said).strip('"').encode())
            assert not any(one in kept for one in written), said
