"""Speaks to a department and keeps it: bytes and signature before they leave, the answer after it came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

import structlog

from adapters.failed_attempts import NOT_KEPT, FailedAttempts
from adapters.http_client import HttpCall, HttpClient, HttpReply
from domain.department_failure import DepartmentUnavailable
from domain.errors import LiandongError
from domain.exchange import MAX_FAILURE_KEPT, Exchange
from domain.ports import Exchanges
from domain.proof import Proof

_log = structlog.get_logger(__name__)

_PROOF: Final = (
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "content-type",
    "soapaction",
    "if-none-match",
    "etag",
    "date",
)
"""Headers that are kept, of both directions."""
_TOO_MANY: Final = 429


@dataclass(frozen=True)
class Spoken:
    """What came back, and the whole exchange."""

    reply: HttpReply
    exchange: Exchange


@dataclass
class Keeper:
    """Of one call. `exchanges` None: where nothing is kept; then there are no proofs either."""

    exchanges: Exchanges | None
    department: str
    attempts: FailedAttempts = field(default_factory=FailedAttempts)
    """Shared by all calls to the department."""
    _told: Exchange | None = None
    """The message that left."""
    heard: Spoken | None = None
    """What came back to a question."""

    async def tell(self, client: HttpClient, call: HttpCall, message_id: str, round_: str) -> Spoken:
        """A message of ours. Raises DepartmentUnavailable also when it could not be kept: then it did not leave."""
        fresh = self._exchange(call, message_id).model_copy(update={"rounds": (round_,)})
        sent = await self.begin(fresh)
        try:
            reply = await client.send(call)
        except DepartmentUnavailable as error:
            await self._settle(sent.model_copy(update={"failure": str(error)}))
            raise
        exchange = _answered(sent, reply)
        await self._settle(exchange)
        return Spoken(reply, exchange)

    async def begin(self, exchange: Exchange) -> Exchange:
        """Kept before it leaves, under the entry id that it has from now on."""
        sent = self.attempts.begun(exchange)
        self._told = sent
        await self.keep(sent)
        return sent

    def failed(self, error: DepartmentUnavailable) -> None:
        """Nothing came of the message that left: it will be sent again."""
        if self._told is not None:
            self.attempts.failed(self._told, error)
            self._told = None

    async def ask(self, client: HttpClient, call: HttpCall) -> Spoken:
        """A question: nothing is kept before somebody says that its answer is worth it."""
        asked = self._exchange(call, "")
        reply = await client.send(call)
        self.heard = Spoken(reply, _answered(asked, reply))
        return self.heard

    async def keep_unreadable(self, rounds: Sequence[str], failure: str) -> None:
        """What came back to the question, as far as it is worth it."""
        if self.heard is None:
            return
        whole = self.heard.exchange
        told = {"rounds": tuple(rounds), "message_id": rounds[0], "failure": failure}
        kept = {"reply": whole.reply[:MAX_FAILURE_KEPT], "cut": len(whole.reply) > MAX_FAILURE_KEPT}
        await self._settle(whole.model_copy(update=told | kept))

    async def keep_answer(self, spoken: Spoken, rounds: Sequence[str]) -> Proof | None:
        """Raises DepartmentUnavailable: an answer that cannot be kept is asked for again."""
        exchange = spoken.exchange.model_copy(update={"rounds": tuple(rounds), "message_id": rounds[0]})
        await self.keep(exchange)
        return self.proof(exchange)

    def proof(self, exchange: Exchange) -> Proof | None:
        if self.exchanges is None:
            return None
        return exchange.proof(elsewhere=self.exchanges.elsewhere)

    async def keep(self, exchange: Exchange) -> None:
        if self.exchanges is None:
            return
        try:
            await self.exchanges.keep(exchange)
        except LiandongError:
            raise DepartmentUnavailable(f"{NOT_KEPT}: what cannot be kept neither leaves nor counts") from None

    async def _settle(self, exchange: Exchange) -> None:
        """What was sent is kept already; a lost note about the answer must not make it look unsent."""
        try:
            await self.keep(exchange)
        except DepartmentUnavailable:
            _log.warning("what came back for a message could not be kept", entry=exchange.entry_id)

    def _exchange(self, call: HttpCall, message_id: str) -> Exchange:
        query = "&".join(f"{name}={value}" for name, value in call.query.items())
        return Exchange(
            entry_id=uuid4().hex,
            department=self.department,
            message_id=message_id,
            sent_at=datetime.now(UTC),
            method=call.method,
            address=f"{call.url}?{query}" if query else call.url,
            headers=_kept(call.headers),
            body=call.content or b"",
        )


def _answered(sent: Exchange, reply: HttpReply) -> Exchange:
    passing = reply.status >= 500 or reply.status == _TOO_MANY
    body = reply.body[:MAX_FAILURE_KEPT] if passing else reply.body
    kept = {"status": reply.status, "reply_headers": _kept(reply.headers), "reply": body}
    return sent.model_copy(update={**kept, "cut": len(body) < len(reply.body)})


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    kept = {name.lower(): value for name, value in headers.items() if name.lower() in _PROOF}
    authorization = next((value for name, value in headers.items() if name.lower() == "authorization"), None)
    if authorization is not None:
        kept["authorization"] = f"{authorization.partition(' ')[0]} ***"
    return kept
