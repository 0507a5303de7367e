"""What a requester is told: who declined and who answers now, what to bring until when, and nobody else's business."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.case import CaseRecord
from domain.clock import Clock, ClockKind, Extension
from domain.codes import CaseStage, Cause, Outcome, ReplyCode, RequestState, RoundEnd
from domain.deferral import Channel, DeferralSnapshot, DeferralState, Instrument, MaterialSnapshot, MaterialState
from domain.limit import Limit
from domain.outage import OutageCause, OutageSnapshot
from domain.plan import AskKind
from domain.requester_text import Words, local
from domain.requester_view import Circumstances, RequesterView, requester_view
from domain.rung_proof import ClockProofs
from domain.snapshot import CaseSnapshot, OutcomeRecord, RequestSnapshot
from domain.supplement import NeededMaterial, SupplementSnapshot
from tests.store import samples

DEPARTMENTS = {
    "market": Words(zh="市场监管局", en="Market supervision"),
    "culture": Words(zh="文旅局", en="Culture and tourism"),
}
INTERNAL = "内部意见：该户材料可疑，联系王小明13900001234"


def clock(kind: ClockKind, *extensions: Extension) -> Clock:
    limit = Limit.parse("5 working_days")
    return Clock(clock_id=f"x.{kind}", kind=kind, started_at=samples.START, limit=limit, extensions=extensions)


def told(*requests: RequestSnapshot, **changes: Any) -> RequesterView:
    shown = samples.snapshot(1, *requests).model_copy(update=changes)
    return view(shown)


def view(shown: CaseSnapshot | None, **changes: Any) -> RequesterView:
    record: CaseRecord = samples.record(stage=CaseStage.COORDINATING, contacted=True, cause=Cause.CROSS_DEPT)
    given = Circumstances(
        departments=DEPARTMENTS, follow_up=None, rating_closes_at=None, rated=False, now=samples.START
    )
    return requester_view(record.model_copy(update={"snapshot": shown, **changes}), given)


def declined() -> RequestSnapshot:
    first = samples.ended(samples.turn(department="culture")).model_copy(
        update={"reply": ReplyCode.NOT_MINE, "reply_text": INTERNAL}
    )
    request = samples.request(1, "permit", first, samples.turn(2, department="market"))
    return request.model_copy(update={"department": "market", "responsible": "market", "text": INTERNAL, "bounces": 1})


def test_who_declined_and_who_is_responsible_now() -> None:
    (step,) = told(declined()).steps
    assert step.declined_by == (DEPARTMENTS["culture"],)
    assert step.responsible == DEPARTMENTS["market"]
    assert step.department == DEPARTMENTS["market"]
    assert step.due_at == samples.DUE


def test_an_undecided_objection_names_who_still_answers_for_it() -> None:
    request = declined()
    objected = request.model_copy(
        update={
            "rounds": request.rounds[:1], "state": RequestState.DECISION, "department": "culture",
            "responsible": "culture",
        }
    )  # fmt: skip
    shown = told(objected, decision_needed=INTERNAL)
    assert shown.steps[0].responsible == DEPARTMENTS["culture"]
    assert "值班长" in shown.steps[0].status.zh
    assert "值班长" in shown.now.zh


def test_what_is_missing_is_listed_once_with_its_date() -> None:
    notice = SupplementSnapshot(
        issued_at=samples.START,
        issued_by="user:leader",
        materials=(
            NeededMaterial(name="租赁合同", asked_by=("market", "culture")),
            NeededMaterial(name="营业执照", asked_by=("culture",), held_by="market"),
            NeededMaterial(name="身份证明", asked_by=("market",), received_at=samples.START),
        ),
        clock=ClockProofs(clock=clock(ClockKind.SUPPLEMENT)),
        due_at=samples.DUE,
    )
    shown = told(declined(), supplement=notice)
    listed = [(item.name, item.until, item.online) for item in shown.to_supply]
    assert listed == [("租赁合同", samples.DUE, True), ("身份证明", samples.DUE, False)]
    assert [item.handed_in_at for item in shown.to_supply] == [None, samples.START]
    assert "补充材料" in shown.now.zh
    over = told(declined(), supplement=notice.model_copy(update={"closed_at": samples.DUE}))
    assert [item.name for item in over.to_supply] == ["身份证明"]
    assert "补充材料" not in over.now.zh


def test_what_came_is_told_as_being_looked_at_while_the_department_has_its_turn() -> None:
    came = NeededMaterial(name="身份证明", asked_by=("market",), received_at=samples.START)
    notice = SupplementSnapshot(
        issued_at=samples.START,
        issued_by="user:leader",
        materials=(came,),
        clock=ClockProofs(clock=clock(ClockKind.SUPPLEMENT)),
        closed_at=samples.START,
    )
    turn = samples.request(1, "market", samples.turn(department="market"))
    (looked_at,) = told(turn, supplement=notice).to_supply
    (idle,) = told(turn.model_copy(update={"state": RequestState.ANSWERED}), supplement=notice).to_supply
    assert ("提交，正在核验" in looked_at.status.zh, "being looked at" in looked_at.status.en) == (True, True)
    assert idle.status.en == f"handed in on {local(samples.START)}"


def test_promised_materials_come_with_their_channels() -> None:
    material = MaterialSnapshot(
        material_id="LD-2026-000001.permit-m1",
        request_id="LD-2026-000001.permit",
        name="原件",
        channels=(Channel.POST, Channel.WECHAT),
        verifier="market",
        form="原件",
        holder="公安派出所",
        state=MaterialState.REJECTED,
        due_at=samples.DUE,
    )
    done = material.model_copy(update={"state": MaterialState.VERIFIED, "name": "已核验的"})
    deferral = DeferralSnapshot(
        request_id=material.request_id,
        instrument=Instrument.ISSUE_THEN_VERIFY,
        state=DeferralState.RUNNING,
        materials=(material, done),
    )
    shown = told(declined(), deferrals=(deferral,), interim_outcome=Outcome.DONE_CONDITIONALLY)
    (item,) = shown.to_supply
    assert (item.material, item.online, item.awaited) == ("permit-m1", False, True)
    assert (item.name, [channel.zh for channel in item.channels]) == ("原件", ["邮寄", "微信"])
    assert (item.form, item.holder) == ("原件", "公安派出所")
    assert "重新提交" in item.status.zh


def test_more_time_is_told_with_its_reason() -> None:
    more = Extension(
        granted_at=samples.START, granted_by="user:leader", reason="档案需异地调取", limit=Limit.parse("2 working_days")
    )
    longer = samples.turn(department="market").model_copy(update={"clocks": (clock(ClockKind.REPLY, more),)})
    (extension,) = told(samples.request(1, "permit", longer)).extensions
    assert (extension.reason, extension.until, extension.department) == (
        "档案需异地调取",
        samples.DUE,
        DEPARTMENTS["market"],
    )


def test_nobody_elses_contacts_and_no_departments_own_words() -> None:
    external = samples.request(1, "owner", samples.turn(department=None), kind=AskKind.EXTERNAL).model_copy(
        update={"party": "原租户王小明 13900001234", "text": INTERNAL, "waiting_for": INTERNAL}
    )
    refused = samples.ended(samples.turn(department="culture")).model_copy(
        update={"reply": ReplyCode.REFUSED, "reply_text": INTERNAL, "receipt": "内部号 7"}
    )
    denied = samples.request(1, "housing", refused, state=RequestState.ANSWERED)
    record = samples.record(stage=CaseStage.COORDINATING, contacted=True)
    shown = told(declined(), external, denied, decision_needed=INTERNAL)
    written = shown.model_dump_json()
    for word in ("王小明", "13900001234", "可疑", "内部", "user:", record.registration.requester.name):
        assert word not in written
    assert shown.steps[1].department is None


def test_a_verification_round_is_the_departments_own_business() -> None:
    check = samples.request(1, "permit-m1", samples.turn()).model_copy(update={"verifies": "LD-2026-000001.permit-m1"})
    assert told(check).steps == ()


def test_an_outcome_comes_with_reason_remedy_and_what_was_given_instead() -> None:
    outcome = OutcomeRecord(
        outcome=Outcome.OTHER_SUPPORT,
        decided_by="user:leader",
        decided_at=samples.DUE,
        reason="收入超过标准",
        legal_basis="第六条",
        remedy="六十日内可申请行政复议",
        support="医疗救助",
    )
    shown = view(samples.snapshot(1, declined()), outcome=outcome, stage=CaseStage.CLOSED)
    assert shown.outcome is not None
    assert (shown.outcome.reason, shown.outcome.remedy, shown.outcome.support) == (
        "收入超过标准",
        "六十日内可申请行政复议",
        "医疗救助",
    )
    assert "user:" not in shown.model_dump_json()
    assert shown.to_supply == ()


def test_the_next_contact_is_promised_until_it_was_made() -> None:
    waiting = view(None, stage=CaseStage.REGISTERED, first_contact=None)
    assert waiting.next_contact_by == samples.DUE + timedelta(days=365)
    assert view(None, stage=CaseStage.REGISTERED).next_contact_by is None


@pytest.mark.parametrize(
    ("ended_at", "words"), [(None, "系统暂时中断"), (samples.DUE, "办理中")], ids=["down", "back again"]
)
def test_a_system_that_is_down_is_said_without_a_word_of_its_own(ended_at: datetime | None, words: str) -> None:
    outage = OutageSnapshot(since=samples.START, cause=OutageCause.FAILING, noted_at=samples.START, ended_at=ended_at)
    turn = samples.turn(department="market").model_copy(update={"outage": outage})
    (step,) = told(samples.request(1, "permit", turn)).steps
    assert words in step.status.zh
    assert step.due_at == samples.DUE, "the promise stays"


def test_a_department_that_was_switched_off_has_not_answered() -> None:
    turn = samples.ended(samples.turn(department="market")).model_copy(
        update={"end": RoundEnd.DEPARTMENT_DISABLED, "reply": None}
    )
    request = samples.request(1, "permit", turn).model_copy(update={"state": RequestState.DECISION})
    (step,) = told(request).steps
    assert "值班长正在安排由谁接办" in step.status.zh
