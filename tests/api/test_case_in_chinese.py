"""Beside every sentence of the engine the case shows its Chinese, and nothing to whom the sentence is not shown."""

from api.schemas.coordination import show_coordination, show_outcome
from domain.codes import Outcome, ReplyCode, RequestState, RoundEnd
from domain.deferral import DeferralSnapshot, DeferralState, Instrument
from domain.person import Person, PersonRole
from domain.snapshot import OutcomeRecord
from domain.waiting import Matter
from services.visibility import visible_snapshot
from tests.store.samples import DUE, record, request, snapshot, turn, waiting

RETURNED = request(
    1,
    "market",
    turn().model_copy(update={"ended_at": DUE, "end": RoundEnd.TURN, "reply": ReplyCode.NOT_MINE}),
    state=RequestState.DECISION,
).model_copy(update={"waiting_for": "duty leader: NOT_MINE"})
WAIT = waiting(Matter.ANSWER).model_copy(update={"request_id": RETURNED.request_id})
HELD = DeferralSnapshot(
    request_id=RETURNED.request_id,
    instrument=Instrument.HOLD_UNTIL_COMPLETE,
    state=DeferralState.RUNNING,
    objections=("declined-by-requester: the requester chose the normal way",),
)
CASE = snapshot(1, RETURNED, decision_needed="an answer waits for your decision: market").model_copy(
    update={"waits": (WAIT,), "deferrals": (HELD,)}
)


def test_a_case_says_in_chinese_what_it_waits_for() -> None:
    shown = show_coordination(CASE)
    assert shown.decision_needed_zh == shown.waits[0].why_zh == "market：部门退单，请改派或再次询问"
    assert shown.requests[0].waiting_for_zh == "等待值班长：部门退单，请改派或再次询问"
    assert shown.deferrals[0].objections_zh == ["反映人选择不容缺"]
    # As histories hold them
    assert shown.decision_needed == CASE.decision_needed
    assert shown.waits[0].why == WAIT.why


def test_an_officer_reads_no_more_in_chinese_than_in_english() -> None:
    officer = Person(person_id="o", name="o", role=PersonRole.DEPARTMENT_OFFICER, department="market")
    shown = show_coordination(visible_snapshot(officer, record(), CASE))
    assert shown.decision_needed_zh == ""
    assert shown.waits == []
    assert [one.waiting_for_zh for one in shown.requests] == [""]
    assert [one.objections_zh for one in shown.deferrals] == [[]]


def test_an_outcome_says_why_the_engine_ended_it_and_leaves_peoples_words_alone() -> None:
    reason = "every lead accepted and nobody refused"
    by_engine = OutcomeRecord(outcome=Outcome.DONE, decided_by="engine", decided_at=DUE, reason=reason)
    told = show_outcome(by_engine)
    assert told is not None
    assert (told.reason, told.reason_zh) == (reason, "主办部门均已同意，无部门拒绝")
    by_hand = show_outcome(by_engine.model_copy(update={"decided_by": "user:leader", "reason": "已办好"}))
    assert by_hand is not None
    assert (by_hand.reason, by_hand.reason_zh) == ("已办好", "")
    assert show_outcome(None) is None
