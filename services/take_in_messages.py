"""Take in what a worker without a store has kept: each message only if the facts of its cases vouch for it."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from pydantic import ValidationError

from domain.exchange import Exchange
from domain.fact import Fact, FactKind
from domain.ids import case_of
from domain.proof import Proof, proofs
from domain.store_ports import Store, StoreSession

MOST_BYTES_A_LINE = 2 * 1024 * 1024


class TakenIn(NamedTuple):
    taken: int
    known: int
    """They were here already."""
    refused: tuple[tuple[int, str], ...]
    """Number of the line, from 1, and why."""


class _Refused(Exception):
    pass


async def take_in_messages(store: Store, lines: Iterable[bytes], now: datetime) -> TakenIn:
    """Twice has no second effect. Raises UNAVAILABLE of the store; what was taken in before that stays."""
    taken = known = 0
    refused: list[tuple[int, str]] = []
    for number, line in _last_of_each(lines, refused):
        try:
            exchange = Exchange.model_validate_json(line)
            if await _take_in(store, exchange, now):
                taken += 1
            else:
                known += 1
        except ValidationError:
            refused.append((number, "no message that can be read"))
        except _Refused as why:
            refused.append((number, str(why)))
    return TakenIn(taken, known, tuple(sorted(refused)))


def _last_of_each(lines: Iterable[bytes], refused: list[tuple[int, str]]) -> Iterable[tuple[int, bytes]]:
    """The later line of an entry is the whole entry."""
    last: dict[str, tuple[int, bytes]] = {}
    for number, line in enumerate(lines, start=1):
        if len(line) > MOST_BYTES_A_LINE:
            refused.append((number, "longer than any message"))
            continue
        try:
            last[Exchange.model_validate_json(line).entry_id] = (number, line)
        except ValidationError:
            refused.append((number, "no message that can be read"))
    return list(last.values())


async def _take_in(store: Store, exchange: Exchange, now: datetime) -> bool:
    mine = exchange.proof(elsewhere=True)
    async with store.writing() as session:
        vouched = [round_ for round_ in exchange.rounds if await _vouched(session, round_, mine)]
        if not vouched:
            raise _Refused("no fact of its case names it: nothing came of this attempt, or it is not what was said")
        kept = exchange.model_copy(update={"rounds": tuple(vouched)})
        here = await session.exchanges.get(exchange.entry_id)
        if here is not None and here.proof(elsewhere=True) != mine:
            raise _Refused("another message is kept under its name")
        fresh = here is None or not set(vouched) <= set(here.rounds)
        if fresh:
            rounds = dict.fromkeys([*(here.rounds if here else ()), *vouched])
            await session.exchanges.save(kept.model_copy(update={"rounds": tuple(rounds)}))
            for round_ in vouched:
                fact = _fact(exchange, round_, mine, now)
                await session.facts.append(fact.case_id, [fact])
        return fresh


async def _vouched(session: StoreSession, round_: str, mine: Proof) -> bool:
    """Raises when the case knows the message otherwise."""
    request_id, _, number = round_.rpartition(".r")
    case_id = case_of(request_id)
    if case_id is None or not number.isdecimal():
        return False
    named = [
        proof
        for chained in await session.facts.of_case(case_id)
        if (chained.fact.request_id, chained.fact.round) == (request_id, int(number))
        for proof in proofs(chained.fact)
        if proof.kept_as == mine.kept_as
    ]
    if any((proof.sent, proof.received) != (mine.sent, mine.received) for proof in named):
        raise _Refused(f"its bytes are not those that the facts of {case_id} vouch for")
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
