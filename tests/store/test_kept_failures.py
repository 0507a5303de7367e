"""An outage leaves a handful of entries that tell how often we tried; what nobody can read is kept, the same once."""

import asyncio
import hashlib
import json
from collections.abc import Sequence

import pytest

from adapters.department_line import LineOptions
from adapters.department_people import PeopleTools
from adapters.department_secrets import DepartmentSecret, DepartmentSecrets
from adapters.departments import build_adapters
from adapters.desk_recorder import DeskRecorder
from adapters.mail import SmtpMail
from adapters.mail_server import Encryption, MailServer
from adapters.system_time import SystemTime
from domain.codes import Technique
from domain.department_failure import DepartmentUnavailable
from domain.errors import unavailable
from domain.exchange import MAX_FAILURE_KEPT, Exchange
from domain.ports import Exchanges
from domain.proof import digest
from simulators.script import Behaviour
from store.kept_exchanges import StoredExchanges
from store.sql_store import SqlStore
from tests.adapters.arrangement import (
    CASE,
    CODES,
    SYSTEMS,
    arranged,
    dispatch,
    lines_to,
    new_secrets,
    ref_of,
    withdrawal_of,
)
from tests.adapters.faulty_server import faulty_server, http, json_reply
from tests.adapters.people import People, asked
from tests.adapters.test_people import MAIL, mail_server


def unbroken(exchanges: Exchanges) -> LineOptions:
    """No breaker hides an attempt."""
    return LineOptions(exchanges=exchanges, failures_until_open=1_000_000)


async def kept(store: SqlStore) -> Sequence[Exchange]:
    async with store.reading() as session:
        return await session.exchanges.of_case(CASE)


@pytest.mark.parametrize("technique", SYSTEMS)
async def test_a_long_outage_leaves_first_and_latest_and_counts_all_sends(
    store: SqlStore, technique: Technique
) -> None:
    options = unbroken(StoredExchanges(store))
    async with arranged(technique, options) as department:
        department.behave(Behaviour(fail_first=12, answer_after=None, acknowledge_after=None))
        sent = dispatch(technique)
        for _ in range(12):
            with pytest.raises(DepartmentUnavailable):
                await department.adapter.deliver(sent)
        during = await kept(store)
        receipt = await department.adapter.deliver(sent)
        arrived = len(department.department.journal.received)
    first, latest = during
    assert (first.status, first.attempts, latest.status, latest.attempts) == (503, 1, 503, 11)
    assert set(latest.failures_before) == {"http-503"}
    after = await kept(store)
    assert sum(one.attempts for one in after) == arrived == 13
    (success,) = [one for one in after if one.status == 200]
    assert receipt.proof == success.proof(elsewhere=False)


async def test_kinds_of_failures_in_turn_stay_bounded_and_what_counts_is_never_written_over(store: SqlStore) -> None:
    said = [http("503 Busy", {}), json_reply(b"[]"), http("500 Broken", {})]
    sent = dispatch(Technique.POLLED)
    options = unbroken(StoredExchanges(store))
    script = said * 5 + [json_reply(b'{"receipt": "R-1"}')]
    turn = iter(script)

    async def talk(writer: asyncio.StreamWriter) -> None:
        await next(turn)(writer)

    async with faulty_server(talk) as url:
        lines = lines_to(url, Technique.POLLED, new_secrets(), options)
        adapter = build_adapters(lines, SystemTime(), "http://liandong")[Technique.POLLED]
        for _ in range(len(said) * 5):
            with pytest.raises(DepartmentUnavailable):
                await adapter.deliver(sent)
        receipt = await adapter.deliver(sent)
        entries = await kept(store)
        turn = iter(said)
        for _ in said:
            with pytest.raises(DepartmentUnavailable):
                await adapter.deliver(sent)
        await lines.close()
    assert len(entries) == 4, "one for each kind, and the latest"
    assert sum(one.attempts for one in entries) == len(script)
    assert receipt.proof in [one.proof(elsewhere=False) for one in await kept(store)]


async def test_an_attempt_that_did_not_leave_counts_as_none() -> None:
    class Sometimes:
        elsewhere = False

        def __init__(self) -> None:
            self.full = False
            self.entries: dict[str, Exchange] = {}

        async def keep(self, exchange: Exchange) -> None:
            if self.full:
                raise unavailable("store-unavailable", "full")
            self.entries[exchange.entry_id] = exchange

    disk = Sometimes()
    async with arranged(Technique.WEBHOOK, unbroken(disk)) as market:
        market.behave(Behaviour(fail_first=3, answer_after=None, acknowledge_after=None))
        for disk.full in (False, True, False, True, True, False):
            with pytest.raises(DepartmentUnavailable):
                await market.adapter.deliver(dispatch(Technique.WEBHOOK))
        assert len(market.department.journal.received) == 3
    assert sum(one.attempts for one in disk.entries.values()) == 3


@pytest.mark.parametrize("technique", [Technique.POLLED, Technique.XML])
async def test_an_unreadable_answer_is_kept_once_and_cut(store: SqlStore, technique: Technique) -> None:
    kind = "application/json" if technique is Technique.POLLED else "text/xml"
    bodies = [b"<<not what was agreed>>", b"{" * (2 * MAX_FAILURE_KEPT)]
    options = unbroken(StoredExchanges(store))
    ref = ref_of(dispatch(technique))
    turn = iter(bodies * 4)

    async def talk(writer: asyncio.StreamWriter) -> None:
        await http("200 OK", {"content-type": kind}, next(turn))(writer)

    async with faulty_server(talk) as url:
        lines = lines_to(url, technique, new_secrets(), options)
        adapter = build_adapters(lines, SystemTime(), "http://liandong")[technique]
        for _ in range(len(bodies) * 4):
            with pytest.raises(DepartmentUnavailable):
                await adapter.poll(ref)
        await lines.close()
    short, long = await kept(store)
    assert (short.reply, short.cut) == (bodies[0], False)
    assert (long.reply, long.cut) == (bodies[1][:MAX_FAILURE_KEPT], True)
    assert short.failure
    assert short.rounds == (dispatch(technique).idempotency_key,)


async def test_a_mail_is_kept_without_the_key_to_the_door_and_a_mail_outage_stays_small(store: SqlStore) -> None:
    exchanges = StoredExchanges(store)
    async with mail_server() as (port, _):
        server = MailServer("127.0.0.1", port, "liandong@district.example", Encryption.NONE, timeout_seconds=5)
        carrier = SmtpMail(server, SystemTime(), exchanges)
        proof = await carrier.send(MAIL)
    for _ in range(8):
        with pytest.raises(DepartmentUnavailable):
            await carrier.send(MAIL)
    entries = await kept(store)
    sent = next(one for one in entries if proof and one.entry_id == proof.kept_as)
    assert proof == sent.proof(elsewhere=False)
    hashed = f"sha256:{hashlib.sha256(MAIL.token.encode()).hexdigest()}"
    readable = sent.body.replace(b"=\r\n", b"").decode()
    assert MAIL.token not in readable
    assert hashed in readable
    assert len(entries) == 3
    assert sum(one.attempts for one in entries) == 9


async def test_what_is_laid_on_a_desk_is_kept_and_twice_is_the_same(store: SqlStore) -> None:
    people = People()
    secrets = DepartmentSecrets({"culture": DepartmentSecret()})
    tools = PeopleTools(DeskRecorder(), people.find, secrets, exchanges=StoredExchanges(store))
    lines = lines_to("http://127.0.0.1:1", Technique.WEBHOOK, new_secrets())
    adapter = build_adapters(lines, SystemTime(), "https://liandong.example", tools)[Technique.PEOPLE]
    receipts = [await adapter.deliver(asked()) for _ in range(2)]
    proof = await adapter.withdraw(withdrawal_of(asked()))
    laid, withdrawn = await kept(store)
    assert {receipt.proof for receipt in receipts} == {laid.proof(elsewhere=False)}
    assert laid.method == "DESK"
    assert json.loads(laid.body)["text"] == asked().text
    assert proof is not None
    assert (proof, proof.sent) == (withdrawn.proof(elsewhere=False), digest(withdrawn.sent()))
    assert laid.department == CODES[Technique.PEOPLE]
