"""What a department that is asked said, the same for every technique that asks."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from pydantic import JsonValue

from adapters.http_client import HttpCall, HttpClient, HttpReply
from bootstrap.certification.finding import Said, said
from bootstrap.certification.request import Request


class Kind(StrEnum):
    TAKEN = "taken"
    PENDING = "pending"
    ANSWERED = "answered"
    UNKNOWN = "unknown"
    """Says that it has no such round."""
    STRANGER = "stranger"
    """Does not believe who we say we are."""
    REFUSED = "refused"
    """Will never take this message."""
    BUSY = "busy"
    """Cannot do it now: we would send it again, for ever if need be."""
    UNREADABLE = "unreadable"
    """Answered, but not what the contract knows."""


class Credential(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    NONE = "none"


@dataclass(frozen=True)
class Heard:
    kind: Kind
    seen: Said
    receipt: str | None = None
    reply: JsonValue = None


@dataclass(frozen=True)
class Together:
    """The answer about many rounds; `rounds` by round id."""

    status: int
    rounds: Mapping[str, Heard] = field(default_factory=dict)
    etag: str | None = None
    unreadable: Said | None = None


@dataclass(frozen=True)
class Exchange:
    what: str
    seconds: float
    wrong_type: str | None
    """The content type of an answer that should have had another."""


class Speaker(Protocol):
    """Speaks one technique. Raises DepartmentUnavailable when no complete answer comes."""

    wire: "Wire"

    async def deliver(self, request: Request, credential: Credential = Credential.RIGHT) -> Heard: ...

    async def ask(self, request: Request, credential: Credential = Credential.RIGHT) -> Heard: ...

    async def withdraw(self, request: Request, credential: Credential = Credential.RIGHT) -> Heard: ...

    async def ask_together(self, requests: Sequence[Request], etag: str | None = None) -> Together | None:
        """None: it is not offered, and need not be."""

    async def deliver_spoilt(self, request: Request) -> Mapping[str, Heard]:
        """Bodies that are no message of the contract, by what is wrong with them."""


@dataclass
class Wire:
    """Sends, measures and remembers. `token` is what the department expects after `Bearer`."""

    client: HttpClient
    token: str
    types: Collection[str]
    """Content types in which answers may come."""
    exchanges: list[Exchange] = field(default_factory=list)

    async def send(self, what: str, call: HttpCall, credential: Credential) -> HttpReply:
        shown = {Credential.RIGHT: self.token, Credential.WRONG: f"{self.token[:-4]}-not-it", Credential.NONE: None}
        token = shown[credential]
        headers = dict(call.headers) | ({"authorization": f"Bearer {token}"} if token else {})
        began = time.monotonic()
        reply = await self.client.send(HttpCall(call.method, call.url, headers, call.content, call.query))
        self.exchanges.append(Exchange(what, time.monotonic() - began, self._wrong_type(reply)))
        return reply

    def _wrong_type(self, reply: HttpReply) -> str | None:
        kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
        matters = 200 <= reply.status < 300 and bool(reply.body)
        return (kind or "–") if matters and kind not in self.types else None


def by_status(status: int) -> Kind:
    """What an unsuccessful HTTP status stands for."""
    if status in (401, 403):
        return Kind.STRANGER
    if status >= 500 or status in (408, 425, 429):
        return Kind.BUSY
    return Kind.REFUSED if 400 <= status < 500 else Kind.UNREADABLE


def http(status: int) -> Said:
    if 300 <= status < 400:
        return said(f"重定向（HTTP {status}）", f"a redirect (HTTP {status})")
    return said(f"HTTP {status}", f"HTTP {status}")


def unreadable(zh: str, en: str) -> Heard:
    return Heard(Kind.UNREADABLE, said(zh, en))
