"""The public HTTP API as the commands use it: one person's token, every refusal with its reason."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from adapters.http_client import HttpCall, HttpClient, HttpLimits, HttpReply
from bootstrap.api_error import ApiAway, ApiRefusal
from domain.department_failure import DepartmentUnavailable

Json = dict[str, Any]


class ApiClient:
    """Speaks as one person. Close it before the event loop ends."""

    def __init__(self, base_url: str, token: str | None) -> None:
        self.base_url = base_url.rstrip("/")
        self._token = token
        self._http = HttpClient(HttpLimits(connections=16, total_seconds=30, reply_bytes=16 * 1024 * 1024))

    async def close(self) -> None:
        await self._http.close()

    async def get(self, path: str, **query: str | int | None) -> Json:
        given = {name: str(value) for name, value in query.items() if value is not None}
        return await self._call("GET", path, query=given)

    async def post(self, path: str, body: Json, *, key: str | None = None) -> Json:
        """`key` makes a repetition harmless: the same command under the same key has one effect."""
        return await self._call("POST", path, body, key)

    async def post_file(self, path: str, content: bytes, headers: Mapping[str, str], *, key: str) -> Json:
        """The body is the file itself; `headers` say what it is and whose."""
        return await self._send("POST", path, {**headers, "idempotency-key": key}, content)

    async def put(self, path: str, body: Json) -> Json:
        return await self._call("PUT", path, body)

    async def _call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        key: str | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Json:
        headers = {} if key is None else {"idempotency-key": key}
        content = None
        if body is not None:
            headers["content-type"] = "application/json"
            content = json.dumps(body, ensure_ascii=False).encode()
        return await self._send(method, path, headers, content, query)

    async def _send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        content: bytes | None,
        query: Mapping[str, str] | None = None,
    ) -> Json:
        known = {"authorization": f"Bearer {self._token}"} if self._token else {}
        call = HttpCall(method, f"{self.base_url}{path}", {**known, **headers}, content, query or {})
        try:
            reply = await self._http.send(call)
        except DepartmentUnavailable as error:
            raise ApiAway(f"{self.base_url}: {error}") from None
        return self._read(reply)

    def _read(self, reply: HttpReply) -> Json:
        try:
            value = json.loads(reply.body) if reply.body else {}
        except ValueError:
            raise ApiAway(f"{self.base_url} answered {reply.status} with something that is not JSON") from None
        if not isinstance(value, dict):
            raise ApiAway(f"{self.base_url} answered with something that is not this product's")
        if reply.status >= 400:
            raise ApiRefusal(reply.status, value)
        return value


def segment(value: str) -> str:
    """Text as one part of a path."""
    return quote(value, safe="")
