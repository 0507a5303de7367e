"""One department of each technique, reached over loopback HTTP, and our own door for its callbacks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import JsonValue, SecretStr

from adapters.department_line import DepartmentLines, LineOptions
from adapters.department_secrets import DepartmentSecret, DepartmentSecrets
from adapters.departments import build_adapters
from adapters.system_time import SystemTime
from adapters.webhook_signature import new_secret
from domain.codes import Role, Technique
from domain.department import Department, DepartmentRoute
from domain.dispatch import Dispatch, RoundRef, Withdrawal
from domain.errors import ErrorCategory, LiandongError
from domain.inbox import DepartmentMessage
from domain.ports import DepartmentAdapter
from domain.reply import REPLY
from simulators.app import create_app
from simulators.department import Secrets, SimulatedDepartment
from simulators.script import Behaviour, Script
from simulators.server import serving

Found = TypeVar("Found")
CODES = {
    Technique.WEBHOOK: "market",
    Technique.POLLED: "housing",
    Technique.XML: "police",
    Technique.PEOPLE: "culture",
}
SYSTEMS = [technique for technique in CODES if technique is not Technique.PEOPLE]
"""The techniques that speak to a system."""
CASE = "LD-2026-000001"
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
_STATUS = {ErrorCategory.UNAUTHENTICATED: 401, ErrorCategory.INVALID: 422, ErrorCategory.TOO_LARGE: 413}


def new_secrets() -> DepartmentSecrets:
    return DepartmentSecrets(
        {
            "market": DepartmentSecret(webhook_secrets=(SecretStr(new_secret()),)),
            "housing": DepartmentSecret(bearer_token=SecretStr("token-of-the-housing-bureau")),
            "police": DepartmentSecret(bearer_token=SecretStr("token-of-the-police-station")),
        }
    )


def lines_to(
    base_url: str, technique: Technique, secrets: DepartmentSecrets, options: LineOptions | None = None
) -> DepartmentLines:
    async def find(code: str) -> Department | None:
        if code != CODES[technique]:
            return None
        return Department(
            code=code, name_zh=code, name_en=code, technique=technique, base_url=base_url, own_network="127.0.0.0/8"
        )

    return DepartmentLines(find=find, secrets=secrets, options=options or LineOptions())


def dispatch(technique: Technique, *, key: str = "licence", number: int = 1) -> Dispatch:
    return Dispatch(
        case_id=CASE,
        request_id=f"{CASE}.{key}",
        round=number,
        department=DepartmentRoute(code=CODES[technique], technique=technique),
        role=Role.LEAD,
        text="请协助核实",
        fields={"item": "食品经营许可"},
        dispatched_at=NOW,
        due_at=NOW,
    )


def ref_of(sent: Dispatch) -> RoundRef:
    return RoundRef(case_id=sent.case_id, request_id=sent.request_id, round=sent.round, department=sent.department)


def withdrawal_of(sent: Dispatch) -> Withdrawal:
    return Withdrawal(reason="已另行办理", **dict(ref_of(sent)))


@dataclass
class OwnDoor:
    """Where webhook departments call back: parses with the adapter under test and keeps what came."""

    adapter: DepartmentAdapter | None = None
    accepted: list[DepartmentMessage] = field(default_factory=list)
    refusals: list[LiandongError] = field(default_factory=list)
    busy_first: int = 0
    """How many callbacks get 503 before one is taken in."""

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/v1/departments/{code}/callbacks")
        async def callbacks(code: str, request: Request) -> JSONResponse:
            assert self.adapter
            if self.busy_first > 0:
                self.busy_first -= 1
                return JSONResponse({}, status_code=503, headers={"retry-after": "0"})
            try:
                message = self.adapter.parse_callback(code, request.headers, await request.body())
            except LiandongError as error:
                self.refusals.append(error)
                return JSONResponse({"code": error.code}, status_code=_STATUS[error.category])
            self.accepted.append(message)
            return JSONResponse({"status": "applied"})

        return app


@dataclass
class Arrangement:
    technique: Technique
    adapter: DepartmentAdapter
    lines: DepartmentLines
    department: SimulatedDepartment
    door: OwnDoor

    def behave(self, behaviour: Behaviour) -> None:
        self.department.script = Script(default=behaviour)

    async def answers(self, sent: Dispatch, count: int = 1) -> list[JsonValue]:
        """The replies to this round, from whichever side they come."""
        if not self.technique.calls_back:
            return [(await eventually(lambda: self.adapter.poll(ref_of(sent)))).reply]

        async def replies() -> list[JsonValue] | None:
            mine = [m for m in self.door.accepted if m.reply is not None and m.request_id == sent.request_id]
            found = [REPLY.dump_python(m.reply, mode="json") for m in mine if m.reply]
            return found if len(found) >= count else None

        return await eventually(replies)

    def replied_to(self, sent: Dispatch) -> int:
        """How many messages about this request came to us by themselves."""
        return sum(message.request_id == sent.request_id for message in self.door.accepted)

    @property
    def delivery_keys(self) -> list[str | None]:
        return [e.idempotency_key for e in self.department.journal.received if e.type == "request.dispatched"]

    @property
    def commits(self) -> int:
        return sum(entry.committed for entry in self.department.journal.received)


PATIENCE_SECONDS = 50.0
"""For what takes a moment on a quiet machine; a little less than a test may take."""


async def eventually(look: Callable[[], Awaitable[Found | None]], seconds: float = PATIENCE_SECONDS) -> Found:
    """What `look` finds, asked again until the time is over."""
    async with asyncio.timeout(seconds):
        while (found := await look()) is None:
            await asyncio.sleep(0.02)
    return found


@asynccontextmanager
async def arranged(technique: Technique, options: LineOptions | None = None) -> AsyncIterator[Arrangement]:
    secrets, door, code = new_secrets(), OwnDoor(), CODES[technique]
    own = secrets.of(code)
    token = own.bearer_token.get_secret_value() if own.bearer_token else None
    app = create_app({code: Secrets(webhook_secrets=own.accepted_secrets, bearer_token=token)})
    async with serving(door.app()) as own_url, serving(app) as url:
        lines = lines_to(f"{url}/{code}", technique, secrets, options)
        adapter = build_adapters(lines, SystemTime(), own_url)[technique]
        door.adapter = adapter
        department: SimulatedDepartment = app.state.departments[code]
        department.script = Script(default=Behaviour(acknowledge_after=0.0, answer_after=0.05))
        yield Arrangement(technique, adapter, lines, department, door)
        await lines.close()
