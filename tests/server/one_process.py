"""The real API, store, workflows and adapters in one process on a real development server; departments as bidden.

For what a test must turn inside a process: an engine without cache, one that is away for a moment, impatient lines.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr, TypeAdapter

from bootstrap.container import Container, open_container
from bootstrap.effective_policy import Whereabouts
from bootstrap.embedded_temporal import EmbeddedTemporal
from bootstrap.first_start import SECRETS_FILE, department_secrets
from bootstrap.http_app import build_app
from bootstrap.policies import load_policy
from bootstrap.settings import CodecSettings, Settings, TemporalMode, TemporalSettings, WorkerSettings
from domain.any_decision import DECISION
from domain.audit import AuditRecord
from domain.case import Item, Registration, Requester, RequesterType
from domain.codes import Cause, TriageDecision
from domain.errors import ErrorCategory, LiandongError
from domain.fact import Fact
from domain.inbox import InboxEntry
from domain.person import Person, PersonRole
from domain.plan import Ask, Plan
from domain.snapshot import CaseSnapshot, RequestSnapshot
from services.launch_coordination import launch_coordination
from services.register_case import register_case
from services.triage_case import TriageInput, triage_case
from services.verify_invariants import verify
from tests.adapters.faulty_server import Respond, responding
from tests.server.policy import signing, write_policy
from tests.server.waiting import until
from tests.server.world import PAYLOAD_KEYS, temporal_config

LEADER = Person(person_id="leader", name="值班长", role=PersonRole.DUTY_LEADER)
_ASKS = TypeAdapter(tuple[Ask, ...])


@dataclass
class OneProcess:
    container: Container
    app: FastAPI
    secrets: dict[str, str]
    """Webhook secrets by department."""

    def client(self) -> AsyncClient:
        return AsyncClient(transport=ASGITransport(self.app), base_url="http://liandong")

    @asynccontextmanager
    async def engine(self) -> AsyncIterator[None]:
        """A worker of the engine's queue works inside the block; outside of it, what happens to a case piles up."""
        (worker,) = self.container.workers((), engine=True)
        async with worker:
            yield

    async def launched(self, asks: Sequence[dict[str, Any]]) -> str:
        office = self.container.office
        requester = Requester(type=RequesterType.INDIVIDUAL, name="某人")
        registration = Registration(
            title="新店地址被占用", request="希望开业", requester=requester, item=Item(name="食品经营许可")
        )
        case_id = (await register_case(office, LEADER, registration)).record.case_id
        triage = TriageInput(decision=TriageDecision.COORDINATE, cause=Cause.CROSS_DEPT)
        await triage_case(office, LEADER, case_id, triage)
        await launch_coordination(office, LEADER, case_id, Plan(asks=_ASKS.validate_python(asks)))
        return case_id

    async def decide(self, case_id: str, kind: str, **fields: Any) -> CaseSnapshot:
        """Straight to the engine: what the use case checks before plays no part here."""
        said = {"kind": kind, "command_id": uuid4().hex, "decided_by": LEADER.actor, "reason": "现场核实", **fields}
        decision = DECISION.validate_python(said)
        return await self._confirmed(lambda: self.container.office.engine.decide(case_id, decision), kind)

    async def snapshot(self, case_id: str) -> CaseSnapshot:
        return await self._confirmed(lambda: self.container.office.engine.snapshot(case_id), "a state")

    async def _confirmed(self, call: Callable[[], Awaitable[CaseSnapshot]], what: str) -> CaseSnapshot:
        """What the server hands to a worker that has just left is lost; the same once more is harmless."""

        async def look() -> CaseSnapshot | None:
            try:
                return await call()
            except LiandongError as error:
                if error.category is not ErrorCategory.UNAVAILABLE:
                    raise
                return None

        return await until(look, what, seconds=120)

    async def request(self, request_id: str) -> RequestSnapshot:
        snapshot = await self.snapshot(request_id.partition(".")[0])
        return next(one for one in snapshot.requests if one.request_id == request_id)

    async def facts(self, case_id: str) -> list[Fact]:
        async with self.container.store.reading() as session:
            return [chained.fact for chained in await session.facts.of_case(case_id)]

    async def inbox(self, case_id: str) -> list[InboxEntry]:
        async with self.container.store.reading() as session:
            return list(await session.inbox.of_case(case_id))

    async def verified(self) -> None:
        """No invariant is broken, in any case. Only while the engine works: a case is shown by its worker."""
        findings = await verify(self.container.office)
        assert findings == (), [finding.model_dump() for finding in findings]

    async def audit(self) -> list[AuditRecord]:
        """Newest first."""
        async with self.container.store.reading() as session:
            return list(await session.audit.latest(1_000))


@asynccontextmanager
async def one_process(
    data: Path, respond: Respond, *, cached: int = 1_000, patience_seconds: float = 15.0
) -> AsyncIterator[OneProcess]:
    """All departments' systems answer as `respond` says, and are given up on after `patience_seconds`.

    Departments' workers run from the start, the engine's only inside `engine()`.
    """
    data.mkdir(parents=True)
    async with AsyncExitStack() as stack:
        systems = await stack.enter_async_context(responding(respond))
        write_policy(data / "policies", simulators=systems, gated=systems)
        departments = [signing(one) for one in load_policy(data / "policies").departments]
        department_secrets(data, departments)
        temporal = await stack.enter_async_context(EmbeddedTemporal(temporal_config(data)))
        where = Whereabouts("http://127.0.0.1:1", temporal.address, serves=True)
        container = await stack.enter_async_context(open_container(_settings(data, temporal.address, cached), where))
        # Every fault is to be seen by itself: no breaker hides it, no rate delays it
        container.lines.options = replace(
            container.lines.options, total_seconds=patience_seconds, failures_until_open=1_000_000
        )
        for worker in container.workers(None, engine=False):
            await stack.enter_async_context(worker)
        kept = json.loads((data / SECRETS_FILE).read_bytes())
        secrets = {code: one["webhook_secrets"][0] for code, one in kept.items() if one.get("webhook_secrets")}
        yield OneProcess(container, build_app(container), secrets)


def _settings(data: Path, temporal: str, cached: int) -> Settings:
    return Settings(
        data_dir=data,
        policies_dir=data / "policies",
        temporal=TemporalSettings(mode=TemporalMode.OUTSIDE, address=temporal),
        codec=CodecSettings(keys=SecretStr(PAYLOAD_KEYS)),
        worker=WorkerSettings(max_cached_workflows=cached),
    )
