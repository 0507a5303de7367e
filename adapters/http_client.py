"""The one place that builds HTTP clients: bounded in time, size and number, and never redirected."""

import asyncio
import ssl
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import httpx

from adapters.outgoing_address import AddressGuard, no_url, parse_address
from domain.department_failure import DepartmentUnavailable

MAX_REPLY_BYTES = 256 * 1024
"""Of a department's reply, as received and after decompression."""
_COMPRESSIONS = frozenset({"gzip", "deflate"})

PrepareClient = Callable[[httpx.AsyncClient], object]


_IDLE_SECONDS: Final = 2.0
"""We let an idle connection go before servers do (often after 5 s): whoever is second sends into a closing one."""


@dataclass(frozen=True)
class HttpLimits:
    """What one department's system may take from us."""

    connections: int = 8
    total_seconds: float = 15.0
    """From the wait for a connection to the last byte."""
    reply_bytes: int = MAX_REPLY_BYTES


@dataclass(frozen=True)
class HttpCall:
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    """Apart from the address, which never has one of its own."""


@dataclass(frozen=True)
class HttpReply:
    """A whole response. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@cache
def _public_trust() -> ssl.SSLContext:
    """Loaded once: it takes longer than most requests."""
    return httpx.create_ssl_context(trust_env=False)


class HttpClient:
    """A pool of connections of its own, so that one slow department cannot use up another's."""

    def __init__(
        self,
        limits: HttpLimits,
        *,
        trust: ssl.SSLContext | None = None,
        prepare: PrepareClient | None = None,
        guard: AddressGuard | None = None,
    ) -> None:
        """`trust` replaces the public certificate authorities, for networks with their own.

        `guard` None: for our own API, whose address comes from the person at the keyboard.
        """
        self._limits = limits
        self._guard = guard
        self._client = httpx.AsyncClient(
            follow_redirects=False,
            # A proxy or .netrc of the machine must not see or redirect what departments are sent
            trust_env=False,
            verify=trust or _public_trust(),
            timeout=httpx.Timeout(limits.total_seconds),
            limits=httpx.Limits(
                max_connections=limits.connections,
                max_keepalive_connections=limits.connections,
                keepalive_expiry=_IDLE_SECONDS,
            ),
            headers={"accept": "application/json", "accept-encoding": "identity", "user-agent": "liandong"},
        )
        if prepare is not None:
            prepare(self._client)

    async def send(self, call: HttpCall) -> HttpReply:
        """Whatever status comes back. Raises DepartmentUnavailable with a class of failure when none does."""
        parse_address(call.url)
        try:
            async with asyncio.timeout(self._limits.total_seconds):
                return await self._exchange(call)
        except (TimeoutError, httpx.TimeoutException):
            raise DepartmentUnavailable(f"timeout: no complete reply in {self._limits.total_seconds:g} s") from None
        except httpx.ConnectError as error:
            raise DepartmentUnavailable(_connect_failure(error)) from None
        except httpx.TransportError:
            raise DepartmentUnavailable("connection-lost: the connection broke before the reply was complete") from None
        except httpx.InvalidURL:
            raise no_url() from None

    async def close(self) -> None:
        await self._client.aclose()

    async def _exchange(self, call: HttpCall) -> HttpReply:
        url, headers, extensions = httpx.URL(call.url), dict(call.headers), {}
        if self._guard is not None:
            pinned = await self._guard.pin(call.url)
            url, headers = pinned.url, headers | {"host": pinned.host}
            if pinned.name is not None:
                extensions["sni_hostname"] = pinned.name
        request = self._client.build_request(
            call.method,
            url,
            headers=headers,
            content=call.content,
            params=dict(call.query) or None,
            timeout=self._limits.total_seconds,
            extensions=extensions,
        )
        response = await self._client.send(request, stream=True)
        try:
            body = await self._bounded_body(response)
        finally:
            await response.aclose()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return HttpReply(status=response.status_code, headers=headers, body=body)

    async def _bounded_body(self, response: httpx.Response) -> bytes:
        # Raw bytes: httpx inflates a whole chunk before anybody can measure it
        raw = bytearray()
        async for chunk in response.aiter_raw():
            raw += chunk
            if len(raw) > self._limits.reply_bytes:
                raise _too_large()
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding in ("identity", ""):
            return bytes(raw)
        if encoding not in _COMPRESSIONS:
            raise DepartmentUnavailable("encoding: the reply is compressed in a way that nobody asked for")
        return self._inflate(bytes(raw))

    def _inflate(self, raw: bytes) -> bytes:
        inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
        try:
            body = inflater.decompress(raw, self._limits.reply_bytes + 1)
        except zlib.error:
            raise DepartmentUnavailable("encoding: the compressed reply is damaged") from None
        if len(body) > self._limits.reply_bytes:
            raise _too_large()
        if not inflater.eof:
            raise DepartmentUnavailable("encoding: the compressed reply is cut off")
        return body


def _too_large() -> DepartmentUnavailable:
    return DepartmentUnavailable("too-large: the reply exceeds what we take in")


def _connect_failure(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "tls: the system's certificate or protocol is not acceptable"
        cause = cause.__cause__ or cause.__context__
    return "connect: the system cannot be reached"
