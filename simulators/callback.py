"""Sends a department's messages to the engine: signed, and again under the same id until one is answered."""

import asyncio
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
from pydantic import JsonValue
from standardwebhooks import Webhook

from simulators.journal import Attempt, Callback
from simulators.script import CallbackStyle

MAX_ATTEMPTS = 30
MAX_PAUSE_SECONDS = 5.0
_TRY_AGAIN = frozenset({408, 425, 429})
_WRONG_SECRET = "whsec_d3Jvbmctd3Jvbmctd3Jvbmctd3Jvbmc="
_POISON = '{"type":"request.replied","timestamp":NaN,"timestamp":"\\ud800","data":{"round":1e999}}'


@dataclass(frozen=True)
class Outgoing:
    """One message on its way to the engine."""

    message_id: str
    type: str
    request_id: str
    round: int
    reply: JsonValue | None = None
    style: CallbackStyle = CallbackStyle.PROPER

    def body(self) -> str:
        if self.style is CallbackStyle.POISON:
            return _POISON
        data: dict[str, JsonValue] = {"request_id": self.request_id, "round": self.round}
        if self.type == "request.replied":
            data["reply"] = self.reply
        if self.style is CallbackStyle.OVERSIZED:
            data["padding"] = "x" * 70_000
        return json.dumps(
            {"type": self.type, "timestamp": datetime.now(UTC).isoformat(), "data": data}, ensure_ascii=False
        )


class CallbackSender:
    """`client` is shared by all departments of the process."""

    def __init__(self, client: httpx.AsyncClient, secret: str) -> None:
        self._client = client
        self._secret = secret

    async def send(self, url: str, message: Outgoing, entry: Callback) -> None:
        """Returns when the engine has answered for good or the attempts are used up; `entry` tells how it went."""
        body = message.body()
        entry.body_sha256 = hashlib.sha256(body.encode()).hexdigest()
        for number in range(MAX_ATTEMPTS):
            response = await self._post(url, message, body, entry)
            if response is not None and response.status_code < 500 and response.status_code not in _TRY_AGAIN:
                break
            await asyncio.sleep(_pause(number, response))
        entry.finished = True

    async def _post(self, url: str, message: Outgoing, body: str, entry: Callback) -> httpx.Response | None:
        now = datetime.now(UTC)
        secret = _WRONG_SECRET if message.style is CallbackStyle.WRONG_SIGNATURE else self._secret
        headers = {
            "content-type": "application/json",
            "webhook-id": message.message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(message.message_id, now, body),
        }
        try:
            response = await self._client.post(url, content=body.encode(), headers=headers)
        except httpx.HTTPError as error:
            entry.attempts.append(Attempt(at=now, error=type(error).__name__))
            return None
        entry.attempts.append(Attempt(at=now, status=response.status_code))
        entry.status = response.status_code
        entry.response = response.text[:2_000]
        return response


def _pause(number: int, response: httpx.Response | None) -> float:
    asked = response.headers.get("retry-after", "") if response is not None else ""
    pause = float(asked) if asked.isascii() and asked.isdigit() else 0.2 * 2.0**number
    return min(pause, MAX_PAUSE_SECONDS)
