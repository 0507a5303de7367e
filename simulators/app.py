"""The simulated departments behind one HTTP server, with a door for scripts and journals: those hold what was sent."""

import hashlib
import json
import secrets as chance
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache

import httpx
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from pydantic import JsonValue

from simulators.department import Round, Secrets, SimulatedDepartment
from simulators.fault import broken
from simulators.journal import Journal, Received
from simulators.memory import Memory
from simulators.script import Fault, Script
from simulators.soap import answer
from simulators.taking_in import deliver, replied, withdraw


@cache
def _trust() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def create_app(
    secrets: Mapping[str, Secrets],
    scripts: Mapping[str, Script] | None = None,
    *,
    callback_base: str | None = None,
    memory: Memory | None = None,
    control: str | None = None,
) -> FastAPI:
    """`callback_base` replaces the address that a dispatch asks to be answered at; `memory` outlives the process.
    `control` is the token for scripts and journals; None: nobody comes to them by HTTP.
    """
    kept = memory or Memory()
    client = httpx.AsyncClient(trust_env=False, timeout=10.0, follow_redirects=False, verify=_trust())
    departments = {
        code: SimulatedDepartment(code, own, client, kept.keep, base=callback_base) for code, own in secrets.items()
    }
    for code, script in (scripts or {}).items():
        departments[code].script = script

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        for taken in kept.recall():
            if taken.department in departments:
                departments[taken.department].resume(taken)
        yield
        for department in departments.values():
            await department.close()
        await client.aclose()

    app = FastAPI(title="Simulated departments", lifespan=life)
    app.state.departments = departments
    _add_administration(app, departments, control)
    _add_webhook_technique(app, departments)
    _add_polled_technique(app, departments)
    _add_xml_technique(app, departments)
    return app


def _add_administration(app: FastAPI, departments: Mapping[str, SimulatedDepartment], control: str | None) -> None:
    async def holds_the_token(request: Request) -> None:
        given = request.headers.get("authorization", "").encode()
        if control is None or not chance.compare_digest(given, f"Bearer {control}".encode()):
            raise HTTPException(status_code=401)

    held = [Depends(holds_the_token)]

    @app.get("/health")
    async def health() -> dict[str, list[str]]:
        return {"departments": sorted(departments)}

    @app.put("/scripts/{department}", dependencies=held)
    async def put_script(department: str, script: Script) -> Script:
        """Holds for rounds taken in from now on."""
        _find(departments, department).script = script
        return script

    @app.get("/scripts/{department}", dependencies=held)
    async def get_script(department: str) -> Script:
        return _find(departments, department).script

    @app.get("/journal/{department}", dependencies=held)
    async def get_journal(department: str) -> Journal:
        return _find(departments, department).journal


def _add_webhook_technique(app: FastAPI, departments: Mapping[str, SimulatedDepartment]) -> None:
    @app.post("/{department}/requests")
    async def dispatched(department: str, request: Request) -> Response:
        found = _find(departments, department)
        body = await request.body()
        entry = _journalled(found, request, authentic=found.signed_by_engine(request.headers, body))
        if not entry.authentic:
            return replied(entry, JSONResponse({"error": "signature"}, status_code=401))
        return await deliver(found, entry, _data(body), request.headers["webhook-id"])

    @app.post("/{department}/requests/withdrawn")
    async def withdrawn(department: str, request: Request) -> Response:
        found = _find(departments, department)
        body = await request.body()
        entry = _journalled(found, request, authentic=found.signed_by_engine(request.headers, body))
        if not entry.authentic:
            return replied(entry, JSONResponse({"error": "signature"}, status_code=401))
        data = _data(body)
        return withdraw(found, entry, str(data["request_id"]), int(str(data["round"])))


def _add_xml_technique(app: FastAPI, departments: Mapping[str, SimulatedDepartment]) -> None:
    @app.post("/{department}")
    async def soap(department: str, request: Request) -> Response:
        found = _find(departments, department)
        authentic = found.bearer_of_engine(request.headers.get("authorization", ""))
        entry = _journalled(found, request, authentic=authentic)
        if not authentic:
            return replied(entry, JSONResponse({"error": "token"}, status_code=401))
        return await answer(found, request, entry)


def _add_polled_technique(app: FastAPI, departments: Mapping[str, SimulatedDepartment]) -> None:
    @app.get("/{department}/requests")
    async def many_rounds(department: str, rounds: str, request: Request) -> Response:
        found = _find(departments, department)
        authentic = found.bearer_of_engine(request.headers.get("authorization", ""))
        entry = _journalled(found, request, authentic=authentic)
        if not authentic:
            return replied(entry, JSONResponse({"error": "token"}, status_code=401))
        entry.type = "poll"
        known = [found.rounds[key] for key in rounds.split(",") if key in found.rounds]
        told = [_named(one) | _status(one) for one in known]
        response = JSONResponse({"rounds": told})
        etag = f'"{hashlib.sha256(bytes(response.body)).hexdigest()[:32]}"'
        if request.headers.get("if-none-match") == etag:
            return replied(entry, Response(status_code=304, headers={"etag": etag}))
        response.headers["etag"] = etag
        return replied(entry, response)

    @app.api_route("/{department}/requests/{request_id}/rounds/{number}", methods=["PUT", "GET", "DELETE"])
    async def one_round(department: str, request_id: str, number: int, request: Request) -> Response:
        found = _find(departments, department)
        authentic = found.bearer_of_engine(request.headers.get("authorization", ""))
        entry = _journalled(found, request, authentic=authentic)
        if not authentic:
            return replied(entry, JSONResponse({"error": "token"}, status_code=401))
        key = f"{request_id}.r{number}"
        if request.method == "PUT":
            return await deliver(found, entry, _data(await request.body()), key)
        if request.method == "DELETE":
            return withdraw(found, entry, request_id, number)
        entry.type, entry.idempotency_key, entry.request_id, entry.round = "poll", key, request_id, number
        return await _poll(found.rounds.get(key), entry)


async def _poll(round_: Round | None, entry: Received) -> Response:
    if round_ is None:
        return replied(entry, JSONResponse({"error": "unknown"}, status_code=404))
    round_.polls += 1
    fault: Fault | None = round_.behaviour.poll_fault
    if fault is not None and round_.polls <= round_.behaviour.faulty_polls:
        entry.outcome = fault.value
        return await broken(fault)
    return replied(entry, JSONResponse(_status(round_)))


def _status(round_: Round) -> dict[str, JsonValue]:
    found = round_.answer(datetime.now(UTC))
    if found is None:
        return {"status": "pending"}
    at, reply = found
    return {"status": "answered", "answered_at": at.isoformat(), "reply": reply}


def _named(round_: Round) -> dict[str, JsonValue]:
    return {"request_id": round_.taken.request_id, "round": round_.taken.number}


def _find(departments: Mapping[str, SimulatedDepartment], code: str) -> SimulatedDepartment:
    if code not in departments:
        raise HTTPException(status_code=404)
    return departments[code]


def _journalled(department: SimulatedDepartment, request: Request, *, authentic: bool) -> Received:
    shown = ("webhook-id", "webhook-timestamp", "traceparent", "content-type")
    entry = Received(
        at=datetime.now(UTC),
        method=request.method,
        path=request.url.path,
        authentic=authentic,
        headers={name: request.headers[name] for name in shown if name in request.headers},
    )
    department.journal.received.append(entry)
    return entry


def _data(body: bytes) -> dict[str, JsonValue]:
    try:
        data = json.loads(body)["data"]
        named = {"request_id": str(data["request_id"]), "round": int(data["round"])}
    except (ValueError, LookupError, TypeError):
        raise HTTPException(status_code=422) from None
    return dict(data) | named
