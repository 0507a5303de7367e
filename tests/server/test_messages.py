"""Departments' messages that are late, repeated, contradictory, too large, malformed or somebody else's."""

import json

import pytest

from domain.codes import ReplyCode, RequestState, RoundEnd
from domain.fact import FactKind
from domain.inbox import MAX_MESSAGE_BYTES, InboxStatus
from tests.server.case import ACCEPTED, NO_RESULT, Case, ask, launched
from tests.server.world import World

pytestmark = [
    pytest.mark.server,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(120, func_only=True),
]

APPLIED = (200, {"status": "applied"})


async def test_repetitions_contradictions_and_what_comes_after_the_end(world: World) -> None:
    case = await launched(world, ask("one", "market"), ask("two", "police"))
    await case.delivered()
    body = case.reply("one")

    first = await world.call_back("market", body, message_id="m-first")
    same = await world.call_back("market", body, message_id="m-first")
    other_id = await world.call_back("market", body, message_id="m-other-id")
    contrary = await world.call_back("market", case.reply("one", NO_RESULT), message_id="m-contrary")
    await world.call_back("police", case.reply("two"), message_id="m-two")
    await case.closed()
    late_note = await world.call_back("police", case.acknowledgement("two"), message_id="m-late-note")
    late_contrary = await world.call_back("police", case.reply("two", NO_RESULT), message_id="m-late-contrary")

    assert (first.status_code, first.json()) == APPLIED
    assert (same.status_code, same.content) == (first.status_code, first.content)
    assert (other_id.status_code, other_id.json()["status"]) == (200, "duplicate")
    assert (contrary.status_code, contrary.json()["status"]) == (409, "contradicted")
    assert (late_note.status_code, late_note.json()["status"]) == (409, "late")
    assert (late_contrary.status_code, late_contrary.json()["status"]) == (409, "contradicted")
    assert {name: entry.status for name, entry in (await case.inbox()).items()} == {
        "m-first": InboxStatus.APPLIED,
        "m-other-id": InboxStatus.DUPLICATE,
        "m-contrary": InboxStatus.CONTRADICTED,
        "m-two": InboxStatus.APPLIED,
        "m-late-note": InboxStatus.LATE,
        "m-late-contrary": InboxStatus.CONTRADICTED,
    }
    turn = await case.round("one")
    assert (turn.end, turn.reply) == (RoundEnd.FINAL, ReplyCode.ACCEPTED)
    assert turn.answer_ref == (await case.inbox())["m-first"].entry_id
    assert len(await case.facts(FactKind.REPLIED)) == 2
    assert len(await case.facts(FactKind.OUTCOME)) == 1
    await world.verified()


async def test_answers_to_rounds_that_ended_without_them(world: World) -> None:
    """One was withdrawn, the other released when the case ended: an optional ask keeps no case open."""
    case = await launched(world, ask("one", "market"), ask("two", "police"), ask("optional", "medical", required=False))
    await case.delivered()
    assert (await case.decide("requests/one/withdraw")).status_code == 200
    await case.until(
        lambda record: record.snapshot and record.snapshot.requests[0].state is RequestState.WITHDRAWN, "the withdrawal"
    )

    after_round = await world.call_back("market", case.reply("one"), message_id="m-after-round")
    await _goes_on(world, case, "two", "police")
    after_case = await world.call_back("medical", case.reply("optional"), message_id="m-after-case")

    assert (after_round.status_code, after_round.json()["status"]) == (409, "round-closed")
    assert (after_case.status_code, after_case.json()["status"]) == (409, "late")
    inbox = await case.inbox()
    assert {inbox[name].status for name in ("m-after-round", "m-after-case")} == {InboxStatus.LATE}
    assert {fact.request_id for fact in await case.facts(FactKind.REPLIED)} == {case.request_id("two")}
    refused = {fact.request_id for fact in await case.facts(FactKind.MESSAGE_REFUSED)}
    assert refused == {case.request_id("one"), case.request_id("optional")}
    await world.verified()


async def test_old_rounds_and_foreign_departments_after_a_reassignment(world: World) -> None:
    case = await launched(world, ask("one", "market"), ask("two", "police"))
    await case.delivered()
    foreign = await world.call_back("medical", case.reply("one"))
    assert (await case.decide("requests/one/reassign", to="medical")).status_code == 200
    await case.until(
        lambda record: record.snapshot and len(record.snapshot.requests[0].rounds) == 2, "the second round"
    )
    await case.delivered("one")

    old_round = await world.call_back("market", case.reply("one"), message_id="m-old-round")
    taken_away = await world.call_back("market", case.reply("one", round_=2))
    not_yet_mine = await world.call_back("medical", case.reply("one"))
    no_such_round = await world.call_back("medical", case.reply("one", round_=3))
    unknown = await world.call_back("medical", _about(case, "LD-2020-999999.one"))
    borrowed = await world.call_back("medical", case.reply("one", round_=2), signed_by="market")

    strangers = (foreign, taken_away, not_yet_mine, no_such_round, unknown)
    assert {one.status_code for one in strangers} == {404}
    assert len({_shape(one.json()) for one in strangers}) == 1, "what is foreign must look like what does not exist"
    assert borrowed.status_code == 401
    assert (old_round.status_code, old_round.json()["status"]) == (409, "round-closed")
    assert {name: entry.status for name, entry in (await case.inbox()).items()} == {"m-old-round": InboxStatus.LATE}
    assert await case.facts(FactKind.REPLIED) == []
    assert [turn.end for turn in (await case.request("one")).rounds] == [RoundEnd.SUPERSEDED, None]

    answer = await world.call_back("medical", case.reply("one", round_=2))
    assert (answer.status_code, answer.json()) == APPLIED
    await _goes_on(world, case, "two", "police")


async def test_oversized_and_poisonous_messages_reach_nothing(world: World) -> None:
    case = await launched(world, ask("one", "market"), ask("two", "police"))
    await case.delivered()
    just_fits = json.dumps(case.reply("one")).encode()
    poison = _poison(case)

    oversized = await world.call_back("market", just_fits + b" " * (MAX_MESSAGE_BYTES + 1 - len(just_fits)))
    not_text = await world.call_back("market", just_fits.replace(b"ACCEPTED", b"ACC\xff\xfe"))
    refused = {name: await world.call_back("market", body) for name, body in poison.items()}

    assert oversized.status_code == 413
    # The signature is defined over text: bytes that are none cannot be signed
    assert not_text.status_code == 401
    assert {name: reply.status_code for name, reply in refused.items()} == dict.fromkeys(poison, 422)
    assert await case.inbox() == {}
    assert (await case.round("one")).ended_at is None
    # Exactly at the limit it is taken in
    largest = await world.call_back("market", just_fits + b" " * (MAX_MESSAGE_BYTES - len(just_fits)))
    assert (largest.status_code, largest.json()) == APPLIED
    await _goes_on(world, case, "two", "police")


def _poison(case: Case) -> dict[str, bytes]:
    good = case.reply("one")
    text = json.dumps(good)
    deep = "[" * 10_000 + "]" * 10_000
    return {
        "empty": b"",
        "not JSON": b"<html></html>",
        "cut off": text[:-5].encode(),
        "NaN": text.replace('"round": 1', '"round": NaN').encode(),
        "a huge number": text.replace('"round": 1', '"round": 1e999').encode(),
        "many digits": text.replace('"round": 1', f'"round": {"9" * 400}').encode(),
        "a key twice": text.replace('"round": 1', '"round": 1, "round": 1').encode(),
        "deep": text.replace('"round": 1', f'"round": {deep}').encode(),
        "half a character": text.replace("ACCEPTED", "\\ud800").encode(),
        "the NUL character": json.dumps(case.reply("one", ACCEPTED | {"note": "\x00"})).encode(),
        "null": b"null",
        "data is null": json.dumps(good | {"data": None}).encode(),
        "round as text": text.replace('"round": 1', '"round": "1"').encode(),
        "round zero": text.replace('"round": 1', '"round": 0').encode(),
        "round truth": text.replace('"round": 1', '"round": true').encode(),
        "more than agreed": json.dumps(good | {"received_at": "2020-01-01T00:00:00Z"}).encode(),
        "time without a zone": json.dumps(good | {"timestamp": "2026-01-01T00:00:00"}).encode(),
        "a refusal without its legal basis": json.dumps(
            case.reply("one", {"code": "REFUSED", "reason": "不符合条件", "remedy": "可申请复核"})
        ).encode(),
    }


def _about(case: Case, request_id: str) -> dict[str, object]:
    body = case.reply("one")
    return body | {"data": body["data"] | {"request_id": request_id}}


def _shape(problem: dict[str, object]) -> str:
    """All that a stranger learns, without what belongs to the single exchange."""
    return json.dumps({name: value for name, value in problem.items() if name not in ("instance", "request_id")})


async def _goes_on(world: World, case: Case, key: str, department: str) -> None:
    """The rest of the case is unharmed."""
    reply = await world.call_back(department, case.reply(key))
    assert (reply.status_code, reply.json()) == APPLIED
    await case.closed()
    await world.verified()
