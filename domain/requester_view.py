"""What a requester is told about the own case: never other people's contacts, never departments' internal words."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from domain.case import CaseRecord
from domain.clock import ClockKind
from domain.codes import CaseStage, Outcome, ReplyCode, RequestState, RoundEnd, TriageDecision
from domain.follow_up_order import FollowUpOrder
from domain.plan import AskKind
from domain.requester_text import OUTCOMES, STAGES, Words, both, local
from domain.snapshot import RequestSnapshot
from domain.to_supply import ToSupply, to_supply
from domain.wire import Instant, Wire


class StepView(Wire):
    """One department's part."""

    department: Words | None
    """None: somebody outside the departments, who is not named."""
    status: Words
    due_at: Instant | None
    declined_by: tuple[Words, ...] = ()
    """Departments that said it is not theirs."""
    responsible: Words | None = None
    """Who answers for it now."""
    later_lists: Words | None = None
    """Said when a department needed more than the list that it had told once."""


class ExtensionView(Wire):
    department: Words | None
    reason: str
    until: Instant | None


class OutcomeView(Wire):
    code: Outcome
    label: Words
    reason: str
    legal_basis: str | None
    remedy: str | None
    where_to_go: str | None
    support: str | None
    decided_at: Instant


class RatingView(Wire):
    state: str
    """`open`, `rated` or `closed`."""
    text: Words
    closes_at: Instant | None


class RequesterView(Wire):
    """一次看清：办到哪一步、等谁、要补什么、何时联系。"""

    case_id: str
    stage: CaseStage
    now: Words
    registered_at: Instant
    steps: tuple[StepView, ...] = ()
    to_supply: tuple[ToSupply, ...] = ()
    extensions: tuple[ExtensionView, ...] = ()
    next_contact_by: Instant | None = None
    next_contact: Words
    outcome: OutcomeView | None = None
    rating: RatingView | None = None
    reopened_from: str | None = None
    reopened_as: tuple[str, ...] = ()


class Circumstances(NamedTuple):
    """What the view is drawn from beside the case."""

    departments: Mapping[str, Words]
    follow_up: FollowUpOrder | None
    rating_closes_at: datetime | None
    rated: bool
    now: datetime


def requester_view(record: CaseRecord, given: Circumstances) -> RequesterView:
    snapshot = record.snapshot
    requests = snapshot.requests if snapshot else ()
    supplies = to_supply(snapshot) if snapshot and record.outcome is None else ()
    due_at, contact = _next_contact(record, given)
    return RequesterView(
        case_id=record.case_id,
        stage=record.stage,
        now=_now(record, supplies),
        registered_at=record.registered_at,
        steps=tuple(_step(request, given.departments) for request in requests if request.verifies is None),
        to_supply=supplies,
        extensions=tuple(_extensions(requests, given.departments)),
        next_contact_by=due_at,
        next_contact=contact,
        outcome=_outcome(record),
        rating=_rating(given),
        reopened_from=record.lineage.reopened_from,
        reopened_as=record.lineage.reopened_as,
    )


def _now(record: CaseRecord, supplies: Sequence[ToSupply]) -> Words:
    if record.outcome is not None:
        label = OUTCOMES[record.outcome.outcome]
        return both(f"已办结：{label.zh}", f"Closed: {label.en}")
    if any(item.awaited for item in supplies):
        return both("需要您补充材料，请看下方清单", "We need something from you: see the list below")
    if record.snapshot is not None and record.snapshot.interim_outcome is not None:
        return OUTCOMES[record.snapshot.interim_outcome]
    if record.snapshot is not None and record.snapshot.decision_needed:
        return both("已有部门反馈，值班长正在研究下一步", "There are answers; the duty leader is deciding how to go on")
    return STAGES[record.stage]


def _step(request: RequestSnapshot, departments: Mapping[str, Words]) -> StepView:
    turn = request.round
    declined = dict.fromkeys(
        one.department for one in request.rounds if one.reply is ReplyCode.NOT_MINE and one.department is not None
    )
    responsible = request.responsible or (request.department if declined else None)
    named = _named(request.department, departments) if request.kind is AskKind.DEPARTMENT else None
    waiting = request.state is RequestState.OPEN and turn is not None
    return StepView(
        department=named,
        status=_status(request),
        due_at=turn.due_at if waiting and turn else None,
        declined_by=tuple(_name(code, departments) for code in declined),
        responsible=_named(responsible, departments) if declined else None,
        later_lists=_later_lists(request.later_lists),
    )


def _later_lists(count: int) -> Words | None:
    """What is missing should be told once; the requester may know when it was not."""
    if count == 0:
        return None
    times = "once" if count == 1 else f"{count} times"
    return both(
        f"部门在一次性告知之后又追加了材料（{count}次），值班长已知悉",
        f"More was asked for after the full list, {times}; the duty leader knows",
    )


def _status(request: RequestSnapshot) -> Words:
    if request.kind is AskKind.STATUTORY_WAIT and request.state is not RequestState.ANSWERED:
        return both("法定公示或等待期", "a period that the law prescribes")
    reply = request.round.reply if request.round else None
    match request.state:
        case RequestState.PENDING:
            return both("等待前一步完成", "waits for the step before")
        case RequestState.OPEN if request.round and request.round.outage and request.round.outage.ended_at is None:
            return both("办理中；该部门系统暂时中断，我们会继续联系", "its system is down for now; we keep trying")
        case RequestState.OPEN:
            return both("办理中", "being worked on")
        case RequestState.SUPPLEMENT:
            return both("等待您补充材料", "waits for what you supply")
        case RequestState.DECISION if request.round and request.round.end is RoundEnd.DEPARTMENT_DISABLED:
            return both(
                "该部门暂不能办理，值班长正在安排由谁接办",
                "cannot work on it now; the duty leader finds who takes over",
            )
        case RequestState.DECISION if reply is ReplyCode.NOT_MINE:
            return both(
                "该部门认为不属于其职责，值班长正在确定由谁负责", "said it is not theirs; the duty leader rules"
            )
        case RequestState.DECISION:
            return both("已反馈，值班长正在研究", "answered; the duty leader is deciding")
        case RequestState.ANSWERED:
            return _ANSWERS.get(reply, both("已答复", "answered")) if reply else both("已完成", "finished")
        case _:
            return both("不再需要", "not needed any more")


_ANSWERS = {
    ReplyCode.ACCEPTED: both("已同意办理", "accepted"),
    ReplyCode.ACCEPTED_CONDITIONALLY: both("容缺受理", "accepted on condition"),
    ReplyCode.REFUSED: both("不予办理，值班长复核后正式答复您", "refused; the duty leader tells you what follows"),
    ReplyCode.NO_RESULT: both("已查找，未有结果", "tried, without result"),
}


def _extensions(requests: Sequence[RequestSnapshot], departments: Mapping[str, Words]) -> Iterator[ExtensionView]:
    for request in requests:
        for turn in request.rounds:
            for clock in turn.clocks:
                if clock.kind is ClockKind.REPLY:
                    for granted in clock.extensions:
                        named = _named(turn.department, departments)
                        yield ExtensionView(department=named, reason=granted.reason, until=turn.due_at)


def _next_contact(record: CaseRecord, given: Circumstances) -> tuple[datetime | None, Words]:
    if record.first_contact is None and record.outcome is None:
        at = record.first_contact_due_at
        return at, both(f"我们将在 {local(at)} 前与您联系", f"We contact you by {local(at)}")
    shown = given.follow_up.snapshot if given.follow_up else None
    if shown is not None and shown.review is not None and shown.review.contacted_at is None:
        by = shown.review.contact_due_at
        return by, _promise(by, "就您的评价与您联系", "about your rating")
    if shown is not None and not shown.call_over:
        return shown.call_due_at, _promise(shown.call_due_at, "回访您", "to ask whether it is resolved")
    if record.outcome is not None:
        return None, both("如有疑问可随时联系窗口", "Ask the window whenever you have a question")
    return None, both("有新进展时我们会主动联系您", "We contact you as soon as something moves")


def _promise(at: datetime | None, zh: str, en: str) -> Words:
    return both(f"我们将在 {local(at)} 前{zh}", f"We call you by {local(at)} {en}") if at else both(f"我们会{zh}", en)


def _outcome(record: CaseRecord) -> OutcomeView | None:
    ended = record.outcome
    if ended is None:
        return None
    triage = record.triage
    where = triage.refer_to if triage and triage.decision is TriageDecision.REFER_OUT else None
    # Why the engine ended it is our own business; a person's reason is the requester's answer
    reason = "" if ended.decided_by == "engine" else ended.reason
    return OutcomeView(
        code=ended.outcome,
        label=OUTCOMES[ended.outcome],
        reason=reason,
        legal_basis=ended.legal_basis,
        remedy=ended.remedy,
        where_to_go=where,
        support=ended.support,
        decided_at=ended.decided_at,
    )


def _rating(given: Circumstances) -> RatingView | None:
    closes_at = given.rating_closes_at
    if closes_at is None:
        return None
    if given.rated:
        return RatingView(state="rated", text=both("您已评价，谢谢", "You have rated, thank you"), closes_at=closes_at)
    if given.now > closes_at:
        return RatingView(state="closed", text=both("评价期限已过", "The time to rate is over"), closes_at=closes_at)
    words = both(f"您可在 {local(closes_at)} 前评价一次", f"You may rate once, until {local(closes_at)}")
    return RatingView(state="open", text=words, closes_at=closes_at)


def _named(code: str | None, departments: Mapping[str, Words]) -> Words | None:
    return None if code is None else _name(code, departments)


def _name(code: str, departments: Mapping[str, Words]) -> Words:
    return departments.get(code) or both("另一部门", "another department")
