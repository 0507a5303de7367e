"""Bursts of answers against the product's door: how long an acknowledgement takes, and that duplicates add no events.

python -m bench.callbacks [--bursts 10,100,1000] [--duplicates 0,50,90]

Everything is a ratio to an empty FastAPI endpoint that reads the same bodies in the same process of the same run.
"""

import argparse
import asyncio
import json
import math
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
from fastapi import FastAPI, Request
from rich.console import Console
from rich.table import Table

from adapters.department_recorder import DepartmentRecorder
from adapters.department_secrets import DepartmentSecrets
from adapters.material_folder import MaterialFolder
from adapters.system_time import SystemTime
from adapters.webhook_signature import sign
from api.app import create_app
from bench.counted_engine import CountedEngine, NoFollowUps
from bench.policy import TEXT
from bootstrap import http_server
from bootstrap.policies import load_notices, load_policy
from bootstrap.settings import ApiSettings
from domain.case import Item, Registration, Requester, RequesterType
from domain.codes import Cause, Role, Technique, TriageDecision
from domain.person import Person, PersonRole
from domain.plan import Ask, Plan
from services.launch_coordination import launch_coordination
from services.office import Office
from services.register_case import register_case
from services.seals import Seals
from services.triage_case import TriageInput, triage_case
from store.calendar_source import StoredCalendar
from store.migrate import migrate
from store.sql_store import SqlStore

_POLICIES = Path(__file__).resolve().parent.parent / "policies"
_LEADER = Person(person_id="leader", name="值班长", role=PersonRole.DUTY_LEADER)
_CONNECTIONS = 32
Send = Callable[[str, str], Awaitable[tuple[float, int]]]
"""Message id and request to seconds and status."""


@dataclass(frozen=True)
class Burst:
    """One burst: `sends` messages of which a share are repetitions under the same webhook id."""

    answers: int
    duplicates: int
    p50: float
    p99: float
    empty_p50: float
    empty_p99: float
    added: int
    """Events that the engine was handed: one for each answer, none for a repetition."""
    refused: int

    @property
    def sound(self) -> bool:
        return self.added == self.answers and self.refused == 0


@dataclass
class Stage:
    """The product's API on a real store, with an engine that only counts; and the empty endpoint beside it."""

    office: Office
    engine: CountedEngine
    secret: str
    product: httpx.AsyncClient
    empty: httpx.AsyncClient

    async def cases(self, number: int) -> list[str]:
        """Requests that wait for an answer."""
        plan = Plan(asks=tuple(Ask(key=f"ask{n}", department="market", role=Role.LEAD, text=TEXT) for n in range(10)))
        requests: list[str] = []
        while len(requests) < number:
            requester = Requester(type=RequesterType.INDIVIDUAL, name="某市民")
            registration = Registration(title="压测", request="压测", requester=requester, item=Item(name="事项"))
            case_id = (await register_case(self.office, _LEADER, registration)).record.case_id
            triage = TriageInput(decision=TriageDecision.COORDINATE, cause=Cause.CROSS_DEPT)
            await triage_case(self.office, _LEADER, case_id, triage)
            await launch_coordination(self.office, _LEADER, case_id, plan)
            async with self.office.store.writing() as session:
                await session.cases.project(await self.engine.snapshot(case_id))
            requests += [f"{case_id}.{ask.key}" for ask in plan.asks]
        return requests[:number]

    async def burst(self, answers: int, duplicates: int) -> Burst:
        """`duplicates` per cent of all sends repeat an earlier message."""
        requests = await self.cases(answers)
        sends = math.ceil(answers / (1 - duplicates / 100))
        order = [*requests, *random.choices(requests, k=sends - answers)]
        random.shuffle(order)
        before = self.engine.events
        empty = await _played(order, self._sender(self.empty))
        told = await _played(order, self._sender(self.product))
        waits, idle = sorted(wait for wait, _ in told), sorted(wait for wait, _ in empty)
        return Burst(
            answers=answers,
            duplicates=duplicates,
            p50=_quantile(waits, 0.5),
            p99=_quantile(waits, 0.99),
            empty_p50=_quantile(idle, 0.5),
            empty_p99=_quantile(idle, 0.99),
            added=self.engine.events - before,
            refused=sum(status not in (200, 202) for _, status in told),
        )

    def _sender(self, client: httpx.AsyncClient) -> Send:
        async def send(message_id: str, request: str) -> tuple[float, int]:
            reply = {"code": "ACCEPTED", "note": "可以办理"}
            data = {"request_id": request, "round": 1, "reply": reply}
            now = datetime.now(UTC)
            body = json.dumps({"type": "request.replied", "timestamp": "2026-01-01T00:00:00Z", "data": data})
            headers = sign(self.secret, message_id, now, body) | {"content-type": "application/json"}
            began = time.perf_counter()
            response = await client.post("/v1/departments/market/callbacks", content=body, headers=headers)
            return time.perf_counter() - began, response.status_code

        return send


async def _played(order: Sequence[str], send: Send) -> list[tuple[float, int]]:
    gate = asyncio.Semaphore(_CONNECTIONS)

    async def one(request: str) -> tuple[float, int]:
        async with gate:
            return await send(f"m-{request}", request)

    return await asyncio.gather(*(one(request) for request in order))


def _empty_app() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.post("/v1/departments/{code}/callbacks")
    async def callback(request: Request) -> dict[str, str]:
        await request.body()
        return {"status": "applied"}

    return app


async def staged(folder: Path, stack: AsyncExitStack) -> Stage:
    url = f"sqlite+aiosqlite:///{folder / 'store.db'}"
    await migrate(url)
    store = SqlStore(url)
    stack.push_async_callback(store.close)
    policy = load_policy(_POLICIES)
    async with store.writing() as session:
        for department in policy.departments:
            await session.directory.save(department.model_copy(update={"max_messages_per_minute": 60_000}))
        for notice in load_notices(_POLICIES):
            await session.calendars.load(notice)
    secrets = DepartmentSecrets({}).completed_for(policy.departments)
    departments = DepartmentRecorder(SystemTime().now, secrets=secrets)
    engine = CountedEngine()
    office = Office(
        store=store,
        engine=engine,
        time=SystemTime(),
        policy=policy,
        calendar=StoredCalendar(store),
        adapters=dict.fromkeys(Technique, departments),
        notices={},
        materials=MaterialFolder(folder / "materials"),
        follow_ups=NoFollowUps(),
        seals=Seals(bytes(32)),
        new_id=lambda: uuid4().hex,
    )
    clients = []
    for app in (create_app(office, engine), _empty_app()):
        listening = http_server.listen(ApiSettings(port=0))
        await stack.enter_async_context(http_server.serving(app, listening, 5))
        # The servers close a connection that was idle for five seconds: the clients let go of it before
        limits = httpx.Limits(max_connections=_CONNECTIONS, keepalive_expiry=2)
        client = httpx.AsyncClient(base_url=http_server.address(listening), trust_env=False, timeout=60, limits=limits)
        clients.append(await stack.enter_async_context(client))
    return Stage(office, engine, secrets.of("market").signing_secret or "", *clients)


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _show(bursts: Sequence[Burst]) -> None:
    table = Table(title="Callbacks: acknowledgement as a multiple of an empty endpoint, same run")
    for name in ("answers", "duplicates %", "p50 ms", "p99 ms", "p50 ×", "p99 ×", "events added", "refused"):
        table.add_column(name, justify="right")
    for one in bursts:
        table.add_row(
            str(one.answers),
            str(one.duplicates),
            f"{one.p50 * 1000:.1f}",
            f"{one.p99 * 1000:.1f}",
            f"{one.p50 / one.empty_p50:.1f}",
            f"{one.p99 / one.empty_p99:.1f}",
            str(one.added),
            str(one.refused),
        )
    console = Console()
    console.print(table)
    sound = all(one.sound for one in bursts)
    console.print("✓ one event an answer, none for a duplicate" if sound else "✗ these figures are void")


async def run(bursts: Sequence[int], duplicates: Sequence[int]) -> list[Burst]:
    async with AsyncExitStack() as stack:
        stage = await staged(Path(stack.enter_context(tempfile.TemporaryDirectory())), stack)
        await stage.burst(5, 0)
        return [await stage.burst(answers, share) for answers in bursts for share in duplicates]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bursts", default="10,100,1000", help="answers in a burst")
    parser.add_argument("--duplicates", default="0,50,90", help="per cent of the sends that repeat another")
    chosen = parser.parse_args()
    numbers = [[int(part) for part in text.split(",")] for text in (chosen.bursts, chosen.duplicates)]
    found = asyncio.run(run(*numbers))
    _show(found)
    return 0 if all(one.sound for one in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
