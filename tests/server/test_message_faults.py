"""Every single fault of a department's message: what it is told, what stays on record, and what the clocks do."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pytest
import pytest_asyncio
from httpx import Response
from pydantic import SecretStr

from adapters.department_secrets import DepartmentSecret, DepartmentSecrets
from adapters.system_time import SystemTime
from adapters.webhook_signature import new_secret
from api.app import create_app
from bootstrap.first_start import SECRETS_FILE
from domain.clock import ClockKind
from domain.fact import Fact, FactKind
from domain.inbox import MAX_NOTES_PER_ROUND, InboxEntry
from domain.snapshot import RequestSnapshot
from tests.adapters.faulty_server import taking_in
from tests.server.message_table import ACCEPTED, INTERIM, TABLE, Before, Row
from tests.server.one_process import OneProcess, one_process
from tests.server.scene import REVOKED, Message, Scene
from tests.server.waiting import until

pytestmark = [
    pytest.mark.server,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(300, func_only=True),
]

ASKS_A_CASE = 25
FLOODER = "water"
"""Has agreed to one message a minute."""
WATCHED = frozenset(
    {FactKind.MESSAGE_REFUSED, FactKind.QUARANTINED, FactKind.ACKNOWLEDGED, FactKind.INTERIM, FactKind.REPLIED}
)


class Wall(SystemTime):
    """The present, unless a message is to arrive at an instant of its own."""

    def __init__(self) -> None:
        self.turned_to: datetime | None = None

    def now(self) -> datetime:
        return self.turned_to or super().now()


@dataclass
class Town:
    product: OneProcess
    wall: Wall
    secrets: dict[str, str] = field(default_factory=dict)
    scenes: dict[str, Scene] = field(default_factory=dict)

    async def send(self, message: Message) -> Response:
        self.wall.turned_to = message.received_at
        try:
            async with self.product.client() as department:
                path = f"/v1/departments/{message.door}/callbacks"
                return await department.post(path, content=message.body, headers=message.headers)
        finally:
            self.wall.turned_to = None

    async def ask(self, names: Sequence[str], closing: bool) -> None:
        asks = [_ask(number, TABLE[name]) for number, name in enumerate(names)]
        case_id = await self.product.launched(asks)
        snapshot = await self.product.snapshot(case_id)
        for name, ask, request in zip(names, asks, snapshot.requests, strict=True):
            turn = request.rounds[0]
            assert turn.due_at is not None
            assert turn.objection_due_at is not None
            self.scenes[name] = Scene(
                request_id=request.request_id,
                department=str(ask["department"]),
                secrets=self.secrets,
                due_at=turn.due_at,
                objection_due_at=turn.objection_due_at,
                first_message_id=f"first-{request.request_id}",
            )
        if closing:
            await self.product.decide(case_id, "withdraw_case")
            await until(lambda: self.product.container.office.engine.result(case_id), f"{case_id} to end")

    async def prepare(self, row: Row, scene: Scene) -> None:
        match row.before:
            case Before.ANSWERED:
                assert (await self.send(scene.answer(ACCEPTED, message_id=scene.first_message_id))).status_code == 200
            case Before.FLOODED:
                assert (await self.send(scene.answer(INTERIM))).status_code == 200
            case Before.NOTED_OFTEN:
                told = await asyncio.gather(*(self.send(scene.answer(INTERIM)) for _ in range(MAX_NOTES_PER_ROUND)))
                assert {one.status_code for one in told} == {200}
            case Before.WITHDRAWN:
                await self.product.decide(scene.case_id, "withdraw_request", request_id=scene.request_id)
            case Before.SUPERSEDED:
                to = {"code": "police", "technique": "WEBHOOK"}
                await self.product.decide(scene.case_id, "reassign_request", request_id=scene.request_id, to=to)
            case Before.ASKED | Before.CASE_CLOSED:
                pass

    async def recorded(self, case_id: str) -> None:
        """Until the store knows everything that has happened to the case."""

        async def look() -> bool:
            async with self.product.container.store.reading() as session:
                known = (await session.cases.get(case_id)).version
            return known == (await self.product.snapshot(case_id)).version

        await until(look, f"the records of {case_id}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    data = tmp_path_factory.mktemp("messages") / "data"
    async with one_process(data, taking_in) as product, product.engine():
        wall = Wall()
        office = replace(product.container.office, time=wall)
        product.app = create_app(office, product.container)
        town = Town(product, wall, product.secrets | _exchanged(data / SECRETS_FILE, product.secrets["market"]))
        async with product.container.store.writing() as session:
            for one in await session.directory.all():
                limit = 1 if one.code == FLOODER else 60_000
                await session.directory.save(one.model_copy(update={"max_messages_per_minute": limit}))
        closed = [name for name, row in TABLE.items() if row.before is Before.CASE_CLOSED]
        others = [name for name in TABLE if name not in closed]
        for begin in range(0, len(others), ASKS_A_CASE):
            await town.ask(others[begin : begin + ASKS_A_CASE], closing=False)
        await town.ask(closed, closing=True)
        yield town


async def test_every_single_fault_has_its_answer_its_record_and_its_effect_on_the_clocks(town: Town) -> None:
    wrong = {name: found for name, row in TABLE.items() if (found := await _differs(town, name, row))}
    assert not wrong, "\n".join(f"{name}: {'; '.join(found)}" for name, found in wrong.items())
    await town.product.verified()


async def _differs(town: Town, name: str, row: Row) -> list[str]:
    """In which way the row did not come out as the table says."""
    scene = town.scenes[name]
    await town.prepare(row, scene)
    await town.recorded(scene.case_id)
    before = await _seen(town, scene)
    message = row.sends(scene)
    response = await town.send(message)
    await town.recorded(scene.case_id)
    after = await _seen(town, scene)
    body = response.json()
    kept = [entry for entry_id, entry in after.inbox.items() if entry_id not in before.inbox]
    found = {
        "status": response.status_code,
        "told": body.get("code", body.get("status")),
        "kept": [entry.status for entry in kept],
        "bytes": [(entry.raw, entry.signature) for entry in kept],
        "stops": after.stopped - before.stopped,
        "else on the clocks": after.clocks == before.clocks,
        "facts": [_rule(fact) for fact_id, fact in after.facts.items() if fact_id not in before.facts],
        "audit": [code for record, code in after.audit.items() if record not in before.audit],
        "in time": after.request.rounds[0].in_time if row.in_time is not None else None,
    }
    wanted = {
        "status": row.status,
        "told": row.told,
        "kept": [row.kept] if row.kept else [],
        "bytes": [(message.body, message.headers["webhook-signature"])] if row.kept else [],
        "stops": {(1, kind) for kind in row.stops},
        "else on the clocks": True,
        "facts": [row.fact] if row.fact else [],
        "audit": [row.audit] if row.audit else [],
        "in time": row.in_time,
    }
    return [f"{what} is {found[what]}, not {wanted[what]}" for what in wanted if found[what] != wanted[what]]


@dataclass(frozen=True)
class Seen:
    request: RequestSnapshot
    inbox: dict[str, InboxEntry]
    facts: dict[str, Fact]
    audit: dict[str, str]

    @property
    def stopped(self) -> set[tuple[int, ClockKind]]:
        return {(turn.number, one.kind) for turn in self.request.rounds for one in turn.clocks if one.stopped_at}

    @property
    def clocks(self) -> list[object]:
        """All that there is to a clock but its end."""
        return [
            (turn.number, turn.due_at, turn.rungs, [one.model_copy(update={"stopped_at": None}) for one in turn.clocks])
            for turn in self.request.rounds
        ]


async def _seen(town: Town, scene: Scene) -> Seen:
    product = town.product
    return Seen(
        request=await product.request(scene.request_id),
        inbox={entry.entry_id: entry for entry in await product.inbox(scene.case_id)},
        facts={fact.fact_id: fact for fact in await product.facts(scene.case_id) if fact.kind in WATCHED},
        audit={record.record_id: record.data["code"] for record in await product.audit()},
    )


def _rule(fact: Fact) -> tuple[FactKind, str]:
    return fact.kind, fact.data.get("rule", "")


def _ask(number: int, row: Row) -> dict[str, object]:
    department = FLOODER if row.before is Before.FLOODED else "market"
    limits = {"reply_limit": "1 hours", "sign_limit": "1 hours"}
    return {"key": f"row{number}", "department": department, "role": "SUPPORT", "text": "请核实", **limits}


def _exchanged(file: Path, revoked: str) -> dict[str, str]:
    """Market gets another key; the one before holds no longer."""
    fresh = new_secret()
    DepartmentSecrets.load(file).changed("market", DepartmentSecret(webhook_secrets=(SecretStr(fresh),))).save(file)
    return {"market": fresh, REVOKED: revoked}
