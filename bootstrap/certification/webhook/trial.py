"""One conformance run against a department that calls back."""

import asyncio
import json
from collections.abc import Awaitable
from dataclasses import dataclass

from adapters.http_client import HttpReply
from bootstrap.certification.finding import Broken, Said, said
from bootstrap.certification.request import Request
from bootstrap.certification.times import Times
from bootstrap.certification.webhook.door import Door
from bootstrap.certification.webhook.sender import Sender

TAKEN = (200, 201, 202, 204)
HAS_IT = (*TAKEN, 409)


@dataclass
class Trial:
    sender: Sender
    door: Door
    times: Times

    def quiet(self) -> Awaitable[None]:
        return asyncio.sleep(self.times.settle)

    async def answered(self, request: Request) -> None:
        if not await self.door.wait(lambda: bool(self.door.finals(request.round)), self.times.patience):
            raise Broken(
                said(
                    f"{self.times.patience:g} 秒内没有收到 {request.round} 的最终答复",
                    f"no final answer to {request.round} came within {self.times.patience:g} s",
                ),
                said(
                    "对每个 request.dispatched，向其 reply_to 发送 request.replied",
                    "answer every request.dispatched with a request.replied at its reply_to",
                ),
            )


def expect(reply: HttpReply, statuses: tuple[int, ...], change: Said) -> None:
    if reply.status not in statuses:
        raise Broken(
            said(
                f"HTTP {reply.status}，应为 {' 或 '.join(map(str, statuses))}",
                f"HTTP {reply.status}, expected {' or '.join(map(str, statuses))}",
            ),
            change,
        )


def receipt_in(reply: HttpReply) -> str | None:
    try:
        found = json.loads(reply.body)
    except ValueError:
        return None
    receipt = found.get("receipt") if isinstance(found, dict) else None
    return receipt if isinstance(receipt, str) and receipt else None


def one_answer(trial: Trial, request: Request) -> None:
    answers = {one.message.message_id for one in trial.door.finals(request.round) if one.message}
    if len(answers) > 1:
        raise Broken(
            said(
                f"同一轮收到 {len(answers)} 个不同 webhook-id 的答复",
                f"{len(answers)} answers under different ids to one round",
            ),
            said(
                "一轮只有一次生效、一个答复；重发须沿用原 webhook-id",
                "one round is one effect and one answer; a repetition keeps its webhook-id",
            ),
        )
