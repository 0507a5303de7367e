"""Mutual TLS towards Temporal: whoever is not trusted, or does not trust, is told which setting to look at.

That everything works where both sides are trusted is shown in `tests/server/test_department_apart.py`.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr
from structlog.testing import capture_logs
from temporalio.converter import DataConverter

from adapters.department_secrets import DepartmentSecrets
from bootstrap.effective_policy import Whereabouts
from bootstrap.first_start import SECRETS_FILE
from bootstrap.keyring import new_key_line
from bootstrap.policies import load_policy
from bootstrap.settings import (
    ApiSettings,
    CodecSettings,
    Settings,
    TelemetrySettings,
    TemporalMode,
    TemporalSettings,
    TlsSettings,
)
from bootstrap.telemetry import build_telemetry
from bootstrap.temporal_client import connect
from bootstrap.temporal_tls import TemporalTlsError
from bootstrap.up import running_api
from tests.bootstrap.test_policies import SHIPPED
from tests.bootstrap.tls_front import Authority, Front, tls_environment, tls_front
from tests.server.process import PartProcess
from tests.server.waiting import until

pytestmark = pytest.mark.timeout(300)
VARIABLE = "LIANDONG_TEMPORAL__TLS__"
NOBODY = "127.0.0.1:1"
"""Behind the front: none of those who stand before it here is let in."""


@dataclass
class Network:
    folder: Path
    front: Front
    own: Authority
    foreign: Authority

    def wrong(self, what: str) -> TlsSettings:
        good, foreign = self.own.client("police"), self.foreign.client("police")
        changes: dict[str, dict[str, Any]] = {
            "no certificate": {"cert_file": None, "key_file": None},
            "a stranger's certificate": {"cert_file": foreign.cert_file, "key_file": foreign.key_file},
            "another authority": {"ca_file": foreign.ca_file},
            "another name": {"server_name": "elsewhere.test"},
            "no file": {"ca_file": self.folder / "none.pem"},
            "somebody else's key": {"key_file": foreign.key_file},
        }
        return good.model_copy(update=changes[what])

    def temporal(self, what: str) -> TemporalSettings:
        return TemporalSettings(mode=TemporalMode.OUTSIDE, address=self.front.address, tls=self.wrong(what))


@pytest_asyncio.fixture
async def network(tmp_path: Path) -> AsyncIterator[Network]:
    """Whatever is tried in it: nobody comes in, and nobody says a word in clear."""
    own, foreign = Authority(tmp_path / "own"), Authority(tmp_path / "foreign")
    async with tls_front(own, NOBODY) as front:
        yield Network(tmp_path, front, own, foreign)
    assert front.welcomed == []
    assert front.plain == []


@pytest.mark.parametrize(
    ("what", "advice"),
    [
        ("no certificate", f"did not accept a client without a certificate .*{VARIABLE}CERT_FILE"),
        ("a stranger's certificate", f"did not accept this client's certificate .*{VARIABLE}CERT_FILE"),
        ("another authority", f"was not accepted: .*{VARIABLE}CA_FILE"),
        ("another name", f"was not accepted: .*{VARIABLE}SERVER_NAME"),
        ("no file", rf"{VARIABLE}CA_FILE: 无法读取 · .*none\.pem cannot be read"),
        ("somebody else's key", f"the files of {VARIABLE}… do not fit together"),
    ],
)
async def test_the_setting_to_look_at_is_named(network: Network, what: str, advice: str) -> None:
    with pytest.raises(TemporalTlsError, match=advice):
        await connect(
            network.temporal(what),
            Whereabouts("", network.front.address),
            build_telemetry(TelemetrySettings()),
            DataConverter.default,
        )


async def test_a_worker_that_is_turned_away_ends_and_says_what_to_do(network: Network) -> None:
    DepartmentSecrets({}).completed_for(load_policy(SHIPPED).departments).save(network.folder / SECRETS_FILE)
    given = {
        "LIANDONG_DATA_DIR": str(network.folder),
        "LIANDONG_TEMPORAL__MODE": "outside",
        "LIANDONG_TEMPORAL__ADDRESS": network.front.address,
        "LIANDONG_CODEC__KEYS": new_key_line("test").strip(),
        **tls_environment(network.wrong("a stranger's certificate")),
    }
    command = [sys.executable, "worker.py", "--department", "police"]
    worker = PartProcess("the worker", command, given, network.folder / "worker.log")
    await worker.start()
    try:
        assert await worker.ended() == 1
    finally:
        await worker.kill()
    said = worker.said()
    assert f"{VARIABLE}CERT_FILE" in said
    assert "Traceback" not in said
    assert "worker started" not in said


async def test_the_api_keeps_serving_when_it_is_turned_away(network: Network) -> None:
    settings = Settings(
        data_dir=network.folder / "data",
        temporal=network.temporal("a stranger's certificate"),
        api=ApiSettings(port=0),
        codec=CodecSettings(keys=SecretStr(new_key_line("test").strip())),
    )
    with capture_logs() as logged:
        async with running_api(settings) as product, httpx.AsyncClient(trust_env=False) as client:
            health = await client.get(f"{product.running.api_url}/health/ready", timeout=30)
    assert health.status_code == 503
    parts = health.json()["parts"]
    assert parts["store"] is None
    assert parts["engine"] == "Temporal does not answer: UNAVAILABLE"
    assert any(f"{VARIABLE}CERT_FILE" in line.get("problem", "") for line in logged)


def _as_sent(text: str) -> bytes:
    """A header's value as HTTP/2 packs it (RFC 7541, appendix B): of its code, only the signs that are used here."""
    signs = {"B": "1011101", "e": "00101", "a": "00011", "r": "101100", " ": "010100", "t": "01001"}
    bits = "".join(signs[sign] for sign in text)
    return int(bits + "1" * (-len(bits) % 8), 2).to_bytes((len(bits) + 7) // 8)


async def test_the_key_of_an_account_goes_along_inside_tls_and_never_outside(tmp_path: Path) -> None:
    key, over = "tea" * 20, asyncio.Event()

    async def listen(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    own = Authority(tmp_path / "own")
    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        async with tls_front(own, f"{host}:{port}") as front:
            settings = TemporalSettings(
                mode=TemporalMode.OUTSIDE, address=front.address, tls=own.client("police"), api_key=SecretStr(key)
            )
            where, telemetry = Whereabouts("", front.address), build_telemetry(TelemetrySettings())

            async def arrived() -> bool:
                return _as_sent(f"Bearer {key}") in front.behind

            connecting = asyncio.create_task(connect(settings, where, telemetry, DataConverter.default))
            try:
                await until(arrived, "the key", seconds=30)
            finally:
                connecting.cancel()
                over.set()
                await asyncio.gather(connecting, return_exceptions=True)
    assert front.plain == []
    assert key.encode() not in front.wire
    assert _as_sent(key)[2:-2] not in front.wire
