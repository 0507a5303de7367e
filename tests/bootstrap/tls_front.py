"""What stands before a Temporal that people reach over a network: TLS that asks for the client's certificate."""

import asyncio
import contextlib
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bootstrap.settings import TlsSettings

SERVER_NAME = "temporal.test"
_TLS_HANDSHAKE = 0x16


@dataclass(frozen=True)
class Authority:
    """A certificate authority of its own folder, made at run time."""

    folder: Path
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.ca.write_bytes(self._signed("authority", self.key, authority=True))

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def issue(self, name: str) -> tuple[Path, Path]:
        """Certificate and key."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate, secret = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        certificate.write_bytes(self._signed(name, key))
        plain = serialization.NoEncryption()
        secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
        return certificate, secret

    def client(self, name: str) -> TlsSettings:
        """Who is called so, and reaches a server of this authority."""
        certificate, key = self.issue(name)
        return TlsSettings(ca_file=self.ca, cert_file=certificate, key_file=key, server_name=SERVER_NAME)

    def _signed(self, name: str, key: ec.EllipticCurvePrivateKey, *, authority: bool = False) -> bytes:
        now = dt.datetime.now(dt.UTC)
        issuer = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer), critical=False)
        )
        if not authority:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def tls_environment(tls: TlsSettings) -> dict[str, str]:
    """The same settings as a process is given them."""
    given = tls.model_dump(exclude_defaults=True)
    return {f"LIANDONG_TEMPORAL__TLS__{name.upper()}": str(value) for name, value in given.items()}


@dataclass
class Front:
    address: str
    greetings: list[int] = field(default_factory=list)
    """The first byte of every connection."""
    welcomed: list[str] = field(default_factory=list)
    """The name in the certificate of every client that was let in."""
    wire: bytearray = field(default_factory=bytearray, repr=False)
    """All that passed before it, in both directions: what somebody between the two hears."""
    behind: bytearray = field(default_factory=bytearray, repr=False)
    """The same as client and server mean it."""

    @property
    def plain(self) -> list[int]:
        return [byte for byte in self.greetings if byte != _TLS_HANDSHAKE]


@asynccontextmanager
async def tls_front(authority: Authority, temporal: str) -> AsyncIterator[Front]:
    """Lets in whoever shows a certificate of this authority, and passes on to the plain server behind it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols(["h2"])
    context.load_cert_chain(*authority.issue(SERVER_NAME))
    front = Front("")

    async def let_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        shown = writer.get_extra_info("peercert")
        front.welcomed.append(dict(part[0] for part in shown["subject"])["commonName"])
        await _passed_on(reader, writer, temporal, front.behind)

    async def greeted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(1)
        front.greetings.extend(first)
        front.wire.extend(first)
        host, port = inner.sockets[0].getsockname()
        await _passed_on(reader, writer, f"{host}:{port}", front.wire, first)

    async with (
        await asyncio.start_server(let_in, "127.0.0.1", 0, ssl=context) as inner,
        await asyncio.start_server(greeted, "127.0.0.1", 0) as outer,
    ):
        front.address = f"127.0.0.1:{outer.sockets[0].getsockname()[1]}"
        yield front


async def _passed_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str, heard: bytearray, first: bytes = b""
) -> None:
    host, _, port = address.rpartition(":")
    with _ended(writer), contextlib.suppress(OSError):
        there, onward = await asyncio.open_connection(host, int(port))
        with _ended(onward):
            onward.write(first)
            ways = [asyncio.create_task(_copied(*way, heard)) for way in ((reader, onward), (there, writer))]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            # What the server said last (why it hangs up) must still arrive
            await asyncio.wait(ways, timeout=1)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, heard: bytearray) -> None:
    with contextlib.suppress(OSError):
        while block := await reader.read(65536):
            heard.extend(block)
            writer.write(block)
            await writer.drain()


@contextmanager
def _ended(writer: asyncio.StreamWriter) -> Iterator[None]:
    try:
        yield
    finally:
        writer.close()
