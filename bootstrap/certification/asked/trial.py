"""One conformance run against a department that is asked."""

import asyncio
import time
from collections.abc import Awaitable, Collection
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pydantic import JsonValue

from bootstrap.certification.asked.heard import Heard, Kind, Speaker
from bootstrap.certification.finding import Broken, Said, said
from bootstrap.certification.request import Request, Requests
from bootstrap.certification.times import Times
from domain.reply import Unreadable, read_answer

_RECEIVED = {"received_at": "2026-01-01T00:00:00Z", "ref": "certify"}

Spoken = TypeVar("Spoken", bound=Speaker, covariant=True)


@dataclass
class Trial(Generic[Spoken]):
    speaker: Spoken
    times: Times
    requests: Requests = field(default_factory=Requests)

    def request(self) -> Request:
        return self.requests.new()

    def quiet(self) -> Awaitable[None]:
        return asyncio.sleep(self.times.settle)

    async def taken(self, request: Request, change: Said) -> Heard:
        return expect(await self.speaker.deliver(request), (Kind.TAKEN,), change)

    async def answered(self, request: Request) -> JsonValue:
        """The reply that ends the round, asked for again and again. Progress notes do not end it."""
        until = time.monotonic() + self.times.patience
        while True:
            heard = await self.speaker.ask(request)
            if heard.kind is Kind.ANSWERED and not _interim(heard.reply):
                _conforms(heard.reply)
                return heard.reply
            if heard.kind is Kind.UNREADABLE:
                raise Broken(heard.seen, _ANSWER)
            if time.monotonic() > until:
                raise Broken(
                    said(
                        f"{self.times.patience:g} 秒内没有最终答复，最后得到：{heard.seen.zh}",
                        f"no final answer within {self.times.patience:g} s; last seen: {heard.seen.en}",
                    ),
                    said(
                        "测试系统须在 --patience 秒内自行答复",
                        "let the test system answer by itself within --patience seconds",
                    ),
                )
            await asyncio.sleep(self.times.pause)


_ANSWER = said(
    "未决时答 pending，已决时答 answered 并带 reply，格式见接入说明“答复代码”",
    "say pending until there is an answer, then answered with a reply as the chapter on replies has it",
)


def expect(heard: Heard, kinds: Collection[Kind], change: Said) -> Heard:
    if heard.kind not in kinds:
        raise Broken(heard.seen, change)
    return heard


def _interim(reply: JsonValue) -> bool:
    return isinstance(reply, dict) and reply.get("code") == "INTERIM"


def _conforms(reply: JsonValue) -> None:
    """Judged as the product judges it."""
    found = read_answer({"reply": reply, **_RECEIVED})
    if isinstance(found, Unreadable):
        raise Broken(said(f"答复不合格：{found.problem}", f"the reply is not in form: {found.problem}"), _ANSWER)
