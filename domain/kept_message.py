"""Every message of a case, to and from departments, and whether its bytes are the ones that the facts vouch for."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from domain.exchange import Exchange
from domain.fact import Fact
from domain.inbox import InboxEntry
from domain.proof import digest, proofs
from domain.wire import Instant


class Direction(StrEnum):
    SENT = "SENT"
    RECEIVED = "RECEIVED"


class Standing(StrEnum):
    PROVED = "PROVED"
    """The bytes have the digest that a fact of the case names."""
    UNNAMED = "UNNAMED"
    """No fact names it: an attempt that failed, or an answer that had no effect."""
    ALTERED = "ALTERED"
    MISSING = "MISSING"
    ELSEWHERE = "ELSEWHERE"
    """With a worker that has no store, and not taken in yet."""

    @property
    def broken(self) -> bool:
        return self in (Standing.ALTERED, Standing.MISSING)


class KeptMessage(NamedTuple):
    kept_as: str
    direction: Direction
    standing: Standing
    at: Instant
    """Sent or received; of what is not here, when the fact was written."""
    department: str
    about: tuple[str, ...]
    """Round ids."""
    sha256: str
    content: bytes | None
    """None: not here."""


class _Named(NamedTuple):
    sha256: str
    elsewhere: bool
    fact: Fact


_Place = tuple[str, Direction]


def messages(
    facts: Sequence[Fact], exchanges: Sequence[Exchange], inbox: Sequence[InboxEntry]
) -> tuple[KeptMessage, ...]:
    """What is kept and what should be, oldest first."""
    named = _named(facts)
    here = [*_of_exchanges(exchanges), *_of_inbox(inbox)]
    judged = [one._replace(standing=_standing(one, named.pop((one.kept_as, one.direction), []))) for one in here]
    gone = [_gone(place, vouchers) for place, vouchers in named.items()]
    return tuple(sorted([*judged, *gone], key=lambda one: (one.at, one.kept_as, one.direction is Direction.RECEIVED)))


def _named(facts: Sequence[Fact]) -> dict[_Place, list[_Named]]:
    found: dict[_Place, list[_Named]] = defaultdict(list)
    for fact in facts:
        for proof in proofs(fact):
            for direction, sha256 in ((Direction.SENT, proof.sent), (Direction.RECEIVED, proof.received)):
                if sha256 is not None:
                    found[proof.kept_as, direction].append(_Named(sha256, proof.elsewhere, fact))
    return found


def _of_exchanges(exchanges: Sequence[Exchange]) -> Iterator[KeptMessage]:
    for one in exchanges:
        parts: Mapping[Direction, bytes | None] = {Direction.SENT: one.sent(), Direction.RECEIVED: one.received()}
        for direction, content in parts.items():
            if content is not None:
                yield KeptMessage(
                    kept_as=one.entry_id,
                    direction=direction,
                    standing=Standing.UNNAMED,
                    at=one.sent_at,
                    department=one.department,
                    about=one.rounds,
                    sha256=digest(content),
                    content=content,
                )


def _of_inbox(inbox: Sequence[InboxEntry]) -> Iterator[KeptMessage]:
    for entry in inbox:
        content = entry.received()
        yield KeptMessage(
            kept_as=entry.entry_id,
            direction=Direction.RECEIVED,
            standing=Standing.UNNAMED,
            at=entry.received_at,
            department=entry.department,
            about=(f"{entry.message.request_id}.r{entry.message.round}",),
            sha256=digest(content),
            content=content,
        )


def _standing(message: KeptMessage, vouchers: Sequence[_Named]) -> Standing:
    if not vouchers:
        return Standing.UNNAMED
    return Standing.PROVED if all(one.sha256 == message.sha256 for one in vouchers) else Standing.ALTERED


def _gone(place: _Place, vouchers: Sequence[_Named]) -> KeptMessage:
    kept_as, direction = place
    fact = vouchers[0].fact
    return KeptMessage(
        kept_as=kept_as,
        direction=direction,
        # Once it was taken in, a fact says so without "elsewhere": from then on it must be here
        standing=Standing.ELSEWHERE if all(one.elsewhere for one in vouchers) else Standing.MISSING,
        at=fact.at,
        department=fact.actor.removeprefix("department:") if fact.actor.startswith("department:") else "",
        about=(f"{fact.request_id}.r{fact.round}",),
        sha256=vouchers[0].sha256,
        content=None,
    )
