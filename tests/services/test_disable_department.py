"""A department that is switched off: what it owes goes to the duty leader, also when the engine comes back later."""

from typing import Any

import pytest

from domain.any_decision import AnyDecision
from domain.assignment import AddAsk, AskAgain, ReassignRequest
from domain.audit import AuditKind
from domain.case import CaseRecord
from domain.codes import RequestState, RoundEnd, Technique
from domain.decision import Decision
from domain.department import DepartmentRoute
from domain.disable_department import HandOverRound
from domain.errors import LiandongError
from domain.fact import FactKind
from domain.ids import request_id
from domain.inbox import InboxStatus
from domain.snapshot import CaseSnapshot
from services import disable_department as switch
from services.decide import decide
from services.disable_department import disable_department, enable_department, hand_over_disabled
from services.launch_coordination import launch_coordination
from services.relay import relay_inbox
from services.verify_invariants import verify
from tests.services.conftest import ACCEPTED, ADMIN, LEADER, Window, ask, plan

BASE: dict[str, Any] = {"command_id": "c-1", "decided_by": "user:nobody", "reason": "现场核实"}
MARKET = DepartmentRoute(code="market", technique=Technique.WEBHOOK)


async def _states(window: Window, case_id: str) -> dict[str, RequestState]:
    record = await window.record(case_id)
    assert record.snapshot is not None
    return {request.key: request.state for request in record.snapshot.requests}


async def _opens(window: Window, record: CaseRecord, key: str) -> None:
    """The plan has come to this ask: its first round runs from now on."""
    shown = window.engine.snapshots[record.case_id]
    turn = window.engine.turn(request_id(record.case_id, "dissolve"), 1)
    assert turn is not None
    requests = tuple(
        one.model_copy(
            update={"state": RequestState.OPEN, "rounds": (turn.model_copy(update={"department": one.department}),)}
        )
        if one.key == key
        else one
        for one in shown.requests
    )
    await window.engine.show(record.case_id, requests=requests)


async def test_open_requests_become_the_duty_leaders_decision_and_others_go_on(window: Window) -> None:
    record = await window.launched(ask("dissolve"), ask("identity", "police"))
    assert await disable_department(window.office, ADMIN, "market", "系统迁移") == 1
    states = await _states(window, record.case_id)
    assert states == {"dissolve": RequestState.DECISION, "identity": RequestState.OPEN}
    (fact,) = await window.facts(record.case_id, FactKind.DEPARTMENT_DISABLED)
    assert (fact.fact.actor, fact.fact.data["reason"]) == ("user:x-1", "系统迁移")
    turn = window.engine.turn(request_id(record.case_id, "dissolve"), 1)
    assert turn is not None
    assert turn.end is RoundEnd.DEPARTMENT_DISABLED
    assert await hand_over_disabled(window.office) == 0, "the loop has nothing left to do"
    assert await verify(window.office) == ()


async def test_the_loop_hands_over_what_the_engine_missed(window: Window) -> None:
    record = await window.launched(ask("dissolve"))
    window.engine.away = True
    assert await disable_department(window.office, ADMIN, "market", "系统迁移") == 0
    assert (await _states(window, record.case_id))["dissolve"] is RequestState.OPEN
    window.engine.away = False
    assert await hand_over_disabled(window.office) == 1
    assert (await _states(window, record.case_id))["dissolve"] is RequestState.DECISION


async def test_a_second_switch_changes_nothing_and_the_first_one_keeps_its_name(window: Window) -> None:
    record = await window.launched(ask("dissolve"))
    window.engine.away = True
    await disable_department(window.office, ADMIN, "market", "系统迁移")
    await disable_department(window.office, ADMIN.model_copy(update={"person_id": "x-2"}), "market", "再停一次")
    window.engine.away = False
    await hand_over_disabled(window.office)
    async with window.store.reading() as session:
        switched = await session.audit.latest(10, "market", AuditKind.DEPARTMENT_DISABLED)
    assert [one.actor for one in switched] == ["user:x-1"]
    (fact,) = await window.facts(record.case_id, FactKind.DEPARTMENT_DISABLED)
    assert (fact.fact.actor, fact.fact.data["reason"]) == ("user:x-1", "系统迁移")


async def test_every_order_of_a_round_has_one_id(window: Window) -> None:
    """The projection may be behind: the same order comes again, and the engine takes it once."""
    record = await window.launched(ask("dissolve"))
    window.engine.writes = False
    await disable_department(window.office, ADMIN, "market", "系统迁移")
    assert await hand_over_disabled(window.office) == 0
    orders = [one for one in window.engine.decisions if isinstance(one, HandOverRound)]
    assert {one.command_id for one in orders} == {f"{record.case_id}.dissolve.r1.disabled"}


async def test_what_waits_in_the_plan_is_handed_over_when_its_turn_comes(window: Window) -> None:
    record = await window.launched(ask("dissolve", "police"), ask("licence", after=("dissolve",)))
    assert await disable_department(window.office, ADMIN, "market", "系统迁移") == 0
    assert (await _states(window, record.case_id))["licence"] is RequestState.PENDING
    await _opens(window, record, "licence")
    assert await hand_over_disabled(window.office) == 1
    assert (await _states(window, record.case_id))["licence"] is RequestState.DECISION


async def test_a_department_that_came_back_before_its_turn_is_asked(window: Window) -> None:
    record = await window.launched(ask("dissolve", "police"), ask("licence", after=("dissolve",)))
    await disable_department(window.office, ADMIN, "market", "系统迁移")
    await enable_department(window.office, ADMIN, "market", "完成")
    await _opens(window, record, "licence")
    assert await hand_over_disabled(window.office) == 0
    assert (await _states(window, record.case_id))["licence"] is RequestState.OPEN


async def test_what_is_left_when_a_department_comes_back_stays_with_it(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pass over many cases takes minutes: it looks again before each page."""
    monkeypatch.setattr(switch, "PAGE", 1)
    for name in ("ext-1", "ext-2"):
        await window.launched(ask("dissolve"), external_id=name)
    window.engine.away = True
    await disable_department(window.office, ADMIN, "market", "系统迁移")
    window.engine.away = False
    real = window.engine.decide

    async def once(case_id: str, decision: AnyDecision) -> CaseSnapshot:
        after = await real(case_id, decision)
        await enable_department(window.office, ADMIN, "market", "完成")
        return after

    monkeypatch.setattr(window.engine, "decide", once)
    assert await hand_over_disabled(window.office) == 1


async def test_an_answer_that_was_in_the_inbox_before_still_counts(window: Window) -> None:
    record = await window.launched(ask("dissolve"), ask("identity", "police"))
    request = request_id(record.case_id, "dissolve")
    window.engine.away = True
    assert (await window.send(request, ACCEPTED)).status == 202
    window.engine.away = False
    assert await disable_department(window.office, ADMIN, "market", "系统迁移") == 0
    window.wall.wait(minutes=5)
    assert await relay_inbox(window.office) == 1
    assert [one.status for one in await window.inbox(record.case_id)] == [InboxStatus.APPLIED]
    assert (await _states(window, record.case_id))["dissolve"] is RequestState.ANSWERED
    assert await hand_over_disabled(window.office) == 0
    assert await verify(window.office) == ()


async def test_switched_off_by_the_policy_is_said_so(window: Window) -> None:
    record = await window.launched(ask("dissolve"))
    async with window.store.writing() as session:
        market = await session.directory.get("market")
        assert market is not None
        await session.directory.save(market.model_copy(update={"enabled": False}))
    assert await hand_over_disabled(window.office) == 1
    (fact,) = await window.facts(record.case_id, FactKind.DEPARTMENT_DISABLED)
    assert fact.fact.actor == "policy"


@pytest.mark.parametrize(
    "decision",
    [
        ReassignRequest(**BASE, request_id="LD-2023-000001.identity", to=MARKET),
        AskAgain(**BASE, request_id="LD-2023-000001.dissolve"),
    ],
    ids=lambda decision: str(decision.kind),
)
async def test_a_disabled_department_is_asked_nothing_new(window: Window, decision: Decision) -> None:
    record = await window.launched(ask("dissolve"), ask("identity", "police"))
    await disable_department(window.office, ADMIN, "market", "系统迁移")
    with pytest.raises(LiandongError) as caught:
        await decide(window.office, LEADER, record.case_id, decision)  # type: ignore[arg-type]
    assert caught.value.code == "department-disabled"
    await enable_department(window.office, ADMIN, "market", "完成")
    await decide(window.office, LEADER, record.case_id, decision)  # type: ignore[arg-type]


async def test_no_plan_and_no_further_ask_names_a_disabled_department(window: Window) -> None:
    record = await window.launched(ask("identity", "police"))
    await disable_department(window.office, ADMIN, "market", "系统迁移")
    with pytest.raises(LiandongError) as added:
        await decide(window.office, LEADER, record.case_id, AddAsk(**BASE, ask=ask("more")))
    assert [(one.field, one.rule) for one in added.value.problems] == [("ask.department", "department-enabled")]
    other = await window.triaged(external_id="ext-2")
    with pytest.raises(LiandongError) as launched:
        await launch_coordination(window.office, LEADER, other.case_id, plan(ask("dissolve")))
    assert [(one.field, one.rule) for one in launched.value.problems] == [("asks.0.department", "department-enabled")]
