"""The whole product as real processes on free ports: Temporal, API, worker, simulated departments."""

import asyncio
import base64
import hashlib
import hmac
import json
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from pydantic import SecretStr
from temporalio.service import RPCError

from bootstrap.container import Container, open_container
from bootstrap.effective_policy import Whereabouts
from bootstrap.embedded_temporal import EmbeddedTemporal, EmbeddedTemporalConfig
from bootstrap.first_start import SECRETS_FILE, department_secrets
from bootstrap.policies import load_policy
from bootstrap.private_file import read_entries
from bootstrap.settings import ApiSettings, CodecSettings, Settings, TemporalMode, TemporalSettings
from bootstrap.tokens import TOKENS_FILE
from services.verify_invariants import verify
from simulators.journal import Journal, Received
from simulators.process import SimulatorProcess
from simulators.server import serving
from tests.bootstrap.tls_front import tls_environment
from tests.server.gate import Gate
from tests.server.ledger import Acknowledged, acknowledged_in, assert_nothing_lost, assert_one_effect
from tests.server.policy import signing, write_policy
from tests.server.process import ROOT, PartProcess
from tests.server.waiting import until
from workflows.search_attributes import ALL_KEYS

Json = dict[str, Any]

API = [sys.executable, "-c", "from cli.main import app; app()", "api"]
WORKER = [sys.executable, "worker.py"]
PAYLOAD_KEYS = f"test:{base64.b64encode(bytes(32)).decode()}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class World:
    """Every part may be killed and started again; data, ports and addresses stay."""

    settings: Settings
    temporal: EmbeddedTemporal
    api: PartProcess
    worker: PartProcess
    simulators: SimulatorProcess
    gate: Gate
    http: httpx.AsyncClient
    secrets: dict[str, Json] = field(repr=False)
    """Of the departments that are simulated, by code."""
    container: Container | None = None
    _acknowledged: set[Acknowledged] = field(default_factory=set, repr=False)

    @property
    def inside(self) -> Container:
        """The test's own view of store and engine; it serves nothing and works on nothing."""
        assert self.container is not None
        return self.container

    async def answering(self) -> None:
        """Until the API takes requests."""
        await until(self._live, "the API to answer")

    async def ready(self) -> bool:
        """The API reaches its store and its engine."""
        return (await self.http.get("/health/ready")).status_code == 200

    async def start_worker(self) -> None:
        await self.worker.start_until_said("worker started")

    async def heal(self) -> None:
        """Everything runs and behaves, whatever the last test left."""
        self.gate.open()
        for code in self.secrets:
            await self.script(code, {"answer_after": None, "acknowledge_after": None})
        try:
            await self.inside.client.service_client.check_health()
        except RPCError:
            await self.temporal.restart()
        if not self.api.alive:
            await self.api.start()
        await self.answering()
        if not self.worker.alive:
            await self.start_worker()

    async def verified(self) -> None:
        """No invariant is broken, in any case of this world."""
        journals = [await self._journal(code) for code in self.secrets]
        assert_one_effect(journals)
        await assert_nothing_lost(self.inside.store, self._acknowledged | acknowledged_in(journals))
        findings = await verify(self.inside.office)
        assert findings == (), [finding.model_dump() for finding in findings]

    async def post(self, person: str, path: str, body: Json, *, key: str | None = None) -> httpx.Response:
        """As the clerk or the duty leader sends it; decisions carry a key."""
        token = read_entries(self.settings.data_dir / TOKENS_FILE)[person]
        headers = {"authorization": f"Bearer {token}"} | ({"idempotency-key": key} if key else {})
        return await self.http.post(path, json=body, headers=headers)

    async def get(self, person: str, path: str) -> httpx.Response:
        token = read_entries(self.settings.data_dir / TOKENS_FILE)[person]
        return await self.http.get(path, headers={"authorization": f"Bearer {token}"})

    async def call_back(
        self, department: str, body: Json | bytes, *, message_id: str | None = None, signed_by: str | None = None
    ) -> httpx.Response:
        """A message as the department's own system sends it; `signed_by` lends another one's secret."""
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        secret = self.secrets[signed_by or department]["webhook_secrets"][0]
        message = message_id or f"msg-{uuid4().hex}"
        headers = {"content-type": "application/json"} | signature(secret, message, raw)
        response = await self.http.post(f"/v1/departments/{department}/callbacks", content=raw, headers=headers)
        if response.is_success:
            self._acknowledged.add(Acknowledged(department, message))
        return response

    async def script(self, department: str, default: Json, **rounds: Json) -> None:
        """How a simulated department behaves from now on; `rounds` by ask key."""
        script = {"default": default, "requests": rounds}
        response = await self.http.put(
            f"{self.simulators.url}/scripts/{department}", json=script, headers=self._control
        )
        response.raise_for_status()

    async def sends(self, department: str, key: str) -> list[Received]:
        """What reached a simulated department under one idempotency key, dispatches only."""
        received = (await self._journal(department)).received
        return [one for one in received if one.idempotency_key == key and one.type == "request.dispatched"]

    async def _journal(self, department: str) -> Journal:
        response = await self.http.get(f"{self.simulators.url}/journal/{department}", headers=self._control)
        response.raise_for_status()
        return Journal.model_validate_json(response.content)

    @property
    def _control(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.simulators.control}"}

    async def _live(self) -> bool:
        assert self.api.alive, self.api.said()
        try:
            return (await self.http.get("/health/live", timeout=2)).status_code == 200
        except httpx.HTTPError:
            return False


def signature(secret: str, message_id: str, body: bytes, at: int | None = None) -> dict[str, str]:
    """Standard Webhooks, written down once more: the product's own code must not vouch for itself. `at`: seconds."""
    now = str(int(time.time()) if at is None else at)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{now}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": now,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


@asynccontextmanager
async def running_world(data: Path, database_url: str | None = None) -> AsyncIterator[World]:
    """`database_url` None: SQLite in the data directory."""
    data.mkdir(parents=True)
    async with AsyncExitStack() as stack:
        secrets = department_secrets(data, [signing(one) for one in load_policy(ROOT / "policies").departments])
        simulators = SimulatorProcess(data / SECRETS_FILE)
        await asyncio.to_thread(simulators.start)
        stack.push_async_callback(asyncio.to_thread, simulators.stop)
        gate = Gate()
        gated = await stack.enter_async_context(serving(gate.app()))
        stack.callback(gate.open)
        write_policy(data / "policies", simulators=simulators.url, gated=gated)
        temporal = await stack.enter_async_context(EmbeddedTemporal(temporal_config(data)))
        settings = world_settings(data, TemporalSettings(mode=TemporalMode.OUTSIDE, address=temporal.address))
        if database_url is not None:
            settings = settings.model_copy(update={"database_url": SecretStr(database_url)})
        http = httpx.AsyncClient(base_url=settings.api.public_url or "", trust_env=False, timeout=40)
        await stack.enter_async_context(http)
        world = World(
            settings=settings,
            temporal=temporal,
            api=PartProcess("the API", API, environment(settings), data / "api.log"),
            worker=PartProcess("the worker", WORKER, environment(settings), data / "worker.log"),
            simulators=simulators,
            gate=gate,
            http=http,
            secrets=json.loads((data / SECRETS_FILE).read_bytes()),
        )
        assert secrets.codes == set(world.secrets)
        for part in (world.api, world.worker):
            stack.push_async_callback(part.kill)
        await world.api.start()
        await world.answering()
        await world.start_worker()
        where = Whereabouts(settings.api.public_url or "", temporal.address, lazy_engine=True)
        world.container = await stack.enter_async_context(open_container(settings, where))
        yield world


def temporal_config(data: Path) -> EmbeddedTemporalConfig:
    kinds = {key.name: "".join(part.title() for part in key.indexed_value_type.name.split("_")) for key in ALL_KEYS}
    return EmbeddedTemporalConfig(data_dir=data, search_attributes=kinds)


def world_settings(data: Path, temporal: TemporalSettings) -> Settings:
    port = free_port()
    return Settings(
        data_dir=data,
        policies_dir=data / "policies",
        temporal=temporal,
        api=ApiSettings(port=port, public_url=f"http://127.0.0.1:{port}"),
        codec=CodecSettings(keys=SecretStr(PAYLOAD_KEYS)),
    )


def environment(settings: Settings) -> dict[str, str]:
    return {
        "LIANDONG_DATA_DIR": str(settings.data_dir),
        "LIANDONG_POLICIES_DIR": str(settings.policies),
        "LIANDONG_TEMPORAL__MODE": settings.temporal.mode.value,
        "LIANDONG_TEMPORAL__ADDRESS": settings.temporal.address,
        "LIANDONG_CODEC__KEYS": PAYLOAD_KEYS,
        "LIANDONG_API__PORT": str(settings.api.port),
        "LIANDONG_API__PUBLIC_URL": settings.api.public_url or "",
        **({"LIANDONG_DATABASE_URL": settings.sqlalchemy_url} if settings.database_url else {}),
        **tls_environment(settings.temporal.tls),
    }
