"""Real cases of Shanghai's windows on their own calendar, from launch to outcome.

What such a case must be before its launch or beyond it is held where it lives, with the same data: registration, first
contact, triage, what departments receive, what the requester reads and the door for answers in
`tests/services/test_scenarios.py` (JD-1, X-1, HK-1, QP-1, HK-2, X-2).
"""

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.assignment import AnswerExternal, ProceedWith
from domain.codes import Outcome, ReplyCode, RequestState
from domain.decision import CloseCase
from domain.errors import LiandongError
from domain.fact import FactKind
from tests.workflows.skipped_time import CASE, as_2023, ask, instant, skipped_time

LIMIT = {"reply_limit": "3 working_days"}


async def test_restaurant_blocked_by_the_former_tenant(env: WorkflowEnvironment) -> None:
    """HK-1: two asks, a statutory notice whose last day rolls over the weekend, then two licences at once."""
    script = {
        "dissolve": [(instant("2023-01-04T11:00"), {"code": "ACCEPTED"})],
        "licence": [(instant("2023-01-17T09:10"), {"code": "ACCEPTED"})],
        "food": [(instant("2023-01-17T16:40"), {"code": "ACCEPTED"})],
    }
    plan = (
        ask("dissolve", "market", role="LEAD", reply_limit="5 working_days"),
        ask("owner", kind="EXTERNAL", role="EXTERNAL", party="mall property manager", reply_limit="1 working_days"),
        ask("notice", kind="STATUTORY_WAIT", reply_limit="10 calendar_days", after=("dissolve", "owner")),
        ask("licence", "market", role="LEAD", reply_limit="1 working_days", after=("notice",)),
        ask("food", "market", reply_limit="1 working_days", after=("notice",)),
    )
    async with skipped_time(env, "2023-01-03T09:30", script) as world:
        await world.start(world.launch(*plan, urgent=True))
        await world.until("2023-01-03T15:00")
        assert (await world.request("notice")).state is RequestState.PENDING
        reached = AnswerExternal(
            command_id="owner-reached",
            decided_by="user:clerk",
            reason="by phone",
            request_id=f"{CASE}.owner",
            reply={"code": "ACCEPTED", "note": "former tenant reached"},
        )
        await world.engine.decide(CASE, reached)
        result = await world.result()
        snapshot = await world.snapshot()
    by_key = {request.key: request for request in snapshot.requests}
    assert result.outcome.outcome is Outcome.DONE
    assert as_2023(by_key["dissolve"].rounds[0].due_at).startswith("2023-01-10")
    assert as_2023(by_key["notice"].rounds[0].opened_at).startswith("2023-01-04")
    assert as_2023(by_key["notice"].rounds[0].received_at) == "2023-01-16T17:00"
    assert by_key["licence"].rounds[0].in_time is True
    assert by_key["food"].rounds[0].in_time is True
    assert by_key["food"].rounds[0].opened_at == by_key["licence"].rounds[0].opened_at, "side by side"
    assert by_key["owner"].rounds[0].in_time is None
    assert as_2023(snapshot.outcome.decided_at if snapshot.outcome else None) < "2023-01-20"


async def test_lost_shareholder_tried_without_result_is_not_a_refusal(env: WorkflowEnvironment) -> None:
    """QP-1."""
    script = {
        "identity": [(instant("2023-02-21T10:00"), {"code": "NO_RESULT", "tried": "15-digit number not found"})],
        "household": [(instant("2023-02-22T14:00"), {"code": "NO_RESULT", "tried": "household demolished"})],
        "affiliate": [(instant("2023-02-21T16:00"), {"code": "ACCEPTED", "note": "affiliated company found"})],
        "cancel": [(instant("2023-02-27T11:00"), {"code": "ACCEPTED"})],
    }
    plan = (
        ask("identity", "police", **LIMIT),
        ask("household", "police", after=("identity",), **LIMIT),
        ask("affiliate", "market", role="LEAD", reply_limit="2 working_days"),
        ask("cancel", "market", role="LEAD", reply_limit="5 working_days", after=("affiliate",)),
    )
    async with skipped_time(env, "2023-02-20T13:40", script) as world:
        await world.start(world.launch(*plan))
        await world.until("2023-02-21T11:30")
        asked = await world.snapshot()
        assert "household" in asked.decision_needed
        go_on = ProceedWith(
            command_id="go-on", decided_by="user:leader", reason="look for him", request_id=f"{CASE}.household"
        )
        await world.engine.decide(CASE, go_on)
        result = await world.result()
        snapshot = await world.snapshot()
    assert result.outcome.outcome is Outcome.DONE
    replies = {request.key: request.rounds[0].reply for request in snapshot.requests}
    assert replies["identity"] is ReplyCode.NO_RESULT
    assert snapshot.requests[1].rounds[0].reply_text == "household demolished"
    told = [(fact.request_id, fact.data["code"]) for fact in world.store.of_kind(FactKind.REPLIED)]
    order = [("identity", "NO_RESULT"), ("affiliate", "ACCEPTED"), ("household", "NO_RESULT"), ("cancel", "ACCEPTED")]
    assert told == [(f"{CASE}.{key}", code) for key, code in order], "every attempt is on record"


async def test_original_refused_other_support_given(env: WorkflowEnvironment) -> None:
    """HK-2: the "no" has a basis and a remedy, and only the duty leader can end the case."""
    refusal = {"code": "REFUSED", "legal_basis": "district standard", "reason": "income", "remedy": "bureau review"}
    script = {
        "housing": [(instant("2023-05-11T15:00"), refusal)],
        "medical": [(instant("2023-05-12T10:00"), {"code": "ACCEPTED"})],
        "assist": [(instant("2023-05-12T16:00"), {"code": "ACCEPTED"})],
    }
    plan = (
        ask("housing", "housing", role="LEAD", **LIMIT),
        ask("medical", "medical", **LIMIT),
        ask("assist", "assist", **LIMIT),
    )
    close = CloseCase(
        command_id="close-1",
        decided_by="user:leader",
        reason="medical assistance and temporary relief granted",
        outcome=Outcome.OTHER_SUPPORT,
        legal_basis="district low-rent standard",
        remedy="review at the district bureau",
        support="medical assistance for serious illness, temporary relief",
    )
    async with skipped_time(env, "2023-05-10T09:50", script) as world:
        await world.start(world.launch(*plan))
        await world.until("2023-05-12T10:30")
        with pytest.raises(LiandongError) as early:
            await world.engine.decide(CASE, close)
        assert early.value.code == "requests-open"
        await world.until("2023-05-15T10:00")
        waiting = await world.snapshot()
        assert waiting.decision_needed
        assert waiting.outcome is None
        unsigned = close.model_copy(update={"command_id": "close-2", "remedy": None})
        with pytest.raises(LiandongError) as incomplete:
            await world.engine.decide(CASE, unsigned)
        assert (incomplete.value.code, incomplete.value.field) == ("negative-answer-incomplete", "remedy")
        done = close.model_copy(update={"command_id": "close-3", "outcome": Outcome.DONE})
        with pytest.raises(LiandongError) as lie:
            await world.engine.decide(CASE, done)
        assert lie.value.code == "outcome-contradicts-answers"
        again = close.model_copy(update={"command_id": "close-4"})
        await world.engine.decide(CASE, again)
        await world.engine.decide(CASE, again)
        result = await world.result()
    assert result.outcome.outcome is Outcome.OTHER_SUPPORT
    assert result.outcome.decided_by == "user:leader"
    assert result.outcome.legal_basis == "district low-rent standard"
    assert result.outcome.remedy == "review at the district bureau"
    assert len([fact for fact in world.store.facts.values() if fact.kind == "OUTCOME"]) == 1
