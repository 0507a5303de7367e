"""Every single fault of a department's system, played through a running case: what the clocks do, what is on record.

All rows are requests of one case; each one's system behaves as its row says, for as long as the case lasts.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import pytest
import pytest_asyncio

from domain.clock import ClockKind
from domain.codes import RequestState, RoundEnd
from domain.exchange import Exchange
from domain.fact import FactKind
from domain.snapshot import CaseSnapshot, RequestSnapshot
from tests.adapters.fault_table import FAULTS, POLLS, REFUSALS, SECRET_TEXT, SPOILT_ANSWERS
from tests.adapters.faulty_server import Talk, json_reply, taking_in
from tests.server.one_process import OneProcess, one_process
from tests.server.waiting import until

pytestmark = [
    pytest.mark.server,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(300, func_only=True),
]

_ROW = re.compile(rb"\.(row\d+)\b")
_PATIENCE = 120.0


class Effect(StrEnum):
    RETRIED = "the delivery is tried again; the clocks run on, and the ladder fires"
    UNDELIVERABLE = "the clocks stop, and the duty leader decides"
    SILENCE = "delivered, and then nothing: the clocks run on, and the ladder fires"
    QUARANTINED = "the clocks stop, and a person reads the answer"


@dataclass(frozen=True)
class Row:
    department: str
    """market is sent to and calls back, housing is asked for its answers."""
    talk: Talk
    effect: Effect
    why: str
    """How the fault is classified: the first word of the failure, or a part of the reason on record."""


TABLE: Mapping[str, Row] = {
    **{name: Row("market", talk, Effect.RETRIED, kind) for name, (talk, kind) in FAULTS.items()},
    **{
        f"refused with {status}": Row(
            "market", json_reply(SECRET_TEXT, status), Effect.UNDELIVERABLE, f"http-{status[:3]}"
        )
        for status in REFUSALS
    },
    "202 and silence": Row("market", json_reply(b'{"receipt":"7"}', "202 Accepted"), Effect.SILENCE, ""),
    **{f"asked: {name}": Row("housing", talk, Effect.SILENCE, kind or "") for name, (talk, kind) in POLLS.items()},
    **{f"asked: {name}": Row("housing", talk, Effect.QUARANTINED, why) for name, (talk, why) in SPOILT_ANSWERS.items()},
}
NAMES = {f"row{number}": name for number, name in enumerate(TABLE)}


async def misbehave(request: bytes, writer: asyncio.StreamWriter) -> None:
    """As the row says that the request is about; what is not its row's matter is in order."""
    named = _ROW.search(request)
    row = TABLE[NAMES[named[1].decode()]] if named else None
    line = request.partition(b"\r\n")[0]
    about = b"GET /requests/" if row and row.department == "housing" else b"POST /requests "
    if row is not None and about in line.replace(b"/market", b"").replace(b"/housing", b""):
        await row.talk(writer)
    else:
        await taking_in(request, writer)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def product(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OneProcess]:
    data = tmp_path_factory.mktemp("deliveries") / "data"
    async with one_process(data, misbehave, patience_seconds=2.0) as product, product.engine():
        yield product


async def test_every_single_fault_has_its_effect_on_the_clocks_and_its_record(product: OneProcess) -> None:
    case_id = await product.launched([_ask(key, TABLE[name]) for key, name in NAMES.items()])
    before = _by_key(await product.snapshot(case_id))

    async def look() -> bool:
        now, sent = _by_key(await product.snapshot(case_id)), await _sent(product, case_id)
        return all(_come_out(now[key], sent.get(key, []), TABLE[name]) for key, name in NAMES.items())

    try:
        await until(look, "every row to come out", seconds=_PATIENCE)
    except AssertionError:
        now, sent = _by_key(await product.snapshot(case_id)), await _sent(product, case_id)
        late = [name for key, name in NAMES.items() if not _come_out(now[key], sent.get(key, []), TABLE[name])]
        raise AssertionError(f"these did not come out: {late}") from None
    after, sent = _by_key(await product.snapshot(case_id)), await _sent(product, case_id)
    facts = await _told(product, case_id)
    wrong = {
        name: problems
        for key, name in NAMES.items()
        if (problems := _differs(TABLE[name], before[key], after[key], sent[key], facts.get(key, [])))
    }
    assert not wrong, "\n".join(f"{name}: {problems}" for name, problems in wrong.items())
    await product.decide(case_id, "withdraw_case")
    await until(lambda: product.container.office.engine.result(case_id), "the case to end")
    await product.verified()


def _come_out(request: RequestSnapshot, sent: list[Exchange], row: Row) -> bool:
    """Far enough to be looked at: the ladder has fired, or the request waits for a person."""
    if row.effect in (Effect.UNDELIVERABLE, Effect.QUARANTINED):
        return request.state is RequestState.DECISION
    settled = row.effect is Effect.SILENCE or any(_kept(one, row) for one in sent)
    return settled and any(proof.rung == "reply_overdue" for proof in request.rounds[0].rungs)


def _differs(
    row: Row,
    before: RequestSnapshot,
    after: RequestSnapshot,
    sent: list[Exchange],
    facts: list[tuple[FactKind, str]],
) -> list[str]:
    turn, stopped = after.rounds[0], _stopped(after)
    checks: dict[str, Callable[[], bool]] = {
        "the due instant moved": lambda: turn.due_at == before.rounds[0].due_at,
        "the bytes are not kept": lambda: all(one.body and one.headers for one in sent),
        "a reply is quoted": lambda: not any(SECRET_TEXT.decode() in why for _, why in facts),
    }
    match row.effect:
        case Effect.RETRIED:
            checks |= {
                f"it is {after.state}": lambda: (after.state, turn.delivered_at) == (RequestState.OPEN, None),
                f"stopped: {stopped}": lambda: stopped == set(),
                f"on record: {facts}": lambda: facts == [],
                f"the attempt: {sent}": lambda: any(_kept(one, row) for one in sent),
            }
        case Effect.SILENCE:
            signed = {ClockKind.SIGN_FOR} if row.department == "housing" else set()
            checks |= {
                f"it is {after.state}": lambda: after.state is RequestState.OPEN and turn.delivered_at is not None,
                f"stopped: {stopped}": lambda: stopped == signed,
                f"on record: {facts}": lambda: facts == [],
            }
        case Effect.UNDELIVERABLE | Effect.QUARANTINED:
            end = RoundEnd[row.effect.name]
            checks |= {
                f"it ended {turn.end}": lambda: (after.state, turn.end) == (RequestState.DECISION, end),
                f"stopped: {stopped}": lambda: stopped == {one.kind for one in turn.clocks},
                f"on record: {facts}": lambda: (
                    [(kind, row.why in why) for kind, why in facts] == [(FactKind[row.effect.name], True)]
                ),
                f"the last attempt: {sent[-1]}": lambda: sent[-1].status is not None,
            }
    return [problem for problem, holds in checks.items() if not holds()]


def _kept(one: Exchange, row: Row) -> bool:
    """Either no reply came, and the class of failure is kept, or the reply is. A busy machine may spoil an attempt."""
    return one.failure.startswith(row.why) if one.failure else one.status is not None


def _stopped(request: RequestSnapshot) -> set[ClockKind]:
    return {one.kind for one in request.rounds[0].clocks if one.stopped_at is not None}


def _by_key(snapshot: CaseSnapshot) -> dict[str, RequestSnapshot]:
    return {request.key: request for request in snapshot.requests}


async def _sent(product: OneProcess, case_id: str) -> dict[str, list[Exchange]]:
    """Deliveries by the row's key."""
    async with product.container.store.reading() as session:
        kept = await session.exchanges.of_case(case_id)
    found: dict[str, list[Exchange]] = {}
    for one in (one for one in kept if one.method != "GET"):
        found.setdefault(one.message_id.removeprefix(f"{case_id}.").partition(".")[0], []).append(one)
    return found


async def _told(product: OneProcess, case_id: str) -> dict[str, list[tuple[FactKind, str]]]:
    """What is on record of a row beyond its delivery and its ladder, once the store has all of it."""
    wanted = {Effect.UNDELIVERABLE, Effect.QUARANTINED}
    rows = sum(row.effect in wanted for row in TABLE.values())
    kinds = (FactKind.UNDELIVERABLE, FactKind.QUARANTINED, FactKind.REPLIED, FactKind.MESSAGE_REFUSED)

    async def look() -> dict[str, list[tuple[FactKind, str]]] | None:
        found: dict[str, list[tuple[FactKind, str]]] = {}
        for fact in await product.facts(case_id):
            if fact.kind in kinds and fact.request_id is not None:
                why = fact.data.get("why") or fact.data.get("problem", "")
                found.setdefault(fact.request_id.partition(".")[2], []).append((fact.kind, why))
        return found if len(found) >= rows else None

    return await until(look, "the records")


def _ask(key: str, row: Row) -> dict[str, object]:
    limits = {"reply_limit": "4 seconds", "sign_limit": "4 seconds"}
    return {"key": key, "department": row.department, "role": "SUPPORT", "text": "请核实", **limits}
