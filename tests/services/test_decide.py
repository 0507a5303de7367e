"""Decisions: who may, in whose name, and what is refused before the engine is asked."""

from datetime import date
from typing import Any

import pytest

from domain.any_decision import AnyDecision
from domain.assignment import AddAsk, AnswerExternal, AskAgain, ProceedWith, ReassignRequest, WithdrawRequest
from domain.codes import Outcome, Technique
from domain.conference import EscalateCase, MinutesAction, RecordMinutes
from domain.decision import CloseCase, NegativeAnswerReport, WeighAnswers, WithdrawCase
from domain.deferral import ApproveDeferral, Channel, ClearSuspicion, ExtendMaterial, FailDeferral, SubmitMaterial
from domain.department import DepartmentRoute
from domain.errors import ErrorCategory, LiandongError, conflict, not_found, unavailable
from domain.joint_decision import ConfirmAct, DangerousAct, ProposeAct
from domain.limit import Limit
from domain.objection import ConveneConference, Designate
from domain.person import Person
from domain.supplement import IssueSupplementNotice, ReceivedMaterial, ReceiveSupplement
from domain.time_decision import AnswerExtension, ExtendRequest, PauseRequest, ResumeRequest
from services.decide import decide
from tests.services.conftest import ADMIN, AUDITOR, CLERK, LEADER, MARKET, SUPERVISOR, Window, ask

ROUTE = DepartmentRoute(code="market", technique=Technique.WEBHOOK)
BASE: dict[str, Any] = {"command_id": "c-1", "decided_by": "user:somebody-else", "reason": "反映人撤回"}
REPORT = NegativeAnswerReport(facts_found="不符合条件", alternatives_considered="无其他政策可用")
CLOSE = {
    **BASE,
    "outcome": Outcome.LAWFULLY_REFUSED,
    "legal_basis": "条例第三条",
    "remedy": "可申请复议",
    "report": REPORT,
}


async def category(window: Window, person: Person, case_id: str, decision: AnyDecision) -> ErrorCategory:
    with pytest.raises(LiandongError) as caught:
        await decide(window.office, person, case_id, decision)
    assert window.engine.decisions == []
    return caught.value.category


async def test_a_decision_is_made_in_the_persons_own_name(window: Window) -> None:
    record = await window.launched()
    await decide(window.office, SUPERVISOR, record.case_id, WithdrawCase(**BASE))
    assert window.engine.decisions[0].decided_by == "user:s-1"


@pytest.mark.parametrize("person", [CLERK, MARKET, AUDITOR, ADMIN])
async def test_others_do_not_decide(window: Window, person: Person) -> None:
    record = await window.launched()
    found = await category(window, person, record.case_id, WithdrawCase(**BASE))
    assert found is ErrorCategory.FORBIDDEN


async def test_a_clerk_records_what_a_party_outside_said(window: Window) -> None:
    record = await window.launched()
    request = f"{record.case_id}.dissolve"
    said = AnswerExternal(**BASE, request_id=request, reply={"code": "ACCEPTED", "note": "已联系"})
    wrong = said.model_copy(update={"reply": {"code": "REFUSED", "reason": "不"}})
    with pytest.raises(LiandongError) as caught:
        await decide(window.office, CLERK, record.case_id, wrong)
    assert caught.value.field == "reply.legal_basis"
    await decide(window.office, CLERK, record.case_id, said)
    assert len(window.engine.decisions) == 1


@pytest.mark.parametrize("lacks", ["legal_basis", "remedy"])
async def test_a_no_needs_basis_and_remedy(window: Window, lacks: str) -> None:
    record = await window.launched()
    for nothing in (None, "   "):
        found = await category(window, LEADER, record.case_id, CloseCase(**{**CLOSE, lacks: nothing}))
        assert found is ErrorCategory.INVALID


async def test_a_no_is_signed_by_a_duty_leader_and_nobody_else(window: Window) -> None:
    record = await window.launched()
    negative = CloseCase(**CLOSE)
    assert await category(window, SUPERVISOR, record.case_id, negative) is ErrorCategory.FORBIDDEN
    await decide(window.office, LEADER, record.case_id, negative)
    assert len(window.engine.decisions) == 1


async def test_a_route_comes_from_the_directory_and_not_from_the_caller(window: Window) -> None:
    record = await window.launched()
    forged = DepartmentRoute(code="police", technique=Technique.POLLED, poll_seconds=1)
    request = f"{record.case_id}.dissolve"
    await decide(window.office, LEADER, record.case_id, ReassignRequest(**BASE, request_id=request, to=forged))
    (made,) = window.engine.decisions
    assert isinstance(made, ReassignRequest)
    assert made.to.technique is Technique.XML
    unknown = forged.model_copy(update={"code": "nowhere"})
    with pytest.raises(LiandongError) as caught:
        await decide(window.office, LEADER, record.case_id, ReassignRequest(**BASE, request_id=request, to=unknown))
    assert caught.value.code == "unknown-department"


async def test_a_request_of_another_case_is_unknown(window: Window) -> None:
    record = await window.launched()
    other = await window.launched(external_id="ext-2")
    foreign = WithdrawRequest(**BASE, request_id=f"{other.case_id}.dissolve")
    assert await category(window, LEADER, record.case_id, foreign) is ErrorCategory.NOT_FOUND


async def test_before_the_launch_there_is_nothing_to_decide(window: Window) -> None:
    record = await window.triaged()
    found = await category(window, LEADER, record.case_id, WithdrawCase(**BASE))
    assert found is ErrorCategory.CONFLICT


async def test_a_key_stands_for_one_decision(window: Window) -> None:
    record = await window.launched()
    first = WithdrawCase(**BASE)
    await decide(window.office, LEADER, record.case_id, first)
    await decide(window.office, LEADER, record.case_id, first)
    for other in (first.model_copy(update={"reason": "别的理由"}), CloseCase(**CLOSE)):
        with pytest.raises(LiandongError) as caught:
            await decide(window.office, LEADER, record.case_id, other)
        assert caught.value.code == "idempotency-key-reused"
    assert [type(one) for one in window.engine.decisions] == [WithdrawCase, WithdrawCase]


async def test_after_a_refusal_the_corrected_decision_may_use_the_key(window: Window) -> None:
    record = await window.launched()
    window.engine.refusal = conflict("requests-open", "still being asked")
    with pytest.raises(LiandongError):
        await decide(window.office, LEADER, record.case_id, CloseCase(**CLOSE))
    window.engine.refusal = None
    await decide(window.office, LEADER, record.case_id, CloseCase(**CLOSE | {"reason": "已撤回在途请求"}))
    assert len(window.engine.decisions) == 1


async def test_an_unconfirmed_decision_keeps_its_key(window: Window) -> None:
    record = await window.launched()
    window.engine.refusal = unavailable("engine-unavailable", "not confirmed in time")
    with pytest.raises(LiandongError):
        await decide(window.office, LEADER, record.case_id, CloseCase(**CLOSE))
    window.engine.refusal = None
    with pytest.raises(LiandongError) as caught:
        await decide(window.office, LEADER, record.case_id, CloseCase(**CLOSE | {"reason": "另一个"}))
    assert caught.value.code == "idempotency-key-reused"


def rights() -> list[tuple[AnyDecision, set[Person]]]:
    case = "LD-2023-000001"
    on = {**BASE, "request_id": f"{case}.dissolve"}
    material = {**BASE, "material_id": f"{case}.dissolve-m1"}
    deciders = {LEADER, SUPERVISOR}
    supplied = ReceivedMaterial(name="合同")
    return [
        (ProceedWith(**on), deciders),
        (PauseRequest(**on, legal_basis="第四十五条"), deciders),
        (ResumeRequest(**on), deciders),
        (AnswerExtension(**on, granted=False), deciders),
        (ConveneConference(**on, participants=("market",)), deciders),
        (Designate(**on, to=ROUTE, minutes="3"), deciders),
        (IssueSupplementNotice(**BASE, legal_basis="第三十二条"), deciders),
        (ReceiveSupplement(**BASE, received=(supplied,)), {CLERK, LEADER, SUPERVISOR}),
        (ReceiveSupplement(**BASE, received=(), enough=True), deciders),
        (EscalateCase(**BASE, level="supervisor"), deciders),
        (WeighAnswers(**BASE, authority="示范府规〔2023〕2号", prevails=f"{case}.dissolve"), deciders),
        (ProposeAct(**BASE, act=DangerousAct.REVOKE, legal_basis="第六十九条"), {LEADER}),
        (ConfirmAct(**BASE, proposal_id="p"), deciders),
        (ApproveDeferral(**on, authority="示范府规〔2023〕2号"), {LEADER}),
        (FailDeferral(**on, legal_basis="第八条", remedy="重新申请"), {LEADER}),
        (SubmitMaterial(**material, channel=Channel.POST), {CLERK, LEADER, SUPERVISOR}),
        (ExtendMaterial(**material, limit=Limit.parse("2 working_days")), deciders),
        (ClearSuspicion(**material, genuine=True), {SUPERVISOR}),
    ]


@pytest.mark.parametrize(
    ("decision", "allowed"), rights(), ids=[f"{one[0].kind}-{n}" for n, one in enumerate(rights())]
)
async def test_every_decision_has_its_people(window: Window, decision: AnyDecision, allowed: set[Person]) -> None:
    record = await window.launched()
    assert record.case_id == "LD-2023-000001"
    for number, person in enumerate((CLERK, LEADER, SUPERVISOR, AUDITOR, ADMIN, MARKET)):
        made = decision.model_copy(update={"command_id": f"c-{number}"})
        if person in allowed:
            await decide(window.office, person, record.case_id, made)
            assert window.engine.decisions[-1].decided_by == person.actor
        else:
            with pytest.raises(LiandongError) as caught:
                await decide(window.office, person, record.case_id, made)
            assert caught.value.category is ErrorCategory.FORBIDDEN


async def test_fields_are_named_as_the_caller_wrote_them(window: Window) -> None:
    record = await window.launched()
    nowhere = ROUTE.model_copy(update={"code": "nowhere"})
    on = {**BASE, "request_id": f"{record.case_id}.dissolve"}
    action = MinutesAction(department=nowhere, what="移交", until=date(2023, 1, 9), basis="第二条")
    minutes: dict[str, Any] = {"number": "5", "held_at": window.wall.at, "participants": ("market",)}
    for decision, field in (
        (ReassignRequest(**on, to=nowhere), "to"),
        (Designate(**on, to=ROUTE, support=(ROUTE, nowhere), minutes="3"), "support.1"),
        (ConveneConference(**on, participants=("market", "nowhere")), "participants.1"),
        (RecordMinutes(**BASE, **minutes, actions=(action,)), "actions.0.department"),
        (ExtendRequest(**on, limit=Limit.parse("2023-01-02")), "limit"),
        (AskAgain(**on, reply_limit=Limit.parse("2023-01-02")), "reply_limit"),
        (AnswerExtension(**on, granted=True, until=date(2023, 1, 2)), "until"),
    ):
        with pytest.raises(LiandongError) as caught:
            await decide(window.office, LEADER, record.case_id, decision)
        assert (caught.value.category, caught.value.field) == (ErrorCategory.INVALID, field)


async def test_a_day_is_over_at_close_of_business(window: Window) -> None:
    record = await window.launched()
    on = {**BASE, "request_id": f"{record.case_id}.dissolve"}
    today = Limit.parse("2023-01-03")
    await decide(window.office, LEADER, record.case_id, AskAgain(**on, reply_limit=today))
    window.wall.wait(hours=8)
    later = on | {"command_id": "c-2"}
    for decision in (
        AskAgain(**later, reply_limit=today),
        ReassignRequest(**later, to=ROUTE, reply_limit=today),
        IssueSupplementNotice(**BASE | {"command_id": "c-3"}, legal_basis="第三十二条", limit=today),
    ):
        with pytest.raises(LiandongError) as caught:
            await decide(window.office, LEADER, record.case_id, decision)
        assert caught.value.code == "date-in-the-past"


async def test_one_more_ask_is_completed_like_a_plans(window: Window) -> None:
    record = await window.launched()
    sent = {"resident_id": "伪造"}
    more = ask("records", "police", sees=("request",), fields=sent, ruling="我说了算", verifies="x")
    await decide(window.office, LEADER, record.case_id, AddAsk(**BASE, ask=more))
    (made,) = window.engine.decisions
    assert isinstance(made, AddAsk)
    assert made.route is not None
    assert made.route.code == "police"
    assert (str(made.ask.reply_limit), set(made.ask.fields)) == ("5 working_days", {"request"})
    assert (made.ask.ruling, made.ask.verifies) == (None, None)

    wrong = ask("x", "nowhere", sees=("secret",), after=("dissolve",))
    with pytest.raises(LiandongError) as caught:
        await decide(window.office, LEADER, record.case_id, AddAsk(**BASE | {"command_id": "c-2"}, ask=wrong))
    assert caught.value.code == "plan-unsound"
    assert {problem.field for problem in caught.value.problems} == {"ask.department", "ask.sees"}


async def test_a_request_that_was_added_a_moment_ago_is_known(window: Window) -> None:
    record = await window.launched()
    window.engine.writes = False
    shown = window.engine.snapshots[record.case_id].requests
    fresh = shown[0].model_copy(update={"request_id": f"{record.case_id}.records", "key": "records"})
    await window.engine.show(record.case_id, requests=(*shown, fresh))
    await decide(window.office, LEADER, record.case_id, WithdrawRequest(**BASE, request_id=fresh.request_id))
    assert len(window.engine.decisions) == 1


async def test_a_material_of_another_case_is_unknown(window: Window) -> None:
    record = await window.launched()
    foreign = SubmitMaterial(**BASE, material_id="LD-2023-000099.dissolve-m1", channel=Channel.POST)
    assert await category(window, CLERK, record.case_id, foreign) is ErrorCategory.NOT_FOUND


async def test_a_lawful_refusal_needs_its_report(window: Window) -> None:
    record = await window.launched()
    with pytest.raises(LiandongError) as caught:
        await decide(window.office, LEADER, record.case_id, CloseCase(**CLOSE | {"report": None}))
    assert (caught.value.code, caught.value.field) == ("negative-answer-report-missing", "report")


async def test_who_comes_too_late_is_told_how_the_case_ended(window: Window) -> None:
    record = await window.launched()
    await window.engine.close(record.case_id, Outcome.DONE)
    window.engine.refusal = not_found("case-not-running", "the workflow has ended")
    with pytest.raises(LiandongError) as caught:
        await decide(window.office, LEADER, record.case_id, WithdrawCase(**BASE))
    assert caught.value.code == "case-ended"
    assert "DONE" in caught.value.detail
