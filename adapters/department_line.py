"""The line to each department: its address, its secret, its own connections and its circuit breaker."""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from adapters.circuit_breaker import CircuitBreaker, CircuitState
from adapters.department_secrets import DepartmentSecret, SecretSource
from adapters.http_client import HttpCall, HttpClient, HttpLimits, HttpReply, PrepareClient
from adapters.kept_exchange import kept_exchange
from adapters.outgoing_address import AddressGuard, Resolve
from domain.department import Department
from domain.ports import DepartmentDisabled, DepartmentUnavailable, Outbox
from domain.rate_limit import RateLimit

_log = structlog.get_logger(__name__)

FindDepartment = Callable[[str], Awaitable[Department | None]]
"""Looks a department up in the directory, so that a changed address holds from the next send on."""


@dataclass(frozen=True)
class LineOptions:
    total_seconds: float = 15.0
    failures_until_open: int = 5
    open_seconds: float = 30.0
    trust: ssl.SSLContext | None = None
    """For networks with certificate authorities of their own; None: the public ones."""
    prepare: PrepareClient | None = None
    """Called once with each new client, for tracing."""
    outbox: Outbox | None = None
    """Keeps what is sent; None: where nothing can be kept (a worker in a department's own network)."""
    resolve: Resolve | None = None
    """Looks names up; None: the system's own way."""


@dataclass(frozen=True)
class DepartmentLine:
    code: str
    base_url: str
    secret: DepartmentSecret
    breaker: CircuitBreaker
    client: HttpClient
    rate: RateLimit
    outbox: Outbox | None = None

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Around one exchange. Raises DepartmentUnavailable at once while the circuit is open or the rate used up."""
        wait = self.rate.wait(time.monotonic())
        if wait > 0:
            raise DepartmentUnavailable("rate: this system was asked often enough", retry_after_seconds=wait)
        with self.breaker.attempt():
            yield

    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        content: bytes | None,
        *,
        query: Mapping[str, str] | None = None,
        kept_as: str | None = None,
    ) -> HttpReply:
        """`kept_as`: the message's id in the outbox; None: as headers or address say. Empty: a question, not kept."""
        url = self.base_url.rstrip("/") + path
        call = HttpCall(method=method, url=url, headers=headers, content=content, query=query or {})
        return await kept_exchange(self.client, None if kept_as == "" else self.outbox, self.code, call, kept_as)


@dataclass
class _Open:
    department: Department
    """As it was when the connections were opened."""
    client: HttpClient
    breaker: CircuitBreaker
    rate: RateLimit


@dataclass
class DepartmentLines:
    """All lines of this process. Close it before the event loop ends."""

    find: FindDepartment
    secrets: SecretSource
    options: LineOptions = LineOptions()
    _open: dict[str, _Open] = field(default_factory=dict)
    _closing: set[asyncio.Task[None]] = field(default_factory=set)

    async def line(self, code: str) -> DepartmentLine:
        """Raises DepartmentUnavailable while the directory does not say how to reach the department.

        Raises DepartmentDisabled for a department that was switched off.
        """
        department = await self.find(code)
        if department is None:
            raise DepartmentUnavailable("directory: no entry for this department")
        if not department.enabled:
            raise DepartmentDisabled
        opened = self._opened(department)
        return DepartmentLine(
            code=code,
            base_url=department.base_url,
            secret=self.secrets.of(code),
            breaker=opened.breaker,
            client=opened.client,
            outbox=self.options.outbox,
            rate=opened.rate,
        )

    def circuits(self) -> dict[str, CircuitState]:
        """Departments that were spoken to since the process started."""
        return {code: opened.breaker.state for code, opened in sorted(self._open.items())}

    async def close(self) -> None:
        opened, self._open = self._open, {}
        await asyncio.gather(*(line.client.close() for line in opened.values()), *self._closing)

    def _opened(self, department: Department) -> _Open:
        known = self._open.get(department.code)
        if known and _same_way(known.department, department):
            known.rate.per_minute = department.max_sends_per_minute
            return known
        limits = HttpLimits(connections=department.max_concurrency, total_seconds=self.options.total_seconds)
        guard = AddressGuard(department.own_network, self.options.resolve)
        client = HttpClient(limits, trust=self._trust(department.code), prepare=self.options.prepare, guard=guard)
        breaker = known.breaker if known else self._breaker(department.code)
        opened = _Open(department, client, breaker, RateLimit(department.max_sends_per_minute))
        self._open[department.code] = opened
        if known:
            # What is under way on the old connections gets its time to end
            task = asyncio.create_task(self._close_later(known.client))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        return opened

    def _trust(self, code: str) -> ssl.SSLContext | None:
        tls = self.secrets.of(code).tls
        return tls.context() if tls is not None else self.options.trust

    def _breaker(self, code: str) -> CircuitBreaker:
        return CircuitBreaker(
            failures=self.options.failures_until_open,
            open_seconds=self.options.open_seconds,
            on_change=lambda state: _log.warning("department circuit", department=code, state=state.value),
        )

    async def _close_later(self, client: HttpClient) -> None:
        try:
            await asyncio.sleep(self.options.total_seconds)
        finally:
            await client.close()


def _same_way(before: Department, now: Department) -> bool:
    """Whether the connections that are open may still be used."""
    return (before.max_concurrency, before.base_url, before.own_network) == (
        now.max_concurrency,
        now.base_url,
        now.own_network,
    )
