"""What a case waits for is told in Chinese, from its codes, for every code there is."""

import re
from datetime import UTC, datetime

import pytest

from domain.case_text import (
    COMPLETIONS,
    MATTERS,
    OBJECTIONS,
    REPLIES,
    decision_needed,
    follow_up_waits_for,
    objection,
    outcome_reason,
    wait_reason,
    waits_for,
)
from domain.codes import Outcome, ReplyCode, RequestState, RoundEnd
from domain.deferral import (
    DeferralGrounds,
    DeferralSnapshot,
    DeferralState,
    Instrument,
    MaterialSnapshot,
    MaterialState,
    Promised,
    objections,
)
from domain.follow_up import FollowUpSnapshot, ReviewHandling, ReviewTreatment
from domain.joint_decision import DangerousAct, Proposal
from domain.outage import OutageCause, OutageSnapshot
from domain.outcome import REASONS
from domain.plan import AskKind, CompletionRule
from domain.snapshot import CaseSnapshot, OutcomeRecord, RequestSnapshot
from domain.waiting import Matter
from tests.store.samples import case_id, request, snapshot, turn, waiting

AT = datetime(2023, 1, 4, 3, tzinfo=UTC)
REQUEST = f"{case_id()}.market"
MATERIAL = MaterialSnapshot(
    material_id=f"{REQUEST}-m1", request_id=REQUEST, name="租约原件", verifier="market", state=MaterialState.SUSPECT
)


def _turned(reply: ReplyCode | None, end: RoundEnd = RoundEnd.TURN, **changes: object) -> RequestSnapshot:
    round_ = turn().model_copy(update={"ended_at": AT, "end": end, "reply": reply})
    asked = request(1, "market", round_, state=RequestState.DECISION)
    return asked.model_copy(update={"waiting_for": f"duty leader: {reply or end}", **changes})


def _case(*requests: RequestSnapshot, **changes: object) -> CaseSnapshot:
    return snapshot(1, *requests, decision_needed="an answer waits").model_copy(update=changes)


def _chinese(text: str) -> bool:
    return re.search(r"[\u4e00-\u9fff]", text) is not None and re.search(r"[a-z]{2,} [a-z]{2,}", text) is None


@pytest.mark.parametrize("matter", list(Matter))
def test_every_matter_says_what_is_to_be_done(matter: Matter) -> None:
    assert _chinese(MATTERS[matter])
    whole = wait_reason(waiting(matter), _case())
    assert whole == MATTERS[matter]
    one = waiting(matter).model_copy(update={"request_id": REQUEST})
    assert _chinese(wait_reason(one, _case(_turned(ReplyCode.NOT_MINE))))


@pytest.mark.parametrize("reply", list(ReplyCode))
def test_every_answer_that_waits_is_told_by_what_it_says(reply: ReplyCode) -> None:
    asked = _turned(reply)
    assert waits_for(asked) == f"等待值班长：{REPLIES[reply]}"
    wait = waiting(Matter.ANSWER).model_copy(update={"request_id": REQUEST})
    assert wait_reason(wait, _case(asked)) == f"market：{REPLIES[reply]}"


@pytest.mark.parametrize("end", list(RoundEnd))
def test_every_end_of_a_round_is_told(end: RoundEnd) -> None:
    assert _chinese(waits_for(_turned(None, end)))


def test_two_returns_want_a_conference_and_then_its_ruling() -> None:
    assert "召开会商" in waits_for(_turned(ReplyCode.NOT_MINE, bounces=2))
    assert "已召集" in waits_for(_turned(ReplyCode.NOT_MINE, bounces=2, conference=True))


def test_a_promise_against_the_rules_waits_for_an_override() -> None:
    held = DeferralSnapshot(
        request_id=REQUEST, instrument=Instrument.HOLD_UNTIL_COMPLETE, state=DeferralState.UNAPPROVED
    )
    wait = waiting(Matter.ANSWER).model_copy(update={"request_id": REQUEST})
    case = _case(_turned(ReplyCode.ACCEPTED_CONDITIONALLY), deferrals=(held,))
    assert wait_reason(wait, case) == "market：容缺受理与规则不符，请特批或再次询问"


def test_a_material_and_an_act_are_named() -> None:
    held = DeferralSnapshot(
        request_id=REQUEST,
        instrument=Instrument.ISSUE_THEN_VERIFY,
        state=DeferralState.RUNNING,
        materials=(MATERIAL,),
    )
    suspect = waiting(Matter.SUSPICION).model_copy(update={"about": MATERIAL.material_id, "request_id": REQUEST})
    assert wait_reason(suspect, _case(deferrals=(held,))) == "租约原件：材料与远程核验不符，请督办员认定真伪"
    act = Proposal(
        proposal_id="p1",
        act=DangerousAct.REVOKE,
        proposed_by="user:leader",
        proposed_at=AT,
        reason="x",
        legal_basis="y",
    )
    second = waiting(Matter.SECOND_PERSON).model_copy(update={"about": "p1"})
    assert wait_reason(second, _case(proposals=(act,))) == "请第二人同意或否决：撤销办理结果"


@pytest.mark.parametrize("state", list(RequestState))
def test_whom_a_request_waits_for(state: RequestState) -> None:
    asked = _turned(ReplyCode.NEED_MORE, state=state, after=("fire", "tax"))
    assert _chinese(waits_for(asked)) is not state.terminal
    assert waits_for(asked.model_copy(update={"waiting_for": ""})) == ""


def test_an_open_request_names_the_department_the_party_or_the_period() -> None:
    named = {"waiting_for": "x"}
    assert waits_for(request(1, "market", turn()).model_copy(update=named)) == "等待部门：market"
    down = turn().model_copy(update={"outage": OutageSnapshot(since=AT, cause=OutageCause.TIMEOUT, noted_at=AT)})
    told = waits_for(request(1, "market", down).model_copy(update=named))
    assert told == "等待部门：market，系统自 2023-01-04 11:00 起中断"
    party = request(1, "owner", turn(department=None), kind=AskKind.EXTERNAL)
    assert waits_for(party.model_copy(update=named | {"party": "房东"})) == "等待外部相关方：房东"
    period = request(1, "notice", turn(department=None), kind=AskKind.STATUTORY_WAIT)
    assert waits_for(period.model_copy(update=named)) == "法定期间未满"


def test_a_decision_is_told_wherever_one_is_needed() -> None:
    running = waiting(Matter.CONTRADICTION)
    over = waiting(Matter.OUTCOME, stopped_at=AT)
    looked_at = waiting(Matter.REVIEW)
    assert decision_needed(_case(waits=(running, over, looked_at))) == MATTERS[Matter.CONTRADICTION]
    # Histories that began before waits had clocks
    assert decision_needed(_case(_turned(ReplyCode.NOT_MINE))) == f"market：{REPLIES[ReplyCode.NOT_MINE]}"
    assert decision_needed(_case()) == "有事项待决定，请查看案件"
    assert decision_needed(_case(decision_needed="", waits=(running,))) == ""


@pytest.mark.parametrize("rule", list(CompletionRule))
def test_the_engines_own_reason_is_told(rule: CompletionRule) -> None:
    by_engine = OutcomeRecord(outcome=Outcome.DONE, decided_by="engine", decided_at=AT, reason=REASONS[rule])
    assert outcome_reason(by_engine) == COMPLETIONS[rule]
    assert outcome_reason(by_engine.model_copy(update={"decided_by": "user:leader"})) == ""


def test_a_returned_file_keeps_the_leaders_own_words() -> None:
    returned = OutcomeRecord(
        outcome=Outcome.NOT_DONE, decided_by="user:leader", decided_at=AT, reason="file returned: 材料逾期"
    )
    assert outcome_reason(returned) == "退件：材料逾期"


def test_every_rule_against_a_promise_is_told() -> None:
    grounds = DeferralGrounds(
        essential=("租约原件",), excluded_matter="危险化学品", dishonesty_record=True, declined_by_requester=True
    )
    promised = [Promised(name="租约原件", over=True)]
    found = objections(grounds, promised, "", Instrument.ISSUE_THEN_VERIFY, {"租约原件": "housing"})
    assert {one.partition(": ")[0] for one in found} == OBJECTIONS.keys()
    told = [objection(one) for one in found]
    assert all(_chinese(one) for one in told)
    assert "部门已有此材料，不得要求反映人提交：租约原件" in told
    assert objection("of-a-newer-version: x") == ""


def test_a_follow_up_says_who_must_move() -> None:
    clock = waiting(Matter.ANSWER).clock
    called = FollowUpSnapshot(
        follow_up_id="f1",
        case_id=case_id(),
        number=1,
        starts_at=AT,
        call=clock,
        rating_closes_at=AT,
        waiting_for="the clerk: call the requester",
    )
    fresh = ReviewHandling(contact=clock)
    spoken = fresh.model_copy(update={"contacted_at": AT})
    treated = spoken.model_copy(update={"treatment": ReviewTreatment.RECTIFY})
    over: dict[str, object] = {"call_over": True}
    told: dict[str, dict[str, object]] = {
        "请窗口专员回访反映人": {},
        "反映人可以评价": over,
        "请窗口就差评联系反映人": {"review": fresh},
        "请值班长决定：整改、解释或申诉复核": over | {"review": spoken},
        "请窗口完成整改": over | {"review": treated},
        "": over | {"waiting_for": ""},
    }
    for said, change in told.items():
        assert follow_up_waits_for(called.model_copy(update=change)) == said
