"""The polled technique, spoken as the product speaks it, and wrongly on purpose."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from pydantic import JsonValue

from adapters.department_message import written
from adapters.http_client import HttpCall, HttpReply
from adapters.strict_json import MalformedJson, parse_json
from bootstrap.certification.asked.heard import Credential, Heard, Kind, Together, Wire, by_status, http, unreadable
from bootstrap.certification.finding import said
from bootstrap.certification.request import Request

JSON_TYPES = ("application/json",)
_HAS_IT = 409
_GONE = (404, 410)
_NOTHING_TO_WITHDRAW = (404, 409, 410)
_NO_SUCH_QUESTION = (400, 404, 405, 410, 414, 422, 501)


@dataclass
class Polled:
    wire: Wire
    url: str

    async def deliver(self, request: Request, credential: Credential = Credential.RIGHT) -> Heard:
        return await self._put(
            request, written("request.dispatched", datetime.now(UTC), request.dispatched()), credential
        )

    async def ask(self, request: Request, credential: Credential = Credential.RIGHT) -> Heard:
        reply = await self.wire.send("GET", HttpCall("GET", self._address(request)), credential)
        if reply.status in _GONE:
            return Heard(Kind.UNKNOWN, http(reply.status))
        if not 200 <= reply.status < 300:
            return Heard(by_status(reply.status), http(reply.status))
        found = _object(reply)
        return found if isinstance(found, Heard) else _stated(found)

    async def withdraw(self, request: Request, credential: Credential = Credential.RIGHT) -> Heard:
        reply = await self.wire.send("DELETE", HttpCall("DELETE", self._address(request)), credential)
        if reply.status in _NOTHING_TO_WITHDRAW:
            return Heard(Kind.UNKNOWN, http(reply.status))
        kind = Kind.TAKEN if 200 <= reply.status < 300 else by_status(reply.status)
        return Heard(kind, http(reply.status))

    async def ask_together(self, requests: Sequence[Request], etag: str | None = None) -> Together | None:
        query = {"rounds": ",".join(sorted(request.round for request in requests))}
        headers = {} if etag is None else {"if-none-match": etag}
        call = HttpCall("GET", f"{self.url}/requests", headers, query=query)
        reply = await self.wire.send("GET /requests", call, Credential.RIGHT)
        if reply.status in _NO_SUCH_QUESTION:
            return None
        if not 200 <= reply.status < 300:
            return Together(reply.status, unreadable=None if reply.status == 304 else http(reply.status))
        found = _object(reply)
        if isinstance(found, Heard):
            return Together(reply.status, unreadable=found.seen)
        listed = found.get("rounds")
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            return Together(reply.status, unreadable=said('没有 "rounds" 列表', 'no list "rounds"'))
        rounds = {
            f"{one.get('request_id')}.r{one.get('round')}": _stated(one) for one in listed if isinstance(one, dict)
        }
        return Together(reply.status, rounds, reply.headers.get("etag"))

    async def deliver_spoilt(self, request: Request) -> Mapping[str, Heard]:
        bodies = {"{": "{", '{"type": "x"}': json.dumps({"type": "x"}), "NaN": '{"data": NaN}'}
        return {name: await self._put(request, body, Credential.RIGHT) for name, body in bodies.items()}

    async def _put(self, request: Request, body: str, credential: Credential) -> Heard:
        headers = {"content-type": "application/json"}
        call = HttpCall("PUT", self._address(request), headers, body.encode())
        reply = await self.wire.send("PUT", call, credential)
        if not 200 <= reply.status < 300 and reply.status != _HAS_IT:
            return Heard(by_status(reply.status), http(reply.status))
        found = _object(reply)
        if isinstance(found, Heard):
            return found
        receipt = found.get("receipt")
        if not isinstance(receipt, str) or not 1 <= len(receipt) <= 200 or not receipt.isprintable():
            return unreadable('应答中没有 {"receipt": "…"}', 'no {"receipt": "…"} in the answer')
        return Heard(Kind.TAKEN, http(reply.status), receipt=receipt)

    def _address(self, request: Request) -> str:
        return f"{self.url}/requests/{quote(request.request_id, safe='')}/rounds/{request.number}"


def _object(reply: HttpReply) -> dict[str, JsonValue] | Heard:
    try:
        found = parse_json(reply.body)
    except MalformedJson as error:
        return unreadable(
            f"HTTP {reply.status}，但内容不是 JSON（{error}）", f"HTTP {reply.status}, but no JSON ({error})"
        )
    return found if isinstance(found, dict) else unreadable("内容不是 JSON 对象", "the answer is no JSON object")


def _stated(found: Mapping[str, JsonValue]) -> Heard:
    status = found.get("status")
    shown = json.dumps(status, ensure_ascii=False)[:60]
    if status == "pending":
        return Heard(Kind.PENDING, said("pending", "pending"))
    if status == "answered" and found.get("reply") is not None:
        return Heard(Kind.ANSWERED, said("answered", "answered"), reply=found["reply"])
    return unreadable(
        f"status 为 {shown}，既非 pending，也非带 reply 的 answered",
        f"status {shown}: neither pending nor answered with a reply",
    )
