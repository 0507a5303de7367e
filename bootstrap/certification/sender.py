"""Our side of the requests during a conformance run: right ones, and wrong ones on purpose."""

import secrets as randomness
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from adapters.department_message import dispatched, withdrawn, written
from adapters.http_client import HttpCall, HttpClient, HttpReply
from adapters.webhook_signature import sign
from bootstrap.certification.door import CODE, Door
from domain.codes import Role, Technique
from domain.department import DepartmentRoute
from domain.dispatch import Dispatch, Withdrawal
from domain.ids import case_id, round_id

_ROUTE = DepartmentRoute(code=CODE, technique=Technique.WEBHOOK)


@dataclass(frozen=True)
class Request:
    """One round that the department is asked; changed copies of it are what goes wrong."""

    case: str
    number: int = 1
    text: str = "联调测试，请直接答复 · Conformance test: please answer ACCEPTED"
    due_in: timedelta = timedelta(days=5)
    extra: Mapping[str, JsonValue] = field(default_factory=dict)

    @property
    def request_id(self) -> str:
        return f"{self.case}.certify"

    @property
    def round(self) -> str:
        return round_id(self.request_id, self.number)


@dataclass(frozen=True)
class Wrong:
    """How a message is spoilt."""

    secrets: Sequence[str] | None = None
    """Instead of the shared one; empty: not signed at all."""
    clock: timedelta = timedelta(0)
    tampered: bool = False
    body: str | None = None


@dataclass
class Sender:
    client: HttpClient
    url: str
    secrets: Sequence[str]
    reply_to: str
    door: Door
    _serial: int = field(default_factory=lambda: randomness.randbelow(900_000))

    def request(self) -> Request:
        """A fresh one; the numbers differ from run to run, so that a department may be certified again."""
        self._serial += 1
        return Request(case_id(2099, self._serial))

    async def dispatch(self, request: Request, wrong: Wrong | None = None) -> HttpReply:
        """Raises DepartmentUnavailable when no answer comes."""
        if wrong is None:
            self.door.asked.add(request.round)
        now = datetime.now(UTC)
        data = dispatched(
            Dispatch(
                case_id=request.case,
                request_id=request.request_id,
                round=request.number,
                department=_ROUTE,
                role=Role.LEAD,
                text=request.text[:2_000],
                fields={"item": "联调测试"},
                dispatched_at=now,
                due_at=now + request.due_in,
                sign_due_at=now + request.due_in / 2,
            )
        )
        data |= {"text": request.text, "reply_to": self.reply_to, **request.extra}
        return await self._post("/requests", request.round, ("request.dispatched", data), wrong)

    async def withdraw(self, request: Request, wrong: Wrong | None = None) -> HttpReply:
        data = withdrawn(
            Withdrawal(
                case_id=request.case,
                request_id=request.request_id,
                round=request.number,
                department=_ROUTE,
                reason="联调测试结束",
            )
        )
        return await self._post("/requests/withdrawn", f"{request.round}.withdrawn", ("request.withdrawn", data), wrong)

    async def _post(
        self, path: str, message_id: str, message: tuple[str, dict[str, JsonValue]], wrong: Wrong | None
    ) -> HttpReply:
        spoilt = wrong or Wrong()
        now = datetime.now(UTC)
        body = spoilt.body if spoilt.body is not None else written(message[0], now, message[1])
        using = self.secrets if spoilt.secrets is None else spoilt.secrets
        headers = sign(using, message_id, now + spoilt.clock, body) if using else {"webhook-id": message_id}
        if spoilt.tampered:
            body = body.replace('"round": 1', '"round": 2', 1)
        call = HttpCall("POST", self.url + path, {**headers, "content-type": "application/json"}, body.encode())
        return await self.client.send(call)


def next_round(request: Request) -> Request:
    return replace(request, number=request.number + 1)
