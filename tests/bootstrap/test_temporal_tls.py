"""Mutual TLS towards Temporal with real processes: settings only, and never a word in clear."""

import re
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from adapters.department_secrets import DepartmentSecrets
from bootstrap.embedded_temporal import EmbeddedTemporal, EmbeddedTemporalConfig
from bootstrap.first_start import SECRETS_FILE
from bootstrap.keyring import new_key_line
from bootstrap.policies import load_policy
from domain.task_queue import department_queue
from tests.bootstrap.test_policies import SHIPPED
from tests.bootstrap.tls_front import SERVER_NAME, Authority, Front, tls_front
from tests.server.process import PartProcess
from tests.server.waiting import until

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]
TLS = "LIANDONG_TEMPORAL__TLS__"


@dataclass
class Network:
    """A Temporal behind mutual TLS, and a folder in which a department's worker lives."""

    folder: Path
    temporal: str
    front: Front
    own: Authority
    foreign: Authority

    def tls(
        self, *, ca: Path | None = None, client: tuple[Path, Path] | None = None, name: str = SERVER_NAME
    ) -> dict[str, str]:
        given = {f"{TLS}CA_FILE": str(ca or self.own.ca), f"{TLS}SERVER_NAME": name}
        if client is not None:
            given |= {f"{TLS}CERT_FILE": str(client[0]), f"{TLS}KEY_FILE": str(client[1])}
        return given

    def process(self, name: str, *command: str, tls: Mapping[str, str]) -> PartProcess:
        data_dir = self.folder / name
        data_dir.mkdir()
        DepartmentSecrets({}).completed_for(load_policy(SHIPPED).departments).save(data_dir / SECRETS_FILE)
        environment = {
            "LIANDONG_DATA_DIR": str(data_dir),
            "LIANDONG_TEMPORAL__MODE": "outside",
            "LIANDONG_TEMPORAL__ADDRESS": self.front.address,
            "LIANDONG_CODEC__KEYS": new_key_line("test").strip(),
            "LIANDONG_LOG__FORMAT": "json",
            "LIANDONG_API__PORT": "0",
            "PYTHONUNBUFFERED": "1",
        }
        return PartProcess(name, command, environment | dict(tls), self.folder / f"{name}.log")

    def worker(self, name: str, tls: Mapping[str, str]) -> PartProcess:
        return self.process(name, sys.executable, "worker.py", "--department", "police", tls=tls)


@pytest_asyncio.fixture
async def network(tmp_path: Path) -> AsyncIterator[Network]:
    own, foreign = Authority(tmp_path / "own"), Authority(tmp_path / "foreign")
    async with (
        EmbeddedTemporal(EmbeddedTemporalConfig(data_dir=tmp_path / "temporal")) as server,
        tls_front(own, server.address) as front,
    ):
        yield Network(tmp_path, server.address, front, own, foreign)


async def test_a_department_alone_works_over_mutual_tls_with_settings_only(network: Network) -> None:
    worker = network.worker("worker", network.tls(client=network.own.issue("police")))
    try:
        await worker.start_until_said("worker started")
        client = await Client.connect(network.temporal, namespace="liandong")
        asked = DescribeTaskQueueRequest(
            namespace="liandong",
            task_queue=TaskQueue(name=department_queue("police")),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        )

        async def polls() -> bool:
            return bool((await client.workflow_service.describe_task_queue(asked)).pollers)

        await until(polls, "the worker to poll its queue through the front")
    finally:
        await worker.kill()
    assert set(network.front.welcomed) == {"police"}
    assert network.front.plain == []
    assert not list((network.folder / "worker").glob("*.db*"))


async def test_a_worker_that_cannot_be_trusted_or_does_not_trust_says_what_to_do(network: Network) -> None:
    good = network.own.issue("police")
    wrong = {
        "without": (network.tls(), "CERT_FILE"),
        "stranger": (network.tls(client=network.foreign.issue("police")), "CERT_FILE"),
        "authority": (network.tls(ca=network.foreign.ca, client=good), "CA_FILE"),
        "name": (network.tls(client=good, name="elsewhere.test"), "SERVER_NAME"),
        "file": (network.tls(ca=network.folder / "none.pem", client=good), "none.pem cannot be read"),
    }
    for name, (tls, advice) in wrong.items():
        worker = network.worker(name, tls)
        await worker.start()
        try:
            assert await worker.ended() == 1, name
        finally:
            await worker.kill()
        said = worker.said()
        assert advice in said, said
        assert "Traceback" not in said
        assert "worker started" not in said
    assert network.front.welcomed == []
    assert network.front.plain == []


async def test_the_api_speaks_mutual_tls_and_keeps_serving_when_it_is_turned_away(network: Network) -> None:
    liandong = str(Path(sys.executable).with_name("liandong"))
    for name, tls, reached in (
        ("trusted", network.tls(client=network.own.issue("engine")), True),
        ("stranger", network.tls(client=network.foreign.issue("engine")), False),
    ):
        api = network.process(name, liandong, "api", tls=tls)
        try:
            await api.start_until_said("/docs")
            await until(partial(_engine_is, network.folder / f"{name}.log", reached=reached), f"the API to be {name}")
        finally:
            await api.kill()
        logged = (network.folder / f"{name}.log").read_text(encoding="utf-8")
        assert (f"{TLS}CERT_FILE" in logged) is not reached
    assert set(network.front.welcomed) == {"engine"}
    assert network.front.plain == []


async def _engine_is(log: Path, *, reached: bool) -> bool:
    found = re.search(r"(http://127\.0\.0\.1:\d+)/docs", log.read_text(encoding="utf-8"))
    assert found is not None
    async with httpx.AsyncClient(trust_env=False) as client:
        health = (await client.get(f"{found[1]}/health/ready", timeout=30)).json()
    return (health["parts"].get("engine", "unknown") is None) is reached
