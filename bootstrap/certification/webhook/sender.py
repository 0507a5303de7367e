"""Our side of the requests during a conformance run: rightly signed, and wrongly on purpose."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from adapters.department_message import written
from adapters.http_client import HttpCall, HttpClient, HttpReply
from adapters.webhook_signature import sign
from bootstrap.certification.request import Request, Requests
from bootstrap.certification.webhook.door import Door


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
    requests: Requests = field(default_factory=Requests)

    def request(self) -> Request:
        return self.requests.new()

    async def dispatch(self, request: Request, wrong: Wrong | None = None) -> HttpReply:
        """Raises DepartmentUnavailable when no answer comes."""
        if wrong is None:
            self.door.asked.add(request.round)
        data = request.dispatched() | {"reply_to": self.reply_to}
        return await self._post("/requests", request.round, ("request.dispatched", data), wrong)

    async def withdraw(self, request: Request, wrong: Wrong | None = None) -> HttpReply:
        message = ("request.withdrawn", request.withdrawn())
        return await self._post("/requests/withdrawn", f"{request.round}.withdrawn", message, wrong)

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
