"""TLS towards Temporal: the files that the settings name, and in words why a connection does not come about."""

import asyncio
import ssl
from pathlib import Path

from temporalio.service import TLSConfig

from bootstrap.operator_error import OperatorError
from bootstrap.settings import TlsSettings

_SECONDS = 5.0
_ALPN = "h2"
_VARIABLE = "LIANDONG_TEMPORAL__TLS__"


class TemporalTlsError(OperatorError):
    """The connection cannot be secured as wished; the text names the setting."""


def certificates(tls: TlsSettings) -> TLSConfig:
    """Raises TemporalTlsError for a file that cannot be read."""
    return TLSConfig(
        server_root_ca_cert=_read(tls.ca_file, "CA_FILE"),
        client_cert=_read(tls.cert_file, "CERT_FILE"),
        client_private_key=_read(tls.key_file, "KEY_FILE"),
        domain=tls.server_name,
    )


async def tls_problem(address: str, tls: TlsSettings) -> str | None:
    """Shakes hands once more by itself, because Temporal's client does not tell what went wrong. None: not TLS."""
    if not tls.wanted:
        return None
    host, _, port = address.rpartition(":")
    try:
        context = _context(tls)
    except ssl.SSLError as error:
        return f"the files of {_VARIABLE}… do not fit together or are no certificates ({error.reason})"
    try:
        async with asyncio.timeout(_SECONDS):
            return await _shaken(host, int(port), context, tls)
    except ssl.SSLCertVerificationError as error:
        return (
            f"服务器证书未被接受 · the certificate of {address} was not accepted: "
            f"{error.verify_message}. Set {_VARIABLE}CA_FILE to the "
            f"authority that signed it and {_VARIABLE}SERVER_NAME to the name in it"
        )
    except ssl.SSLError as error:
        return _turned_away(address, tls, error.reason or "no reason given")
    except (OSError, TimeoutError):
        return None


async def _shaken(host: str, port: int, context: ssl.SSLContext, tls: TlsSettings) -> str | None:
    reader, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=tls.server_name or host)
    try:
        # With TLS 1.3 a server says only after the handshake what it thinks of our certificate
        writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
        return None if await reader.read(1) else _turned_away(f"{host}:{port}", tls, "it closed the connection")
    except ConnectionError:
        return _turned_away(f"{host}:{port}", tls, "it broke the connection off")
    finally:
        writer.transport.abort()


def _turned_away(address: str, tls: TlsSettings, reason: str) -> str:
    shown = "this client's certificate" if tls.cert_file else "a client without a certificate"
    return (
        f"服务器未接受本方证书 · {address} did not accept {shown} ({reason}). "
        f"Set {_VARIABLE}CERT_FILE and {_VARIABLE}KEY_FILE to a "
        "certificate that this server's authority has signed"
    )


def _context(tls: TlsSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.ca_file)
    context.set_alpn_protocols([_ALPN])
    if tls.cert_file is not None:
        context.load_cert_chain(tls.cert_file, tls.key_file)
    return context


def _read(path: Path | None, setting: str) -> bytes | None:
    try:
        return path.read_bytes() if path is not None else None
    except OSError as error:
        raise TemporalTlsError(f"{_VARIABLE}{setting}: 无法读取 · {path} cannot be read ({error.strerror})") from None
