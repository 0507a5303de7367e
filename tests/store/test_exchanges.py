"""What was said to departments and what they said back: kept as it was, once, and vouched for by its digest."""

from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.department_line import LineOptions
from adapters.exchange_file import ExchangeFile
from domain.codes import Technique
from domain.department import Department
from domain.department_failure import DepartmentUnavailable
from domain.dispatch import Dispatch, Receipt
from domain.errors import unavailable
from domain.exchange import Exchange
from domain.fact import Fact, FactKind
from domain.kept_message import KeptMessage, Standing, messages
from services.take_in_messages import Refusal, take_in_messages
from simulators.script import Behaviour
from store.connection import store_url, write_engine
from store.kept_exchanges import StoredExchanges
from store.sql_store import SqlStore
from tests.adapters.arrangement import CASE, SYSTEMS, arranged, dispatch, eventually, ref_of, withdrawal_of
from tests.store.samples import START, fact, record

DEPARTMENT = Department(
    code="fire", name_zh="消防", name_en="Fire", technique=Technique.POLLED, base_url="https://fire.example"
)


async def test_every_attempt_is_kept_with_its_bytes_and_signature(store: SqlStore) -> None:
    options = LineOptions(exchanges=StoredExchanges(store))
    async with arranged(Technique.WEBHOOK, options) as market:
        market.behave(Behaviour(fail_first=1, answer_after=None, acknowledge_after=None))
        sent = dispatch(Technique.WEBHOOK)
        with pytest.raises(DepartmentUnavailable):
            await market.adapter.deliver(sent)
        await market.adapter.deliver(sent)
        verified = [entry.authentic for entry in market.department.journal.received]
    async with store.reading() as session:
        first, second = await session.exchanges.of_case(CASE)
    assert verified == [True, True]
    assert (first.status, second.status) == (503, 200)
    assert first.message_id == second.message_id == sent.idempotency_key
    assert b'"request.dispatched"' in second.body
    assert second.headers["webhook-signature"].startswith("v1,")
    assert b"receipt" in second.reply


async def test_a_bearer_token_is_not_evidence_and_is_not_kept(store: SqlStore) -> None:
    async with arranged(Technique.POLLED, LineOptions(exchanges=StoredExchanges(store))) as housing:
        await housing.adapter.deliver(dispatch(Technique.POLLED))
    async with store.reading() as session:
        (kept,) = await session.exchanges.of_case(CASE)
    assert "token" not in kept.model_dump_json()
    assert kept.headers["authorization"] == "Bearer ***"
    assert kept.message_id == dispatch(Technique.POLLED).idempotency_key


async def test_what_cannot_be_kept_does_not_leave() -> None:
    class Full:
        elsewhere = False

        async def keep(self, exchange: Exchange) -> None:
            raise unavailable("store-unavailable", "full")

    async with arranged(Technique.WEBHOOK, LineOptions(exchanges=Full())) as market:
        with pytest.raises(DepartmentUnavailable, match="not-kept"):
            await market.adapter.deliver(dispatch(Technique.WEBHOOK))
        assert market.department.journal.received == []


async def test_a_worker_without_a_store_keeps_a_file(tmp_path: Path) -> None:
    path = tmp_path / "exchanges.jsonl"
    async with arranged(Technique.XML, LineOptions(exchanges=ExchangeFile(path))) as police:
        receipt = await police.adapter.deliver(dispatch(Technique.XML))
        police.behave(Behaviour(answer_after=0))
        found = await eventually(lambda: police.adapter.poll(ref_of(dispatch(Technique.XML))))
    before, after, answer = [Exchange.model_validate_json(line) for line in path.read_text().splitlines()]
    assert (before.status, after.status, before.entry_id) == (None, 200, after.entry_id)
    assert after.body == before.body != b""
    assert before.message_id == dispatch(Technique.XML).idempotency_key
    assert receipt.proof == after.proof(elsewhere=True)
    assert found.proof == answer.proof(elsewhere=True)
    assert b"QueryReplies" in answer.body


@pytest.mark.parametrize("technique", [Technique.POLLED, Technique.XML])
async def test_an_answer_is_kept_once_however_often_it_is_asked_for(store: SqlStore, technique: Technique) -> None:
    options = LineOptions(exchanges=StoredExchanges(store))
    async with arranged(technique, options) as department:
        department.behave(Behaviour(answer_after=None))
        sent = dispatch(technique)
        await department.adapter.deliver(sent)
        for _ in range(5):
            assert await department.adapter.poll(ref_of(sent)) is None
        async with store.reading() as session:
            assert len(await session.exchanges.of_case(CASE)) == 1, "a question that brought nothing says nothing"
        other = dispatch(technique, key="other")
        department.behave(Behaviour(answer_after=0))
        await department.adapter.deliver(other)
        found = [await department.adapter.poll(ref_of(other)) for _ in range(5)]
    async with store.reading() as session:
        kept = [one for one in await session.exchanges.of_case(CASE) if one.method == "GET" or b"QueryR" in one.body]
    (answer,) = kept
    assert answer.rounds == (other.idempotency_key,)
    assert b"ACCEPTED" in answer.reply
    assert {one and one.proof for one in found} == {answer.proof(elsewhere=False)}


@pytest.mark.parametrize("technique", SYSTEMS)
async def test_a_withdrawal_is_kept_even_without_a_body(store: SqlStore, technique: Technique) -> None:
    async with arranged(technique, LineOptions(exchanges=StoredExchanges(store))) as department:
        sent = dispatch(technique)
        await department.adapter.deliver(sent)
        proof = await department.adapter.withdraw(withdrawal_of(sent))
    async with store.reading() as session:
        first, last = await session.exchanges.of_case(CASE)
    assert (first.rounds, last.rounds) == ((sent.idempotency_key,),) * 2
    assert proof == last.proof(elsewhere=False)
    assert last.message_id == f"{sent.idempotency_key}.withdrawn"


async def test_only_what_the_facts_vouch_for_is_taken_in_and_only_once(store: SqlStore, tmp_path: Path) -> None:
    path = tmp_path / "exchanges.jsonl"
    sent = dispatch(Technique.POLLED)
    async with arranged(Technique.POLLED, LineOptions(exchanges=ExchangeFile(path))) as housing:
        receipt = await housing.adapter.deliver(sent)
        await housing.adapter.deliver(dispatch(Technique.POLLED, key="other"))
    async with store.writing() as session:
        await session.cases.add(record())
        delivered = _delivered(sent, receipt)
        await session.facts.append(CASE, [delivered])
    assert [one.standing for one in await kept_of(store)] == [Standing.ELSEWHERE, Standing.ELSEWHERE]
    lines = path.read_bytes().splitlines(keepends=True)
    forged = Exchange.model_validate_json(lines[1]).model_copy(update={"reply": b"{}"})
    wrong = await take_in_messages(store, [forged.model_dump_json().encode(), b"no json\n"], START)
    assert (wrong.taken, wrong.refused) == (0, [(1, Refusal.DIFFERS), (2, Refusal.UNREADABLE)])
    first = await take_in_messages(store, lines, START)
    assert (first.taken, first.known, first.refused) == (1, 0, [(4, Refusal.UNNAMED)])
    again = await take_in_messages(store, lines, START)
    assert (again.taken, again.known) == (0, 1)
    assert [one.standing for one in await kept_of(store)] == [Standing.PROVED, Standing.PROVED]


async def test_altered_and_missing_bytes_are_found(store: SqlStore, database_url: str) -> None:
    sent = dispatch(Technique.WEBHOOK)
    async with arranged(Technique.WEBHOOK, LineOptions(exchanges=StoredExchanges(store))) as market:
        receipt = await market.adapter.deliver(sent)
    async with store.writing() as session:
        await session.cases.add(record())
        delivered = _delivered(sent, receipt)
        await session.facts.append(CASE, [delivered])
    assert [one.standing for one in await kept_of(store)] == [Standing.PROVED, Standing.PROVED]
    await change(database_url, "UPDATE exchanges SET document = replace(document, 'v1,', 'v1,A')")
    assert [one.standing for one in await kept_of(store)] == [Standing.ALTERED, Standing.PROVED]
    await change(database_url, "DELETE FROM exchange_rounds", "DELETE FROM exchanges")
    assert [one.standing for one in await kept_of(store)] == [Standing.MISSING, Standing.MISSING]


def _delivered(sent: Dispatch, receipt: Receipt) -> Fact:
    plain = fact("d", kind=FactKind.DELIVERED, data=receipt.told())
    return plain.model_copy(update={"request_id": sent.request_id, "round": sent.round})


async def kept_of(store: SqlStore) -> tuple[KeptMessage, ...]:
    async with store.reading() as session:
        facts = [chained.fact for chained in await session.facts.of_case(CASE)]
        return messages(facts, await session.exchanges.of_case(CASE), await session.inbox.of_case(CASE))


async def change(database_url: str, *statements: str) -> None:
    engine = write_engine(store_url(database_url))
    async with engine.begin() as connection:
        for statement in statements:
            assert (await connection.execute(text(statement))).rowcount > 0
    await engine.dispose()


async def test_a_start_brings_only_what_is_new_in_the_policy(store: SqlStore) -> None:
    async def after(*steps: Department) -> Department | None:
        async with store.writing() as session:
            for step in steps:
                await session.directory.seed(step)
            return await session.directory.get("fire")

    assert await after(DEPARTMENT) == DEPARTMENT
    changed = DEPARTMENT.model_copy(update={"max_concurrency": 2, "enabled": False})
    async with store.writing() as session:
        await session.directory.save(changed)
    assert await after(DEPARTMENT) == changed, "the same policy again takes nothing back"
    moved = DEPARTMENT.model_copy(update={"base_url": "https://new.example"})
    assert await after(moved) == moved.model_copy(update={"enabled": False}), "a new address does not switch it on"
    off = moved.model_copy(update={"enabled": False})
    assert await after(off, moved) == moved, "the policy itself may switch it off and on"
