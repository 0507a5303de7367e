"""A closed case as the library may keep it: what was asked, what blocked it, what was done, without anybody in it."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from domain.case import CaseRecord
from domain.codes import Cause, Outcome, ReplyCode, RequestState, Role
from domain.follow_up import Rating, RatingGiven
from domain.masking import mask_text
from domain.plan import AskKind
from domain.snapshot import RequestSnapshot, RoundSnapshot
from domain.wire import Instant, Wire


class PlanStep(Wire):
    """One ask without its words: who, in which part, after whom."""

    key: str
    kind: AskKind
    role: Role
    department: str | None
    after: tuple[str, ...]
    limit: str | None


class PrecedentReply(Wire):
    """One turn as codes and durations; what departments wrote stays in the case."""

    step: str
    round: int
    department: str | None
    reply: ReplyCode | None
    seconds: int | None
    """From opening to the reply's receipt, as the wall clock counts."""
    in_time: bool | None


class PrecedentRating(Wire):
    """How the requester judged it. The comment stays in the case."""

    coordination: Rating
    item: Rating | None


class Precedent(Wire):
    """A draft: nothing enters the library before a person has read it."""

    case_id: str
    closed_at: Instant
    item: str
    item_code: str | None
    cause: Cause | None
    category: str | None
    tag: str = ""
    """What the duty leader wants it found under, masked."""
    question: str
    blocked_by: tuple[str, ...]
    """`<department> <code>`: who could not, or did not think it theirs, or was silent."""
    plan: tuple[PlanStep, ...]
    replies: tuple[PrecedentReply, ...]
    legal_bases: tuple[str, ...]
    """Of the outcome, of what two people decided and of the departments' own answers, masked."""
    weighed: tuple[str, ...] = ()
    """Why one of two contradicting answers stood, masked."""
    outcome: Outcome
    counted_in_rates: bool = True
    """Whether rates of what got done, and in time, may count it."""
    ground: str
    """Why it ended so, masked."""
    remedy: str
    support: str = ""
    """What was given instead of the original wish, masked."""
    ratings: tuple[PrecedentRating, ...] = ()
    """They come after the draft, which is then written anew."""
    days_to_outcome: float
    generation: int


_BLOCKING = frozenset({ReplyCode.REFUSED, ReplyCode.NOT_MINE, ReplyCode.NEED_MORE, ReplyCode.NO_RESULT})


def draft_precedent(record: CaseRecord, ratings: Sequence[RatingGiven] = ()) -> Precedent | None:
    """None as long as the case has no outcome. Every text of people in it is masked."""
    if record.outcome is None or record.closed_at is None:
        return None
    known = tuple(_known_values(record))
    requests = record.snapshot.requests if record.snapshot else ()
    return Precedent(
        case_id=record.case_id,
        closed_at=record.closed_at,
        item=mask_text(record.registration.item.name, known),
        item_code=record.registration.item.code,
        cause=record.triage.cause if record.triage else None,
        category=(record.triage.category if record.triage else None) or record.registration.category,
        tag=mask_text((record.triage.library_tag if record.triage else None) or "", known),
        question=mask_text(record.registration.request, known),
        blocked_by=tuple(dict.fromkeys(_blocked_by(requests))),
        plan=tuple(_step(request, record) for request in requests),
        replies=tuple(_reply(request, turn) for request in requests for turn in request.rounds),
        legal_bases=tuple(dict.fromkeys(mask_text(basis, known) for basis in _legal_bases(record, requests) if basis)),
        weighed=tuple(mask_text(_reason(weighing), known) for weighing in _weighings(record)),
        outcome=record.outcome.outcome,
        counted_in_rates=record.counted_in_rates,
        ground=mask_text(record.outcome.reason, known),
        remedy=mask_text(record.outcome.remedy or "", known),
        support=mask_text(record.outcome.support or "", known),
        ratings=tuple(PrecedentRating(coordination=given.coordination, item=given.item) for given in ratings),
        days_to_outcome=round((record.closed_at - record.registered_at) / timedelta(days=1), 2),
        generation=record.lineage.generation,
    )


def _known_values(record: CaseRecord) -> Iterator[str]:
    requester = record.registration.requester
    values = (requester.name, requester.contact, requester.agent, requester.resident_id, requester.uscc)
    yield from (value for value in values if value)
    if requester.health:
        yield requester.health
    for request in record.snapshot.requests if record.snapshot else ():
        if request.party:
            yield request.party


def _blocked_by(requests: tuple[RequestSnapshot, ...]) -> Iterator[str]:
    for request in requests:
        for turn in request.rounds:
            if turn.reply in _BLOCKING:
                yield f"{turn.department or request.role.value} {turn.reply}"
            elif turn.in_time is False:
                yield f"{turn.department or request.role.value} LATE"
        if request.state is RequestState.WAIVED:
            yield f"{request.department or request.role.value} SILENT"


def _step(request: RequestSnapshot, record: CaseRecord) -> PlanStep:
    asks = {ask.key: ask for ask in record.plan.asks} if record.plan else {}
    limit = asks[request.key].reply_limit if request.key in asks else None
    return PlanStep(
        key=request.key,
        kind=request.kind,
        role=request.role,
        department=request.department,
        after=request.after,
        limit=str(limit) if limit else None,
    )


def _reply(request: RequestSnapshot, turn: RoundSnapshot) -> PrecedentReply:
    took = turn.received_at - turn.opened_at if turn.received_at else None
    return PrecedentReply(
        step=request.key,
        round=turn.number,
        department=turn.department,
        reply=turn.reply,
        seconds=round(took.total_seconds()) if took else None,
        in_time=turn.in_time,
    )


def _legal_bases(record: CaseRecord, requests: tuple[RequestSnapshot, ...]) -> Iterator[str | None]:
    yield record.outcome.legal_basis if record.outcome else None
    for proposal in record.snapshot.proposals if record.snapshot else ():
        if proposal.confirmed:
            yield proposal.legal_basis
    for request in requests:
        yield from (turn.reply_basis for turn in request.rounds)


def _weighings(record: CaseRecord) -> tuple[str, ...]:
    return record.snapshot.weighings if record.snapshot else ()


def _reason(weighing: str) -> str:
    """Without the request id in front: the step that it names is told by its key."""
    prevails, _, reason = weighing.partition(": ")
    return f"{prevails.partition('.')[2]}: {reason}"
