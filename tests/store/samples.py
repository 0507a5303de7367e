"""Values that the store tests write."""

import hashlib
from datetime import UTC, datetime, timedelta
from itertools import count

from domain.case import CaseRecord, FirstContact, Item, Registration, Requester, RequesterType, Triage
from domain.clock import Clock, ClockKind
from domain.codes import CaseStage, Cause, Outcome, ReplyCode, RequestState, Role, RoundEnd, TriageDecision
from domain.fact import Fact, FactKind
from domain.inbox import DepartmentMessage, InboxEntry, InboxStatus, MessageKind
from domain.limit import Limit
from domain.plan import AskKind
from domain.reply import Accepted, Interim, Reply
from domain.rung_proof import ClockProofs, RungProof
from domain.snapshot import CaseProgress, CaseSnapshot, OutcomeRecord, RequestSnapshot, RoundSnapshot
from domain.waiting import Matter, WaitSnapshot

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DUE = START + timedelta(days=5)
HOSTILE = "'; DROP TABLE cases; -- %_\\ \"\r\n\x00\u202e𠮷\U0001f600<script>{{7*7}}=cmd|'/c'"
_serial = count(1)


def case_id(serial: int = 1) -> str:
    return f"LD-2026-{serial:06d}"


def record(
    serial: int = 1,
    *,
    at: datetime = START,
    external_id: str | None = None,
    title: str = "营业执照办不成",
    stage: CaseStage = CaseStage.REGISTERED,
    owner: str | None = None,
    contact_due: datetime = DUE + timedelta(days=365),
    contacted: bool = False,
    cause: Cause | None = None,
) -> CaseRecord:
    triage = (
        Triage(decision=TriageDecision.COORDINATE, cause=cause, decided_by="user:l", decided_at=at) if cause else None
    )
    return CaseRecord(
        case_id=case_id(serial),
        stage=stage,
        registered_at=at,
        registered_by="user:clerk",
        registration=Registration(
            external_id=external_id,
            title=title,
            request="请协调",
            requester=Requester(type=RequesterType.INDIVIDUAL, name="张三"),
            item=Item(name="开办餐饮店"),
        ),
        owner=owner,
        first_contact_clock=Clock(
            clock_id=f"{case_id(serial)}.first_contact",
            kind=ClockKind.FIRST_CONTACT,
            started_at=at,
            limit=Limit.parse("1 working_days"),
        ),
        first_contact_due_at=contact_due,
        first_contact=FirstContact(at=at, by="user:clerk", channel="phone") if contacted else None,
        triage=triage,
    )


def turn(number: int = 1, *, department: str | None = "market", due_at: datetime | None = DUE) -> RoundSnapshot:
    return RoundSnapshot(number=number, department=department, opened_at=START, due_at=due_at)


def ended(started: RoundSnapshot, *, in_time: bool = True) -> RoundSnapshot:
    update = {"ended_at": DUE, "end": RoundEnd.FINAL, "reply": ReplyCode.ACCEPTED, "in_time": in_time}
    return started.model_copy(update=update)


def proof(rung: str = "due") -> RungProof:
    return RungProof(rung=rung, clock=ClockKind.REPLY, planned_at=DUE, fired_at=DUE, result="delivered")


def request(
    serial: int = 1,
    key: str = "market",
    *rounds: RoundSnapshot,
    state: RequestState = RequestState.OPEN,
    kind: AskKind = AskKind.DEPARTMENT,
) -> RequestSnapshot:
    return RequestSnapshot(
        request_id=f"{case_id(serial)}.{key}",
        key=key,
        kind=kind,
        role=Role.SUPPORT if kind is AskKind.DEPARTMENT else Role.EXTERNAL,
        text="请答复",
        department=key if kind is AskKind.DEPARTMENT else None,
        state=state,
        rounds=rounds,
    )


def waiting(matter: Matter = Matter.ANSWER, *, stopped_at: datetime | None = None) -> WaitSnapshot:
    clock = Clock(
        clock_id="wait1",
        kind=matter.clock,
        started_at=START,
        limit=Limit.parse("1 working_days"),
        stopped_at=stopped_at,
    )
    return WaitSnapshot(
        wait_id=f"{case_id()}.wait1",
        matter=matter,
        about=f"{case_id()}.market.r1",
        why="an answer waits",
        deciders=matter.deciders,
        clock=ClockProofs(clock=clock),
        due_at=DUE,
    )


def snapshot(
    serial: int = 1,
    *requests: RequestSnapshot,
    version: int = 1,
    outcome: Outcome | None = None,
    decision_needed: str = "",
) -> CaseSnapshot:
    ended_how = (
        OutcomeRecord(outcome=outcome, decided_by="engine", decided_at=DUE, reason="all agreed") if outcome else None
    )
    return CaseSnapshot(
        case_id=case_id(serial),
        version=version,
        launched_at=START,
        requests=requests,
        decision_needed=decision_needed,
        outcome=ended_how,
    )


def fact(
    fact_id: str, serial: int = 1, *, kind: FactKind = FactKind.REGISTERED, data: dict[str, str] | None = None
) -> Fact:
    return Fact(fact_id=fact_id, case_id=case_id(serial), kind=kind, at=START, actor="engine", data=data or {})


def progress(shown: CaseSnapshot, *facts: Fact) -> CaseProgress:
    return CaseProgress(snapshot=shown, facts=facts)


def accepted(note: str = "") -> Accepted:
    return Accepted(code=ReplyCode.ACCEPTED, note=note)


def interim() -> Interim:
    return Interim(code=ReplyCode.INTERIM, note="正在核查")


def entry(
    message_id: str,
    *,
    reply: Reply | None,
    request_id: str = "LD-2026-000001.market",
    number: int = 1,
    department: str = "market",
    at: datetime = START,
    status: InboxStatus = InboxStatus.RECEIVED,
) -> InboxEntry:
    """`reply` None makes it an acknowledgement."""
    kind = MessageKind.REPLIED if reply else MessageKind.ACKNOWLEDGED
    message = DepartmentMessage(message_id=message_id, kind=kind, request_id=request_id, round=number, reply=reply)
    return InboxEntry(
        entry_id=f"in-{next(_serial)}",
        department=department,
        message_id=message_id,
        received_at=at,
        raw=b'\xff\x00{"not":"utf-8"}',
        signature="v1,abc",
        headers={"webhook-id": message_id},
        message=message,
        status=status,
    )


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
