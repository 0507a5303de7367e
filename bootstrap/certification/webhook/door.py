"""Our side of the callbacks during a conformance run: judges each message as the product would, and remembers it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from adapters import callback
from domain.errors import ErrorCategory, LiandongError
from domain.ids import round_id
from domain.inbox import DepartmentMessage
from domain.reply import FINAL_REPLIES

_STATUS = {ErrorCategory.UNAUTHENTICATED: 401, ErrorCategory.INVALID: 422, ErrorCategory.TOO_LARGE: 413}


@dataclass(frozen=True)
class Arrival:
    """One callback. `message` None: it was refused, and `problem` says why."""

    status: int
    body: bytes
    message: DepartmentMessage | None
    problem: str = ""

    @property
    def round(self) -> str:
        return round_id(self.message.request_id, self.message.round) if self.message else ""

    @property
    def final(self) -> bool:
        reply = self.message.reply if self.message else None
        return reply is not None and reply.code in FINAL_REPLIES


@dataclass
class Door:
    accepted: Sequence[str]
    """Secrets and public keys that a callback may be signed with."""
    arrivals: list[Arrival] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    """Rounds that this run has sent: a callback about any other is refused."""
    busy: Counter[str] = field(default_factory=Counter)
    """How many callbacks of a round get 503 first."""
    closed: set[str] = field(default_factory=set)
    """Rounds whose callbacks get 409."""
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def app(self) -> FastAPI:
        app = FastAPI(openapi_url=None)

        @app.post("/v1/departments/{code}/callbacks")
        async def callbacks(request: Request) -> Response:
            arrival = self._judge(dict(request.headers), await request.body())
            async with self._news:
                self.arrivals.append(arrival)
                self._news.notify_all()
            headers = {"retry-after": "0"} if arrival.status == 503 else {}
            said = {200: "applied", 409: "round-closed"}.get(arrival.status, arrival.problem or "try again")
            return JSONResponse({"status": said}, arrival.status, headers=headers)

        return app

    async def wait(self, found: Callable[[], bool], seconds: float) -> bool:
        """Whether it became true in time."""
        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(found)
        except TimeoutError:
            return found()
        return True

    def of(self, round_: str) -> list[Arrival]:
        return [arrival for arrival in self.arrivals if arrival.round == round_]

    def finals(self, round_: str) -> list[Arrival]:
        return [arrival for arrival in self.of(round_) if arrival.final]

    def _judge(self, headers: dict[str, str], body: bytes) -> Arrival:
        try:
            message = callback.receive(self.accepted, headers, body)
        except LiandongError as error:
            return Arrival(_STATUS[error.category], body, None, f"{error.code}: {error.detail}")
        named = round_id(message.request_id, message.round)
        if named not in self.asked:
            return Arrival(404, body, None, f"unknown-request: nobody asked for {named}")
        if self.busy[named] > 0:
            self.busy[named] -= 1
            return Arrival(503, body, message)
        return Arrival(409 if named in self.closed else 200, body, message)
