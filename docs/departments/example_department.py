"""A department that keeps the contract, as small as it can be. Nothing of the engine is needed to run it.

SECRET=whsec_… uvicorn example_department:app --port 9000     (needs fastapi, httpx, standardwebhooks, uvicorn)
liandong certify http://127.0.0.1:9000 --secret whsec_…
"""

import asyncio
import json
import os
import uuid
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from standardwebhooks import Webhook, WebhookVerificationError

app = FastAPI()
taken: dict[str, str] = {}  # idempotency key → receipt; a real department keeps it in its database
running: set[asyncio.Task[None]] = set()


def webhook() -> Webhook:
    return Webhook(os.environ["SECRET"])


async def verified(request: Request) -> dict[str, Any] | None:
    """The message, or None when it is not from the engine: signature, raw bytes, five minutes."""
    body = await request.body()
    try:
        webhook().verify(body, dict(request.headers), json_parse=False)
    except (WebhookVerificationError, ValueError):
        return None
    message: dict[str, Any] = json.loads(body)
    return message


@app.exception_handler(json.JSONDecodeError)
async def no_json(_: Request, __: Exception) -> JSONResponse:
    return JSONResponse({"error": "not JSON"}, status_code=422)


@app.post("/requests")
async def dispatched(request: Request) -> JSONResponse:
    message = await verified(request)
    if message is None:
        return JSONResponse({"error": "signature"}, status_code=401)
    data = message["data"]
    key = data["idempotency_key"]
    if key in taken:
        return JSONResponse({"receipt": taken[key]}, status_code=409)
    taken[key] = f"A-{len(taken) + 1:06d}"
    task = asyncio.create_task(answer(data))
    running.add(task)
    task.add_done_callback(running.discard)
    return JSONResponse({"receipt": taken[key]})


@app.post("/requests/withdrawn")
async def withdrawn(request: Request) -> JSONResponse:
    if await verified(request) is None:
        return JSONResponse({"error": "signature"}, status_code=401)
    return JSONResponse({})


async def answer(data: dict[str, Any]) -> None:
    """What a person decided. Sent until it is answered for good, always under the same id and with the same bytes."""
    reply = {"request_id": data["request_id"], "round": data["round"], "reply": {"code": "ACCEPTED", "note": "已办理"}}
    message = {"type": "request.replied", "timestamp": datetime.now(UTC).isoformat(), "data": reply}
    body, message_id, pause = json.dumps(message, ensure_ascii=False), f"msg_{uuid.uuid4().hex}", 0.2
    async with httpx.AsyncClient(timeout=10) as client:
        while True:
            now = datetime.now(UTC)
            headers = {
                "content-type": "application/json",
                "webhook-id": message_id,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": webhook().sign(message_id, now, body),
            }
            try:
                status = (await client.post(data["reply_to"], content=body.encode(), headers=headers)).status_code
            except httpx.HTTPError:
                status = 0
            if 200 <= status < 500 and status not in (408, 425, 429):
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, 300)
