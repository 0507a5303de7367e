"""A draft for the library: useful, and nobody can be found in it."""

import pytest

from domain.case import Triage
from domain.codes import CaseStage, Cause, Outcome, ReplyCode, RequestState, Role, TriageDecision
from domain.follow_up import Rating, RatingGiven
from domain.masking import mask_text
from domain.plan import Ask, AskKind, Plan
from domain.precedent import draft_precedent
from domain.snapshot import OutcomeRecord
from tests.store import samples

PLANTED = {
    "name": "欧阳静怡",
    "contact": "139 0000 1234",
    "agent": "诸葛小明",
    "resident_id": "31000019900101001X",
    "uscc": "91310000ABAAMA001R",
}
THIRD_PARTY = "王小明"


def _planted_record() -> object:
    told = (
        f"{PLANTED['name']}（身份证{PLANTED['resident_id']}，电话{PLANTED['contact']}，代理人{PLANTED['agent']}）反映："
        f"原租户{THIRD_PARTY}（手机138-0000-5678，微信号 abc_12345）未注销执照，住静安路123弄4号501室，沪A·B1234，"
        f"邮箱 a.b@example.com，公司{PLANTED['uscc']}，联系人：李雷，张先生也知道。"
    )
    record = samples.record(cause=Cause.CROSS_DEPT, stage=CaseStage.CLOSED)
    requester = record.registration.requester.model_copy(update={**PLANTED, "health": "需要每周透析三次"})
    turn = samples.ended(samples.turn(department="market"), in_time=False)
    refused = turn.model_copy(
        update={
            "reply": ReplyCode.REFUSED,
            "reply_text": told,
            "reply_basis": f"区廉租住房标准 第三条（{told}）",
            "received_at": samples.DUE,
            "receipt": THIRD_PARTY,
        }
    )
    external = samples.request(1, "owner", kind=AskKind.EXTERNAL).model_copy(update={"party": f"物业{THIRD_PARTY}"})
    market = samples.request(1, "market", refused, state=RequestState.ANSWERED).model_copy(update={"text": told})
    outcome = OutcomeRecord(
        outcome=Outcome.LAWFULLY_REFUSED,
        decided_by="user:leader",
        decided_at=samples.DUE,
        reason=f"经核实，{told}需要每周透析三次",
        legal_basis="沪府规〔2022〕1号 第六条第二款",
        remedy=f"可由{PLANTED['name']}向区房管局申请复核",
        support=f"临时救助，已告知{PLANTED['name']}，电话{PLANTED['contact']}",
    )
    return record.model_copy(
        update={
            "registration": record.registration.model_copy(update={"request": told, "requester": requester}),
            "triage": Triage(
                decision=TriageDecision.COORDINATE,
                cause=Cause.CROSS_DEPT,
                decided_by="user:leader",
                decided_at=samples.START,
                new_evidence=told,
            ),
            "plan": Plan(asks=(Ask(key="market", department="market", text=told, role=Role.LEAD),)),
            "snapshot": samples.snapshot(1, market, external).model_copy(update={"weighings": _weighings(told)}),
            "outcome": outcome,
            "closed_at": samples.DUE,
        }
    )


def _weighings(told: str) -> tuple[str, ...]:
    return (f"{samples.case_id()}.market: 以现行标准为准；{told}",)


def _rating() -> RatingGiven:
    comment = f"{PLANTED['name']}很满意，电话{PLANTED['contact']}"
    return RatingGiven(
        coordination=Rating.SATISFIED, item=Rating.DISSATISFIED, comment=comment, received_at=samples.DUE
    )


def test_nobody_can_be_found_in_a_draft() -> None:
    draft = draft_precedent(_planted_record(), [_rating()])  # type: ignore[arg-type]
    assert draft is not None
    written = draft.model_dump_json()
    planted = [
        *PLANTED.values(), THIRD_PARTY, "13900001234", "0000-5678", "138-", "abc_12345", "静安路", "501", "B1234",
        "example.com", "李雷", "张先生", "透析", "user:leader",
    ]  # fmt: skip
    assert [value for value in planted if value in written] == []


def test_what_can_be_learned_is_still_there() -> None:
    draft = draft_precedent(_planted_record(), [_rating()])  # type: ignore[arg-type]
    assert draft is not None
    assert "未注销执照" in draft.question
    outcomes, departments = draft.legal_bases
    assert outcomes == "沪府规〔2022〕1号 第六条第二款"
    assert departments.startswith("区廉租住房标准 第三条")
    assert draft.support.startswith("临时救助")
    assert draft.weighed[0].startswith("market: 以现行标准为准")
    assert [(one.coordination, one.item) for one in draft.ratings] == [(Rating.SATISFIED, Rating.DISSATISFIED)]
    assert draft.blocked_by == ("market REFUSED",)
    assert [(step.key, step.role) for step in draft.plan] == [("market", Role.SUPPORT), ("owner", Role.EXTERNAL)]
    (reply,) = draft.replies
    assert (reply.reply, reply.in_time, reply.seconds) == (ReplyCode.REFUSED, False, 5 * 86_400)
    assert (draft.outcome, draft.cause, draft.days_to_outcome) == (Outcome.LAWFULLY_REFUSED, Cause.CROSS_DEPT, 5.0)


@pytest.mark.parametrize(
    ("decision", "outcome", "counted"),
    [
        (TriageDecision.REFER_OUT, Outcome.REFERRED, False),
        (TriageDecision.RESOLVE_ON_SPOT, Outcome.EXPLAINED, True),
        (TriageDecision.COORDINATE, Outcome.REFERRED, True),
        (TriageDecision.COORDINATE, Outcome.NOT_DONE, True),
        (TriageDecision.SUPERVISE, Outcome.DONE, True),
    ],
)
def test_rates_leave_out_what_was_never_this_windows_matter_and_nothing_else(
    decision: TriageDecision, outcome: Outcome, counted: bool
) -> None:
    record = samples.record(cause=Cause.OUT_OF_SCOPE, stage=CaseStage.CLOSED)
    assert record.triage is not None
    ended = OutcomeRecord(outcome=outcome, decided_by="user:leader", decided_at=samples.DUE, reason="12345")
    triage = record.triage.model_copy(update={"decision": decision})
    update = {"triage": triage, "outcome": ended, "closed_at": samples.DUE}
    draft = draft_precedent(record.model_copy(update=update))
    assert draft is not None
    assert draft.counted_in_rates is counted


def test_an_open_case_leaves_no_draft() -> None:
    assert draft_precedent(samples.record()) is None


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("依据沪府规〔2022〕1号第六条", "〔2022〕1号第六条"),
        ("三个工作日内办理营业执照", "三个工作日内办理营业执照"),
        ("租约已签, 申请2次未办成", "2次未办成"),
    ],
)
def test_what_names_nobody_stays(text: str, kept: str) -> None:
    assert kept in mask_text(text)


@pytest.mark.parametrize(
    "personal",
    [
        "１３９００００１２３４",
        "021-5555 0000",
        "310000199001010010",
        "310000900101001",
        "+86 139 0000 1234",
        "6222020000001234",
    ],
)
def test_numbers_go_in_every_spelling(personal: str) -> None:
    masked = mask_text(f"电话{personal}请回电")
    assert "〔号码〕" in masked
    assert not any(sign.isdigit() for sign in masked)
