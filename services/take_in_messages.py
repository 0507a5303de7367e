"""Take in what a worker without a store has kept: each message only if the facts of its cases vouch for it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pydantic import ValidationError

from domain.errors import ErrorCategory, LiandongError
from domain.exchange import Exchange
from domain.fact import Fact, FactKind
from domain.ids import case_of
from domain.proof import Proof, proofs
from domain.store_ports import Store, StoreSession

MOST_BYTES_A_LINE = 2 * 1024 * 1024


class Refusal(StrEnum):
    """Why a line was not taken in, where that is not as it should be."""

    UNREADABLE = "no message that can be read"
    TOO_LONG = "longer than any message"
    FOREIGN = "about a case that this store does not know"
    UNNAMED = "no fact of its case names it"
    DIFFERS = "its bytes are not those that the facts vouch for"
    CUT = "its answer is not in this file"
    TAKEN = "another message is kept under its name"


@dataclass
class TakenIn:
    taken: int = 0
    known: int = 0
    """They were here already."""
    left_out: int = 0
    """Attempts that nothing came of: no fact vouches for them, and none should."""
    torn: int | None = None
    """Number of the last line when it is half a line: the worker is writing it, or ended while it did."""
    refused: list[tuple[int, Refusal]] = field(default_factory=list)
    """Number of the line, from 1, and why."""


class _Refused(Exception):
    def __init__(self, why: Refusal) -> None:
        super().__init__(why.value)
        self.why = why


async def take_in_messages(store: Store, lines: Iterable[bytes], now: datetime) -> TakenIn:
    """Twice has no second effect. Raises UNAVAILABLE of the store; what was taken in before that stays."""
    found = TakenIn()
    for number, exchange in _last_of_each(lines, found):
        try:
            fresh = await _take_in(store, exchange, now)
        except _Refused as refused:
            found.refused.append((number, refused.why))
            continue
        match fresh:
            case True:
                found.taken += 1
            case False:
                found.known += 1
            case None:
                found.left_out += 1
    found.refused.sort()
    return found


def _last_of_each(lines: Iterable[bytes], found: TakenIn) -> list[tuple[int, Exchange]]:
    """The later line of an entry is the whole entry."""
    last: dict[str, tuple[int, Exchange]] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if len(line) > MOST_BYTES_A_LINE:
            found.refused.append((number, Refusal.TOO_LONG))
            continue
        try:
            exchange = Exchange.model_validate_json(line)
        except ValidationError:
            # Only the last line can lack its end
            if line.endswith(b"\n"):
                found.refused.append((number, Refusal.UNREADABLE))
            else:
                found.torn = number
        else:
            last[exchange.entry_id] = (number, exchange)
    return list(last.values())


async def _take_in(store: Store, exchange: Exchange, now: datetime) -> bool | None:
    """Whether it is new; None when it is left out."""
    mine = exchange.proof(elsewhere=True)
    async with store.writing() as session:
        by_round = {round_: await _proofs_of(session, round_) for round_ in exchange.rounds}
        vouched = [round_ for round_, known in by_round.items() if _vouched(known, mine)]
        if not vouched:
            if exchange.failed or any(by_round.values()):
                return None
            raise _Refused(Refusal.UNNAMED)
        here = await session.exchanges.get(exchange.entry_id)
        if here is not None and here.proof(elsewhere=True) != mine:
            raise _Refused(Refusal.TAKEN)
        if here is not None and set(vouched) <= set(here.rounds):
            return False
        rounds = dict.fromkeys([*(here.rounds if here else ()), *vouched])
        await session.exchanges.save(exchange.model_copy(update={"rounds": tuple(rounds)}))
        for round_ in vouched:
            fact = _fact(exchange, round_, mine, now)
            await session.facts.append(fact.case_id, [fact])
        return True


async def _proofs_of(session: StoreSession, round_: str) -> list[Proof]:
    """All that the facts of this round vouch for."""
    request_id, _, number = round_.rpartition(".r")
    case_id = case_of(request_id)
    if case_id is None or not number.isdecimal():
        raise _Refused(Refusal.FOREIGN)
    try:
        await session.cases.get(case_id)
    except LiandongError as error:
        if error.category is not ErrorCategory.NOT_FOUND:
            raise
        raise _Refused(Refusal.FOREIGN) from None
    return [
        proof
        for chained in await session.facts.of_case(case_id)
        if (chained.fact.request_id, chained.fact.round) == (request_id, int(number))
        for proof in proofs(chained.fact)
    ]


def _vouched(known: list[Proof], mine: Proof) -> bool:
    named = [proof for proof in known if proof.kept_as == mine.kept_as]
    if mine.received is None and any(proof.sent == mine.sent and proof.received is not None for proof in named):
        raise _Refused(Refusal.CUT)
    if any((proof.sent, proof.received) != (mine.sent, mine.received) for proof in named):
        raise _Refused(Refusal.DIFFERS)
    return bool(named)


def _fact(exchange: Exchange, round_: str, mine: Proof, now: datetime) -> Fact:
    request_id, _, number = round_.rpartition(".r")
    return Fact(
        fact_id=f"{round_}.taken.{exchange.entry_id}"[:120],
        case_id=case_of(request_id) or "",
        kind=FactKind.MESSAGE_TAKEN_IN,
        at=now,
        actor="operator",
        request_id=request_id,
        round=int(number),
        # From now on the store must have it
        data=mine.model_copy(update={"elsewhere": False}).told(),
    )
