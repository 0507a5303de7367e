"""A department that keeps the contract, and somebody who stands before it and breaks one rule."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import Response

from bootstrap.certification.finding import Report
from bootstrap.certification.run import Subject, certify
from bootstrap.certification.times import Times
from domain.codes import Technique
from simulators.app import create_app
from simulators.department import Secrets
from simulators.script import Behaviour, Script
from simulators.server import serving

TOKEN = "token-of-the-test-system"
_ANSWERS_AFTER_SECONDS = 0.05
WELL = Behaviour(answer_after=_ANSWERS_AFTER_SECONDS)
QUICK = Times(patience=20, settle=0.1, pause=0.02)
IMPATIENT = Times(patience=0.5, settle=0.1, pause=0.02)


async def answered() -> None:
    """Until the department has answered what it took in just now."""
    await asyncio.sleep(4 * _ANSWERS_AFTER_SECONDS)


@dataclass
class Asked:
    """One request on its way to the department. `notes` lives as long as the department."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    inner: httpx.AsyncClient
    notes: dict[str, int] = field(default_factory=dict)

    async def forward(self, *, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Response:
        url = f"{self.path}?{self.query}" if self.query else self.path
        sent = self.headers | dict(headers or {})
        reply = await self.inner.request(self.method, url, content=self.body if body is None else body, headers=sent)
        kept = {name: reply.headers[name] for name in ("etag", "content-type") if name in reply.headers}
        return Response(reply.content, reply.status_code, kept)

    def times(self, name: str) -> int:
        """How often this was asked about, this time included."""
        self.notes[name] = self.notes.get(name, 0) + 1
        return self.notes[name]


Stand = Callable[[Asked], Awaitable[Response]]


async def honest(asked: Asked) -> Response:
    return await asked.forward()


@asynccontextmanager
async def department(stand: Stand = honest, behaviour: Behaviour = WELL) -> AsyncIterator[str]:
    """The address of one that is asked, polled or by SOAP."""
    simulated = create_app({"x": Secrets(bearer_token=TOKEN)}, {"x": Script(default=behaviour)})
    notes: dict[str, int] = {}
    outer = FastAPI()
    transport = httpx.ASGITransport(app=simulated)
    async with httpx.AsyncClient(transport=transport, base_url="http://inside") as inner:

        @outer.api_route("/{path:path}", methods=["GET", "PUT", "POST", "DELETE"])
        async def everything(path: str, request: Request) -> Response:
            headers = {name: value for name, value in request.headers.items() if name not in ("host", "content-length")}
            body = await request.body()
            query = request.url.query
            return await stand(Asked(request.method, f"/{path}", query, headers, body, inner, notes))

        async with serving(outer) as url:
            yield f"{url}/x"


async def judged(technique: Technique, url: str, times: Times = QUICK) -> Report:
    return await certify(Subject(url, TOKEN, technique, times))


def broken(report: Report) -> dict[str, str]:
    """What was found broken, and the reason; all of it told in both languages, with what to change."""
    found = [finding for finding in report.findings if finding.passed is False]
    assert all(one.reason and one.reason.zh and one.change and one.change.zh and one.change.en for one in found)
    return {one.check: one.reason.en for one in found if one.reason}
