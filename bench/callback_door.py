"""L7's way to departments and back: our adapter sends, a bare door takes the signed callback to its activity."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request, Response
from temporalio.client import Client

from activities.department import DepartmentActivities
from adapters.case_engine import TemporalCaseEngine
from adapters.department_line import DepartmentLines
from adapters.department_secrets import DepartmentSecrets
from adapters.departments import build_adapters
from adapters.system_time import SystemTime
from bench.policy import departments
from bootstrap import http_server
from bootstrap.settings import ApiSettings
from domain.codes import Technique
from domain.department import Department
from domain.dispatch import RoundRef
from domain.ids import case_of
from domain.ports import DepartmentAdapter
from domain.reply import RawAnswer

_NOT_YET = 503


@asynccontextmanager
async def callback_door(client: Client, secrets: Path, simulators: str) -> AsyncIterator[DepartmentActivities]:
    """Yields our own activities, whose departments answer at a door that is served meanwhile: no store, no inbox."""
    known = {one.code: one.model_copy(update={"base_url": f"{simulators}/{one.code}"}) for one in departments()}

    async def find(code: str) -> Department | None:
        return known.get(code)

    listening = http_server.listen(ApiSettings(port=0))
    lines = DepartmentLines(find, DepartmentSecrets.load(secrets))
    adapters = build_adapters(lines, SystemTime(), http_server.address(listening))
    app = _door(adapters[Technique.WEBHOOK], TemporalCaseEngine(client), known)
    try:
        async with http_server.serving(app, listening, 5):
            yield DepartmentActivities(adapters, SystemTime())
    finally:
        await lines.close()


def _door(adapter: DepartmentAdapter, engine: TemporalCaseEngine, known: dict[str, Department]) -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.post("/v1/departments/{code}/callbacks")
    async def callback(code: str, request: Request) -> Response:
        message = adapter.parse_callback(code, request.headers, await request.body())
        ref = RoundRef(
            case_id=case_of(message.request_id) or "",
            request_id=message.request_id,
            round=message.round,
            department=known[code].route(),
        )
        reply = message.reply.model_dump(mode="json") if message.reply else None
        answer = RawAnswer(reply=reply, received_at=SystemTime().now(), ref=message.message_id)
        taken = await engine.complete_round(ref, answer)
        return Response('{"status":"applied"}' if taken else "", status_code=200 if taken else _NOT_YET)

    return app
