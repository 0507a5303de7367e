"""The line to each department: its address, its secret, its own connections and its circuit breaker."""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import structlog

from adapters.circuit_breaker import CircuitBreaker, CircuitState
from adapters.department_secrets import DepartmentSecret, SecretSource
from adapters.failed_attempts import FailedAttempts
from adapters.http_client import HttpCall, HttpClient, HttpLimits, PrepareClient
from adapters.kept_exchange import Keeper, Spoken
from adapters.outgoing_address import AddressGuard, Resolve
from domain.department import Department
from domain.department_failure import DepartmentDisabled, DepartmentUnavailable
from domain.ports import Exchanges
from domain.proof import Proof
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
    exchanges: Exchanges | None = None
    """Keeps what is said; None: nothing is kept and nothing can be proved."""
    resolve: Resolve | None = None
    """Looks names up; None: the system's own way."""


class Named(NamedTuple):
    """Which message it is, and about which round."""

    message_id: str
    round_id: str


@dataclass(frozen=True)
class DepartmentLine:
    code: str
    base_url: str
    secret: DepartmentSecret
    breaker: CircuitBreaker
    client: HttpClient
    rate: RateLimit
    keeper: Keeper

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Around one exchange. Raises DepartmentUnavailable at once while the circuit is open or the rate used up."""
        wait = self.rate.wait(time.monotonic())
        if wait > 0:
            raise DepartmentUnavailable("rate: this system was asked often enough", retry_after_seconds=wait)
        with self.breaker.attempt():
            try:
                yield
            except DepartmentUnavailable as error:
                self.keeper.failed(error)
                raise

    async def tell(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes | None, *, named: Named
    ) -> Spoken:
        """A message of ours: it is kept before it leaves."""
        call = HttpCall(method=method, url=self._url(path), headers=headers, content=content)
        return await self.keeper.tell(self.client, call, named.message_id, named.round_id)

    async def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        content: bytes | None,
        *,
        query: Mapping[str, str] | None = None,
    ) -> Spoken:
        """A question: it is kept by `keep_answer`, once somebody has read that it brought one."""
        call = HttpCall(method=method, url=self._url(path), headers=headers, content=content, query=query or {})
        return await self.keeper.ask(self.client, call)

    async def keep_answer(self, spoken: Spoken, rounds: Sequence[str]) -> Proof | None:
        return await self.keeper.keep_answer(spoken, rounds)

    def proof(self, spoken: Spoken) -> Proof | None:
        return self.keeper.proof(spoken.exchange)

    def _url(self, path: str) -> str:
        return self.base_url.rstrip("/") + path


@dataclass
class _Open:
    department: Department
    """As it was when the connections were opened."""
    client: HttpClient
    breaker: CircuitBreaker
    rate: RateLimit
    attempts: FailedAttempts


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
            rate=opened.rate,
            keeper=Keeper(self.options.exchanges, code, opened.attempts),
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
        attempts = known.attempts if known else FailedAttempts()
        opened = _Open(department, client, breaker, RateLimit(department.max_sends_per_minute), attempts)
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
