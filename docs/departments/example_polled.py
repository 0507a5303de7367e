"""A department that is polled, as small as it can be. Nothing of the engine is needed to run it.

TOKEN=… uvicorn example_polled:app --port 9000     (needs fastapi and uvicorn)
liandong certify http://127.0.0.1:9000 --technique polled --secret …
"""

import hmac
import os
from typing import Any

from fastapi import Depends, FastAPI, HTTPException, Request

rounds: dict[str, dict[str, Any]] = {}  # a real department keeps them in its database


def only_liandong(request: Request) -> None:
    """Whoever does not show the token is refused, and leaves nothing behind."""
    shown = request.headers.get("authorization", "").encode()
    if not hmac.compare_digest(shown, f"Bearer {os.environ['TOKEN']}".encode()):
        raise HTTPException(401)


app = FastAPI(dependencies=[Depends(only_liandong)])


@app.put("/requests/{request_id}/rounds/{number}")
async def deliver(request_id: str, number: int, request: Request) -> dict[str, str]:
    """The same round again gets the first receipt and starts nothing new."""
    try:
        data = (await request.json())["data"]
        asked = str(data["text"])
    except (ValueError, LookupError, TypeError):
        raise HTTPException(422) from None
    round_ = rounds.setdefault(
        f"{request_id}.r{number}", {"receipt": f"A-{len(rounds) + 1:06d}", "asked": asked, "reply": None}
    )
    return {"receipt": round_["receipt"]}


@app.get("/requests/{request_id}/rounds/{number}")
async def ask(request_id: str, number: int) -> dict[str, Any]:
    """Pending until somebody has decided; from then on always the same answer."""
    round_ = rounds.get(f"{request_id}.r{number}")
    if round_ is None:
        raise HTTPException(404)
    if round_["reply"] is None:
        round_["reply"] = {"code": "ACCEPTED", "note": "已办理"}  # here a person decides, later
        return {"status": "pending"}
    return {"status": "answered", "reply": round_["reply"]}


@app.delete("/requests/{request_id}/rounds/{number}")
async def withdraw(request_id: str, number: int) -> dict[str, str]:
    """Nobody waits any more. The round stays known: a late repetition must not begin it anew."""
    if f"{request_id}.r{number}" not in rounds:
        raise HTTPException(404)
    return {}
