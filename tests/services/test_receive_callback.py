"""Departments' messages: authenticated, owned, durable before they have an effect, and honest about it."""

import asyncio
import json
from collections import Counter

import pytest
from pydantic import JsonValue

from domain.codes import Outcome, RequestState
from domain.errors import ErrorCategory, LiandongError
from domain.fact import FactKind
from domain.inbox import MAX_MESSAGE_BYTES, MAX_NOTES_PER_ROUND, InboxStatus
from services.refused_message import MOST_REFUSALS_OF_A_SENDER, note_refusal
from tests.services.conftest import ACCEPTED, Window

REFUSED: dict[str, JsonValue] = {
    "code": "REFUSED",
    "legal_basis": "条例第三条",
    "reason": "材料不符",
    "remedy": "补正后重报",
}
CONDITIONAL: dict[str, JsonValue] = {
    "code": "ACCEPTED_CONDITIONALLY",
    "timing": "ISSUE_THEN_VERIFY",
    "commitment": "已签",
    "deferred": [{"name": "原件", "due": "3 working_days", "channels": ["POST"]}],
}
INTERIM: dict[str, JsonValue] = {"code": "INTERIM", "note": "正在核查"}


async def launched(window: Window) -> str:
    return f"{(await window.launched()).case_id}.dissolve"


async def refused(window: Window, request: str, **sent: object) -> LiandongError:
    with pytest.raises(LiandongError) as caught:
        await window.send(request, ACCEPTED, **sent)  # type: ignore[arg-type]
    return caught.value


async def statuses(window: Window, request: str) -> list[InboxStatus]:
    return [entry.status for entry in await window.inbox(request.partition(".")[0])]


async def test_an_answer_is_kept_with_bytes_and_signature_and_applied(window: Window) -> None:
    request = await launched(window)
    window.wall.wait(hours=1)
    answer = await window.send(request, ACCEPTED)
    assert (answer.status, answer.body) == (200, {"status": "applied"})
    (entry,) = await window.inbox(request.partition(".")[0])
    assert json.loads(entry.raw)["data"]["reply"] == ACCEPTED
    assert entry.signature.startswith("v1,")
    assert (entry.status, entry.received_at) == (InboxStatus.APPLIED, window.wall.at)
    turn = window.engine.turn(request, 1)
    assert turn is not None
    assert turn.answer_ref == entry.entry_id


async def test_the_same_message_again_is_answered_as_the_first_time(window: Window) -> None:
    request = await launched(window)
    first = await window.send(request, ACCEPTED, message_id="m-1")
    assert await window.send(request, ACCEPTED, message_id="m-1") == first
    assert len(window.engine.completions) == 1
    assert await statuses(window, request) == [InboxStatus.APPLIED]


async def test_a_retry_that_is_dated_anew_is_the_same_message(window: Window) -> None:
    request = await launched(window)
    first = await window.send(request, CONDITIONAL, message_id="m-1")
    window.wall.wait(minutes=5)
    assert await window.send(request, CONDITIONAL, message_id="m-1") == first
    assert await window.facts(request.partition(".")[0], FactKind.MESSAGE_REFUSED) == []


@pytest.mark.parametrize("first", [None, REFUSED], ids=["acknowledged", "answered"])
async def test_other_content_under_a_used_id_is_told_so_and_kept(
    window: Window, first: dict[str, JsonValue] | None
) -> None:
    request = await launched(window)
    await window.send(request, first, message_id="m-1")
    window.wall.wait(seconds=1)
    other = await window.send(request, ACCEPTED, message_id="m-1")
    assert (other.status, other.body["status"]) == (409, "webhook-id-reused")
    assert await window.send(request, ACCEPTED, message_id="m-1") == other
    assert (await window.send(request, first, message_id="m-1")).status == 200
    kept = await window.inbox(request.partition(".")[0])
    assert [entry.status for entry in kept] == [InboxStatus.APPLIED, InboxStatus.REFUSED]
    assert json.loads(kept[1].raw)["data"]["reply"] == ACCEPTED
    assert kept[1].headers["webhook-id"] == "m-1"
    (fact,) = await window.facts(request.partition(".")[0], FactKind.MESSAGE_REFUSED)
    assert (fact.fact.data["rule"], fact.fact.data["entry"]) == ("webhook-id-reused", kept[1].entry_id)
    if first is None:
        assert (await window.send(request, ACCEPTED)).status == 200, "the round still waits for its answer"


async def test_of_different_messages_under_one_id_at_once_one_stands(window: Window) -> None:
    request = await launched(window)
    replies = [{**ACCEPTED, "note": f"第{number}次"} for number in range(4)]
    answers = await asyncio.gather(*(window.send(request, reply, message_id="m-1") for reply in replies))
    assert sorted(str(answer.body["status"]) for answer in answers) == ["applied"] + ["webhook-id-reused"] * 3
    assert len(await window.inbox(request.partition(".")[0])) == 4


async def test_the_same_answer_under_another_id_is_a_duplicate(window: Window) -> None:
    request = await launched(window)
    await window.send(request, ACCEPTED)
    again = await window.send(request, ACCEPTED)
    assert (again.status, again.body["status"]) == (200, "duplicate")
    assert len(window.engine.completions) == 1


async def test_a_contradiction_is_kept_and_never_overwrites(window: Window) -> None:
    request = await launched(window)
    await window.send(request, ACCEPTED)
    window.wall.wait(seconds=1)
    other = await window.send(request, REFUSED)
    assert (other.status, other.body["status"]) == (409, "contradicted")
    assert await statuses(window, request) == [InboxStatus.APPLIED, InboxStatus.CONTRADICTED]
    (fact,) = await window.facts(request.partition(".")[0], FactKind.MESSAGE_REFUSED)
    assert fact.fact.data["rule"] == "contradicted"


async def test_of_many_answers_at_once_exactly_one_has_an_effect(window: Window) -> None:
    request = await launched(window)
    replies = [{**ACCEPTED, "note": f"第{number}次"} for number in range(6)]
    answers = await asyncio.gather(*(window.send(request, reply) for reply in replies))
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409, 409, 409]
    assert len(window.engine.completions) == 1


async def test_another_departments_valid_signature_opens_nothing(window: Window) -> None:
    request = await launched(window)
    foreign = await refused(window, request, department="police")
    missing = await refused(window, "LD-2023-999999.dissolve", department="police")
    no_such_round = await refused(window, request, number=7)
    assert (foreign.category, foreign.code, foreign.detail) == (missing.category, missing.code, missing.detail)
    assert (no_such_round.code, no_such_round.detail) == (missing.code, missing.detail)
    assert foreign.category is ErrorCategory.NOT_FOUND
    assert await statuses(window, request) == []
    facts = await window.facts(request.partition(".")[0], FactKind.MESSAGE_REFUSED)
    assert [chained.fact.actor for chained in facts] == ["department:police", "department:market"]


@pytest.mark.parametrize("department", ["market", "nowhere"])
async def test_a_wrong_signature_leaves_no_trace_in_the_case(window: Window, department: str) -> None:
    request = await launched(window)
    window.secrets[department] = window.secrets["police"]
    assert (await refused(window, request, department=department)).category is ErrorCategory.UNAUTHENTICATED
    assert await window.facts(request.partition(".")[0], FactKind.MESSAGE_REFUSED) == []


async def test_a_malformed_answer_is_refused_and_on_record(window: Window) -> None:
    request = await launched(window)
    with pytest.raises(LiandongError) as caught:
        await window.send(request, {"code": "REFUSED", "reason": "不行"})
    assert caught.value.category is ErrorCategory.INVALID
    assert len(await window.facts(request.partition(".")[0], FactKind.MESSAGE_REFUSED)) == 1
    assert await statuses(window, request) == []


async def test_a_message_beyond_the_limit_is_too_large(window: Window) -> None:
    await launched(window)
    with pytest.raises(LiandongError) as caught:
        await window.send_bytes(b"x" * (MAX_MESSAGE_BYTES + 1))
    assert caught.value.category is ErrorCategory.TOO_LARGE


async def test_an_answer_to_a_round_that_ended_otherwise_is_kept_as_late(window: Window) -> None:
    request = await launched(window)
    turn = window.engine.turn(request, 1)
    assert turn is not None
    ended = turn.model_copy(update={"ended_at": window.wall.at, "end": "WITHDRAWN"})
    # The projection is behind: only the engine knows that the round is over
    window.engine.snapshots[request.partition(".")[0]] = window.engine.put(request, ended, RequestState.WITHDRAWN)
    late = await window.send(request, ACCEPTED, message_id="m-1")
    assert (late.status, late.body["status"]) == (409, "round-closed")
    assert await window.send(request, ACCEPTED, message_id="m-1") == late
    assert await statuses(window, request) == [InboxStatus.LATE]
    assert len(await window.facts(request.partition(".")[0], FactKind.MESSAGE_REFUSED)) == 1


async def test_after_the_case_is_closed_an_answer_is_late(window: Window) -> None:
    request = await launched(window)
    await window.engine.close(request.partition(".")[0], Outcome.DONE)
    late = await window.send(request, ACCEPTED)
    assert (late.status, late.body["status"]) == (409, "late")


async def test_notes_beyond_the_limit_are_kept_and_not_forwarded(window: Window) -> None:
    request = await launched(window)
    answers = [await window.send(request, None if n % 2 else INTERIM) for n in range(MAX_NOTES_PER_ROUND + 2)]
    assert [answer.body["status"] for answer in answers[-3:]] == ["applied", "stored", "stored"]
    case_id = request.partition(".")[0]
    forwarded = await window.facts(case_id, FactKind.ACKNOWLEDGED, FactKind.INTERIM)
    assert len(forwarded) == MAX_NOTES_PER_ROUND
    assert await window.facts(case_id, FactKind.MESSAGE_REFUSED) == []
    assert (await window.send(request, ACCEPTED)).status == 200


async def test_one_sender_cannot_keep_what_others_are_refused_out_of_the_case(window: Window) -> None:
    request = await launched(window)
    case_id = request.partition(".")[0]
    for number in range(MOST_REFUSALS_OF_A_SENDER + 1):
        await note_refusal(window.office, case_id, "police", "unknown-request", message_id=f"m-{number}")
    await window.send(request, ACCEPTED)
    await window.send(request, REFUSED)
    facts = await window.facts(case_id, FactKind.MESSAGE_REFUSED)
    told = Counter(chained.fact.actor for chained in facts)
    assert told == {"department:police": MOST_REFUSALS_OF_A_SENDER, "department:market": 1}


async def test_before_the_projection_knows_the_round_the_plan_lets_the_answer_in(window: Window) -> None:
    window.engine.away = True
    record = await window.launched()
    request = f"{record.case_id}.dissolve"
    assert (await window.send(request, ACCEPTED)).status == 202
    assert (await refused(window, request, department="police")).category is ErrorCategory.NOT_FOUND
