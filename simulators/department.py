"""One simulated department: takes rounds in once each, answers them as its script says, and keeps a journal."""

import asyncio
import hmac
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
from pydantic import BaseModel, ConfigDict, JsonValue
from standardwebhooks import Webhook, WebhookVerificationError

from simulators.callback import CallbackSender, Outgoing
from simulators.journal import Callback, Journal
from simulators.memory import TakenRound
from simulators.script import Behaviour, CallbackStyle, Script

Keep = Callable[[TakenRound], None]


class Secrets(BaseModel):
    """What the engine shares with one department."""

    # The engine keeps more with them than a department needs to know
    model_config = ConfigDict(frozen=True, extra="ignore")

    webhook_secrets: tuple[str, ...] = ()
    bearer_token: str | None = None
    link_key: str | None = None
    """Of no use here: links are for people."""
    tls: dict[str, str] | None = None
    """The engine's own files."""


@dataclass
class Round:
    """A round that was taken in, and how often it was asked for."""

    taken: TakenRound
    polls: int = 0

    @property
    def receipt(self) -> str:
        return self.taken.receipt

    @property
    def behaviour(self) -> Behaviour:
        return self.taken.behaviour

    @property
    def silenced(self) -> bool:
        return self.taken.withdrawn and not self.behaviour.answers_after_withdrawal

    def answer(self, now: datetime) -> tuple[datetime, JsonValue] | None:
        """The reply in force for somebody who asks."""
        after = self.behaviour.answer_after
        if after is None or self.silenced:
            return None
        at = self.taken.taken_at + timedelta(seconds=after)
        if now < at:
            return None
        second_at = at + timedelta(seconds=self.behaviour.second_after)
        if self.behaviour.second_reply is not None and now >= second_at:
            return second_at, self.behaviour.second_reply
        return at, self.behaviour.reply


class SimulatedDepartment:
    """Must be closed: answers under way are tasks of the event loop."""

    def __init__(self, code: str, secrets: Secrets, client: httpx.AsyncClient, keep: Keep, *, base: str | None) -> None:
        """`base` replaces the address that a dispatch asks to be answered at."""
        self.code = code
        self.script = Script()
        self.journal = Journal(department=code)
        self.rounds: dict[str, Round] = {}
        self.attempts: dict[str, int] = {}
        """Sends by idempotency key, failed ones too."""
        self._secrets = secrets
        self._keep = keep
        self._callback_base = base
        self._sender = CallbackSender(client, secrets.webhook_secrets[0]) if secrets.webhook_secrets else None
        self._playing: dict[str, asyncio.Task[None]] = {}

    def signed_by_engine(self, headers: Mapping[str, str], body: bytes) -> bool:
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        signed = {name: headers.get(name, "") for name in names}
        for secret in self._secrets.webhook_secrets:
            try:
                Webhook(secret).verify(body, signed, json_parse=False)
            except (WebhookVerificationError, ValueError):
                continue
            return True
        return False

    def bearer_of_engine(self, authorization: str) -> bool:
        token = self._secrets.bearer_token
        return token is not None and hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode())

    def take_in(self, key: str, data: Mapping[str, JsonValue]) -> Round:
        """Commit a round; a webhook department starts to play it."""
        request_id, number = str(data["request_id"]), int(str(data["round"]))
        reply_to = data.get("reply_to")
        taken = TakenRound(
            department=self.code,
            key=key,
            request_id=request_id,
            number=number,
            behaviour=self.script.behaviour(request_id, number),
            taken_at=datetime.now(UTC),
            receipt=f"{self.code}-{len(self.rounds) + 1:06d}",
            callback_url=str(reply_to) if reply_to else None,
            nonce=uuid.uuid4().hex,
        )
        self._keep(taken)
        return self.resume(taken)

    def resume(self, taken: TakenRound) -> Round:
        """Go on with a round where it stands."""
        found = self.rounds[taken.key] = Round(taken)
        url = taken.callback_url
        if url and self._callback_base:
            url = f"{self._callback_base.rstrip('/')}/v1/departments/{self.code}/callbacks"
        if url and self._sender and not taken.played and not found.silenced:
            task = asyncio.create_task(self._play(found, url, self._sender))
            self._playing[taken.key] = task
            task.add_done_callback(lambda _: self._playing.pop(taken.key, None))
        return found

    def withdraw(self, key: str) -> bool:
        """False when no such round was taken in."""
        known = self.rounds.get(key)
        if known is None:
            return False
        known.taken = known.taken.model_copy(update={"withdrawn": True})
        self._keep(known.taken)
        if known.silenced and key in self._playing:
            self._playing[key].cancel()
        return True

    async def close(self) -> None:
        tasks = list(self._playing.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _play(self, round_: Round, url: str, sender: CallbackSender) -> None:
        elapsed = (datetime.now(UTC) - round_.taken.taken_at).total_seconds()
        async with asyncio.TaskGroup() as group:
            for seconds, message, copies in _plan(round_.taken):
                group.create_task(self._call_back(seconds - elapsed, url, (message, copies), sender))
        round_.taken = round_.taken.model_copy(update={"played": True})
        self._keep(round_.taken)

    async def _call_back(self, seconds: float, url: str, what: tuple[Outgoing, int], sender: CallbackSender) -> None:
        await asyncio.sleep(max(0.0, seconds))
        message, copies = what
        for _ in range(copies):
            entry = Callback(
                message_id=message.message_id,
                type=message.type,
                request_id=message.request_id,
                round=message.round,
                body_sha256="",
            )
            self.journal.callbacks.append(entry)
            await sender.send(url, message, entry)


def _plan(taken: TakenRound) -> list[tuple[float, Outgoing, int]]:
    """Every callback of a round: seconds after the commit, message, copies."""
    behaviour = taken.behaviour
    plan: list[tuple[float, Outgoing, int]] = []
    if behaviour.acknowledge_after is not None:
        plan.append((behaviour.acknowledge_after, _message(taken, "ack", None), 1))
    for number, progress in enumerate(behaviour.interim):
        note: JsonValue = {"code": "INTERIM", "note": progress.note}
        plan.append((progress.after, _message(taken, f"note{number}", note), 1))
    if behaviour.answer_after is None:
        return plan
    answer = _message(taken, "answer", behaviour.reply, behaviour.callback)
    plan.append((behaviour.answer_after, answer, behaviour.copies))
    for number in range(behaviour.repeats):
        again = _message(taken, f"again{number}", behaviour.reply, behaviour.callback)
        plan.append((behaviour.answer_after + 0.2 * (number + 1), again, 1))
    if behaviour.second_reply is not None:
        second = _message(taken, "second", behaviour.second_reply)
        plan.append((behaviour.answer_after + behaviour.second_after, second, 1))
    return plan


def _message(taken: TakenRound, name: str, reply: JsonValue, style: CallbackStyle = CallbackStyle.PROPER) -> Outgoing:
    answers = name != "ack"
    return Outgoing(
        message_id=f"msg_{taken.nonce}_{name}",
        type="request.replied" if answers else "request.acknowledged",
        request_id=(taken.behaviour.as_request if answers else None) or taken.request_id,
        round=taken.number + (taken.behaviour.round_offset if answers else 0),
        reply=reply,
        style=style,
    )
