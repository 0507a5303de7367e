"""The conformance run: a conforming department passes, and every kind of broken one is told its reason."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from adapters.webhook_signature import new_secret, sign
from bootstrap.certification.failure import NobodyThere
from bootstrap.certification.finding import Report
from bootstrap.certification.run import NAMES, Subject, certify
from bootstrap.certification.times import Times
from domain.codes import Technique
from simulators.app import create_app
from simulators.department import Secrets
from simulators.script import Behaviour, CallbackStyle, Fault, Script
from simulators.server import serving

SECRET = new_secret()
WELL = Behaviour(acknowledge_after=0.0, answer_after=0.02)


@asynccontextmanager
async def simulated(behaviour: Behaviour) -> AsyncIterator[str]:
    app = create_app({"market": Secrets(webhook_secrets=(SECRET,))}, {"market": Script(default=behaviour)})
    async with serving(app) as url:
        yield f"{url}/market"


async def judged(url: str, patience: float = 1.2) -> Report:
    return await certify(Subject(url, SECRET, times=Times(patience=patience, settle=0.25)))


def failed(report: Report) -> dict[str, str]:
    return {one.check: one.reason.en for one in report.findings if one.passed is False and one.reason}


async def test_our_simulator_passes() -> None:
    async with simulated(WELL) as url:
        report = await judged(url, patience=20)
    assert failed(report) == {}
    assert report.passed
    assert tuple(finding.check for finding in report.findings) == NAMES[Technique.WEBHOOK]


@pytest.mark.parametrize(
    ("behaviour", "check", "reason"),
    [
        (Behaviour(fault=Fault.HTML, faulty_sends=99), "normal", "receipt"),
        (Behaviour(fault=Fault.EMPTY, faulty_sends=99), "normal", "receipt"),
        (Behaviour(fault=Fault.TRUNCATED, faulty_sends=99), "normal", "receipt"),
        (Behaviour(fault=Fault.OVERSIZED, faulty_sends=99), "normal", "too-large"),
        (Behaviour(fault=Fault.REFUSE, faulty_sends=99), "normal", "HTTP 422"),
        (Behaviour(fail_first=99, fail_status=302), "normal", "redirect"),
        (Behaviour(answer_after=None, acknowledge_after=0.0), "answer", "no final answer"),
        (WELL.model_copy(update={"callback": CallbackStyle.WRONG_SIGNATURE}), "callbacks", "signature-not-valid"),
        (WELL.model_copy(update={"callback": CallbackStyle.OVERSIZED}), "callbacks", "message-too-large"),
        (WELL.model_copy(update={"callback": CallbackStyle.POISON}), "callbacks", "malformed-json"),
        (WELL.model_copy(update={"reply": {"code": "REFUSED", "reason": "x"}}), "callbacks", "legal_basis"),
        (WELL.model_copy(update={"round_offset": 7}), "callbacks", "unknown-request"),
        (WELL.model_copy(update={"repeats": 1}), "duplicate", "different ids"),
        (WELL.model_copy(update={"second_reply": {"code": "NO_RESULT", "tried": "x"}, "second_after": 0.05}),
         "contradiction", "different final answers"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
async def test_a_scripted_fault_is_found_and_named(behaviour: Behaviour, check: str, reason: str) -> None:
    async with simulated(behaviour) as url:
        report = await judged(url)
    assert reason in failed(report)[check]
    assert all(one.change and one.change.zh for one in report.findings if one.passed is False)


def department(answer: Callable[[Request, bytes], Response]) -> FastAPI:
    app = FastAPI()

    @app.post("/requests")
    @app.post("/requests/withdrawn")
    async def take(request: Request) -> Response:
        return answer(request, await request.body())

    return app


async def test_a_department_that_believes_everybody_fails_every_test_of_trust() -> None:
    async with serving(department(lambda _, __: JSONResponse({"receipt": "1"}))) as url:
        found = failed(await judged(url))
    for check in ("wrong-secret", "unsigned", "tampered", "stale", "future"):
        assert found[check] == "HTTP 200 instead of 401"
    assert "withdrawal" in found
    assert "malformed" in found


async def test_a_department_that_breaks_on_what_it_does_not_know_is_told_so() -> None:
    def answer(request: Request, body: bytes) -> Response:
        known = b"later_version" not in body and len(body) < 100_000 and body != b"{"
        return JSONResponse({"receipt": "1"}) if known else JSONResponse({}, 500)

    async with serving(department(answer)) as url:
        found = failed(await judged(url))
    assert found["unknown-field"].startswith("HTTP 500")
    assert found["oversized"] == "HTTP 500 for 200 KB"
    assert "HTTP 500" in found["malformed"]


async def test_a_department_that_gives_a_new_receipt_each_time_has_not_understood_repetitions() -> None:
    numbers = iter(range(1000))
    inner = create_app({"market": Secrets(webhook_secrets=(SECRET,))}, {"market": Script(default=WELL)})

    @inner.middleware("http")
    async def another_receipt(request: Request, call_next: Callable[[Request], object]) -> Response:
        response: Response = await call_next(request)  # type: ignore[misc]
        if request.method == "POST" and response.status_code in (200, 409):
            return JSONResponse({"receipt": str(next(numbers))}, response.status_code)
        return response

    async with serving(inner) as url:
        assert "receipt" in failed(await judged(f"{url}/market"))["duplicate"]


def answering(times: int, *, same_id: bool) -> FastAPI:
    """Answers each request `times` times, whatever it is told."""
    app, running = FastAPI(), set()

    async def answer(data: dict[str, Any]) -> None:
        reply = {"request_id": data["request_id"], "round": data["round"], "reply": {"code": "ACCEPTED"}}
        body = json.dumps({"type": "request.replied", "timestamp": "2026-01-01T00:00:00Z", "data": reply})
        async with httpx.AsyncClient(trust_env=False) as client:
            for number in range(times):
                name = f"m-{data['idempotency_key']}" + ("" if same_id else f"-{number}")
                await client.post(data["reply_to"], content=body, headers=sign(SECRET, name, datetime.now(UTC), body))

    @app.post("/requests")
    async def take(request: Request) -> Response:
        data = (await request.json())["data"]
        task = asyncio.create_task(answer(data))
        running.add(task)
        task.add_done_callback(running.discard)
        return JSONResponse({"receipt": data["idempotency_key"]})

    @app.post("/requests/withdrawn")
    async def withdrawn() -> Response:
        return Response(status_code=204)

    return app


async def test_a_department_that_never_tries_again_loses_its_answers() -> None:
    async with serving(answering(1, same_id=True)) as url:
        assert "after our 503 nothing came through" in failed(await judged(url))["our-503"]


async def test_a_department_that_takes_no_for_no_answer_is_told_so() -> None:
    async with serving(answering(3, same_id=True)) as url:
        assert "409 was sent again" in failed(await judged(url))["our-409"]


async def test_a_repetition_under_a_new_id_is_no_repetition() -> None:
    async with serving(answering(4, same_id=False)) as url:
        found = failed(await judged(url))
    assert "under its webhook-id" in found["our-503"]
    assert "different ids" in found["duplicate"]


async def test_nobody_there_and_a_login_page_are_told_apart() -> None:
    with pytest.raises(NobodyThere, match="connect"):
        await judged("http://127.0.0.1:9")
    async with serving(department(lambda _, __: HTMLResponse("<html>login</html>"))) as url:
        page = await judged(url)
    assert "receipt" in failed(page)["normal"]
    assert [finding.passed for finding in page.findings[1:]] == [None] * (len(page.findings) - 1)
