"""Certificates of departments, connections of their own, and traces that go along."""

import asyncio
import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from opentelemetry import trace
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider

from adapters.http_client import HttpCall, HttpClient, HttpLimits
from adapters.outgoing_address import AddressGuard
from domain.codes import Technique
from domain.department_failure import DepartmentUnavailable
from tests.adapters import faulty_server as faulty
from tests.adapters.arrangement import arranged, dispatch

TODAY = dt.datetime.now(dt.UTC)


def certificate(folder: Path, *, valid_until: dt.datetime) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "department.test")])
    address = x509.SubjectAlternativeName(
        [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("department.test")]
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(TODAY - dt.timedelta(days=30))
        .not_valid_after(valid_until)
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "department.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@asynccontextmanager
async def https_server(pem: Path) -> AsyncIterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    async with faulty.faulty_server(faulty.json_reply(b"{}"), context) as url:
        yield url.replace("http:", "https:")


async def status_at(url: str, trust: ssl.SSLContext | None) -> int:
    client = HttpClient(HttpLimits(total_seconds=50), trust=trust)
    try:
        return (await client.send(HttpCall("GET", url))).status
    finally:
        await client.close()


async def test_a_certificate_of_an_authority_of_the_own_network_is_accepted_only_when_trusted(tmp_path: Path) -> None:
    pem = certificate(tmp_path, valid_until=TODAY + dt.timedelta(days=1))
    async with https_server(pem) as url:
        assert await status_at(url, ssl.create_default_context(cafile=str(pem))) == 200
        with pytest.raises(DepartmentUnavailable, match="tls"):
            await status_at(url, None)


@pytest.mark.parametrize(("name", "accepted"), [("department.test", True), ("somebody-else.test", False)])
async def test_a_pinned_connection_still_asks_the_certificate_for_the_name(
    tmp_path: Path, name: str, accepted: bool
) -> None:
    async def here(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    pem = certificate(tmp_path, valid_until=TODAY + dt.timedelta(days=1))
    trust = ssl.create_default_context(cafile=str(pem))
    client = HttpClient(HttpLimits(total_seconds=50), trust=trust, guard=AddressGuard("127.0.0.0/8", here))
    async with https_server(pem) as url:
        call = HttpCall("GET", url.replace("127.0.0.1", name))
        if accepted:
            assert (await client.send(call)).status == 200
        else:
            with pytest.raises(DepartmentUnavailable, match="tls"):
                await client.send(call)
    await client.close()


async def test_an_expired_certificate_is_not_accepted(tmp_path: Path) -> None:
    pem = certificate(tmp_path, valid_until=TODAY - dt.timedelta(days=1))
    async with https_server(pem) as url:
        with pytest.raises(DepartmentUnavailable, match="tls"):
            await status_at(url, ssl.create_default_context(cafile=str(pem)))


async def test_a_department_never_gets_more_connections_than_allowed() -> None:
    open_now, most, full = 0, 0, asyncio.Event()

    async def busy(writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        if open_now == 3:
            full.set()
        # The first ones stay until all that are allowed are there; one too many would come to them
        await full.wait()
        await asyncio.sleep(0.02)
        open_now -= 1
        await faulty.json_reply(b"{}", connection="close")(writer)

    client = HttpClient(HttpLimits(connections=3, total_seconds=50))
    async with faulty.faulty_server(busy) as url:
        replies = await asyncio.gather(*(client.send(HttpCall("GET", url)) for _ in range(20)))
        await client.close()
    assert [reply.status for reply in replies] == [200] * 20
    assert most == 3


@pytest.fixture
def traced() -> Iterator[TracerProvider]:
    provider = TracerProvider()
    HTTPXClientInstrumentor().instrument(tracer_provider=provider)
    yield provider
    HTTPXClientInstrumentor().uninstrument()


async def test_the_trace_goes_along_to_the_department(traced: TracerProvider) -> None:
    async with arranged(Technique.WEBHOOK) as market:
        with traced.get_tracer("test").start_as_current_span("case") as span:
            await market.adapter.deliver(dispatch(Technique.WEBHOOK))
        trace_id = trace.format_trace_id(span.get_span_context().trace_id)
        assert trace_id in market.department.journal.received[0].headers["traceparent"]
