"""What the real adapters and the simulated departments say to each other, written down as the guides show it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from fastapi import FastAPI, Request
from fastapi.responses import Response
from pydantic import JsonValue, SecretStr

from adapters.department_line import DepartmentLines
from adapters.department_secrets import DepartmentSecret, DepartmentSecrets
from adapters.departments import build_adapters
from adapters.system_time import SystemTime
from domain.codes import Role, Technique
from domain.department import Department, DepartmentRoute
from domain.dispatch import Dispatch, RoundRef, Withdrawal
from domain.ports import DepartmentAdapter
from simulators.app import create_app
from simulators.department import Secrets
from simulators.script import Behaviour, Script
from simulators.server import serving

CASE = "LD-2026-000008"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TOKEN = "token-of-the-archives"
_SHOWN = ("authorization", "content-type", "soapaction", "webhook-id", "webhook-timestamp", "webhook-signature", "etag")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:[+-]\d\d:\d\d|Z)")


@dataclass(frozen=True)
class Exchange:
    """One request and its response. `raw` is a whole message: start line, headers, body."""

    request: str
    response: str

    @property
    def plain(self) -> tuple[str, str]:
        """What must be the same in a guide: without layout, instants and what follows from them."""
        return _plain(self.request), _plain(self.response)


def _plain(raw: str) -> str:
    head, _, body = raw.partition("\n\n")
    lines = head.splitlines()
    headers = sorted(_header(line) for line in lines[1:])
    return _INSTANT.sub("<instant>", "\n".join([lines[0], *headers, _body(body.strip())]))


def _header(line: str) -> str:
    name, _, value = line.partition(": ")
    follows_from_the_instant = name.lower() in ("webhook-timestamp", "webhook-signature", "etag")
    return f"{name.lower()}: {'…' if follows_from_the_instant else value}"


def _body(text: str) -> str:
    if text.startswith("<"):
        return ElementTree.canonicalize(text, strip_text=True)
    return json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True) if text else ""


def _written(first: str, headers: Any, body: bytes) -> str:
    shown = "".join(f"{name}: {headers[name]}\n" for name in _SHOWN if name in headers)
    return f"{first}\n{shown}\n{body.decode()}"


def asked(key: str, text: str) -> Dispatch:
    return Dispatch.model_validate(
        {
            "case_id": CASE,
            "request_id": f"{CASE}.{key}",
            "round": 1,
            "department": DepartmentRoute(code="archive", technique=Technique.WEBHOOK),
            "role": Role.LEAD,
            "text": text,
            "fields": {"request": "租约已签，原租户的执照仍登记在该地址。"},
            "dispatched_at": "2026-11-23T14:21:50+00:00",
            "due_at": "2026-11-30T09:00:00+00:00",
            "sign_due_at": "2026-11-24T09:00:00+00:00",
        }
    )


DISSOLVE, FIRE = asked("dissolve", "指导原租户办理简易注销"), asked("fire", "核对场所备案")


def ref(sent: Dispatch) -> RoundRef:
    return RoundRef(case_id=sent.case_id, request_id=sent.request_id, round=sent.round, department=sent.department)


def withdrawal(sent: Dispatch) -> Withdrawal:
    return Withdrawal(reason="案件已办结", **dict(ref(sent)))


@asynccontextmanager
async def recorded(
    technique: Technique, reply: JsonValue = None
) -> AsyncIterator[tuple[DepartmentAdapter, list[Exchange]]]:
    """An adapter before the simulated archives, and everything that they say; `fire` is never answered."""
    answer = {"reply": reply} if reply is not None else {"reply": {"code": "ACCEPTED", "note": "已注销"}}
    script = Script(
        default=Behaviour.model_validate({"acknowledge_after": None, "answer_after": 0, **answer}),
        requests={"fire": Behaviour(acknowledge_after=None, answer_after=None)},
    )
    app, exchanges = create_app({"archive": _shared(technique)}, {"archive": script}), list[Exchange]()
    _listen(app, exchanges)
    async with serving(app) as url:
        lines = _lines(f"{url}/archive", technique)
        yield build_adapters(lines, SystemTime(), "https://liandong.example.org")[technique], exchanges
        await lines.close()


def _shared(technique: Technique) -> Secrets:
    return Secrets(webhook_secrets=(SECRET,)) if technique is Technique.WEBHOOK else Secrets(bearer_token=TOKEN)


def _lines(url: str, technique: Technique) -> DepartmentLines:
    async def find(code: str) -> Department | None:
        return Department(
            code=code,
            name_zh="档案馆",
            name_en="Archives",
            technique=technique,
            base_url=url,
            own_network="127.0.0.0/8",
        )

    own = DepartmentSecret(webhook_secrets=(SecretStr(SECRET),), bearer_token=SecretStr(TOKEN))
    return DepartmentLines(find=find, secrets=DepartmentSecrets({"archive": own}))


def _listen(app: FastAPI, exchanges: list[Exchange]) -> None:
    @app.middleware("http")
    async def listen(request: Request, call_next: Any) -> Response:
        body = await request.body()
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        streamed = await call_next(request)
        answer = b"".join([part async for part in streamed.body_iterator])
        said = _written(f"{request.method} {target} HTTP/1.1", request.headers, body)
        heard = _written(f"HTTP/1.1 {streamed.status_code}", streamed.headers, answer)
        exchanges.append(Exchange(said, heard))
        return Response(answer, streamed.status_code, dict(streamed.headers))


async def conversation(technique: Technique) -> list[Exchange]:
    """Every kind of message of a technique, once."""
    async with recorded(technique) as (adapter, exchanges):
        for sent in (DISSOLVE, FIRE):
            await adapter.deliver(sent)
        if not technique.calls_back:
            assert await adapter.poll(ref(DISSOLVE)) is not None
            assert await adapter.poll(ref(FIRE)) is None
            await asyncio.gather(*(adapter.poll(ref(sent)) for sent in (DISSOLVE, FIRE)))
        for sent in (FIRE, asked("never", "")):
            await adapter.withdraw(withdrawal(sent))
    return exchanges
