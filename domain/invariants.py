"""What must never be: each check reads one case's evidence and names what it finds broken."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from domain.case import CaseRecord
from domain.codes import CaseStage, ReplyCode, RequestState, RoundEnd
from domain.exchange import Exchange
from domain.fact import ChainedFact, Fact, FactKind
from domain.follow_up import FollowUpOrder
from domain.inbox import InboxEntry, InboxStatus, MessageKind
from domain.kept_message import Standing, messages
from domain.ladder import ScheduledRung
from domain.launch import CaseLaunch, CaseResult
from domain.reply import FINAL_REPLIES
from domain.snapshot import CaseSnapshot, RequestSnapshot, RoundSnapshot
from domain.wire import Wire

SETTLED_WITHIN: Final = timedelta(hours=2)
"""A message that is still waiting after this was lost sight of."""
_ENDS_REQUEST: Final = FINAL_REPLIES - {ReplyCode.ACCEPTED_CONDITIONALLY}
_BEGINS_ROUND: Final = frozenset({FactKind.ROUND_OPENED, FactKind.REASSIGNED, FactKind.ASKED_AGAIN})


class Finding(Wire):
    """One broken invariant, by its number in the reliability design."""

    invariant: str
    case_id: str
    detail: str


class Evidence(NamedTuple):
    """Everything that store and engine know about one case."""

    record: CaseRecord
    facts: Sequence[ChainedFact]
    chain_problems: Sequence[str]
    inbox: Sequence[InboxEntry]
    exchanges: Sequence[Exchange]
    follow_ups: Sequence[FollowUpOrder]
    launch: CaseLaunch | None
    ordered: bool
    """The order to launch is still waiting for the engine."""
    live: CaseSnapshot | None
    """None when the engine does not know the case."""
    result: CaseResult | None
    history_kept_for: timedelta
    """How long the engine keeps the history of a case that is over."""
    contact_owed_at: datetime
    """When silence towards the requester must be on record."""
    decision_rungs: tuple[ScheduledRung, ...]
    """Before the launch: what the duty leader's clock owes."""
    now: datetime

    @property
    def case_id(self) -> str:
        return self.record.case_id

    @property
    def requests(self) -> tuple[RequestSnapshot, ...]:
        return self.record.snapshot.requests if self.record.snapshot else ()

    @property
    def past_history(self) -> bool:
        """It is over for so long that the engine need not know it any more."""
        closed_at = self.record.closed_at
        return self.forgotten and closed_at is not None and closed_at + self.history_kept_for < self.now

    @property
    def forgotten(self) -> bool:
        """It was coordinated and is closed, and nothing is there to compare the store with."""
        return self.record.stage is CaseStage.CLOSED and self.record.launched_at is not None and self.live is None

    def kinds(self, kind: FactKind) -> list[Fact]:
        return [chained.fact for chained in self.facts if chained.fact.kind is kind]

    def rounds(self) -> Iterator[tuple[RequestSnapshot, RoundSnapshot]]:
        return ((request, turn) for request in self.requests for turn in request.rounds)

    def replies(self, *statuses: InboxStatus) -> list[InboxEntry]:
        """Messages that end a round, in these states."""
        return [entry for entry in self.inbox if entry.status in statuses and ends_round(entry)]


Check = Callable[[Evidence], Iterator[str]]


def ends_round(entry: InboxEntry) -> bool:
    reply = entry.message.reply
    return entry.message.kind is MessageKind.REPLIED and reply is not None and reply.code is not ReplyCode.INTERIM


def one_run(seen: Evidence) -> Iterator[str]:
    """I1"""
    record = seen.record
    if record.launched_at is None:
        return
    if seen.launch is None:
        yield "it was launched, and there is no order to launch it"
    if record.stage is CaseStage.COORDINATING and seen.live is None:
        yield "it is being coordinated, and the engine does not know it"
    if record.stage is CaseStage.LAUNCHING and seen.live is None and not seen.ordered:
        yield "it waits to be launched, and nothing will launch it"


def one_terminal_state(seen: Evidence) -> Iterator[str]:
    """I2"""
    for request in seen.requests:
        yield from (f"{request.request_id}: {problem}" for problem in _state_problems(request))
        ends = [chained for chained in seen.facts if _ends_request(chained.fact, request.request_id)]
        if len(ends) > 1:
            kinds = ", ".join(chained.fact.kind for chained in ends)
            yield f"{request.request_id}: it ended more than once ({kinds})"
        later = [
            chained
            for chained in seen.facts
            if ends
            and chained.position > ends[0].position
            and chained.fact.request_id == request.request_id
            and chained.fact.kind in _BEGINS_ROUND
        ]
        if later:
            yield f"{request.request_id}: a round began after it had ended"
        if seen.result is not None and not request.state.terminal:
            yield f"{request.request_id}: the case is over and it is {request.state}"


def _state_problems(request: RequestSnapshot) -> Iterator[str]:
    turns = request.rounds
    if [turn.number for turn in turns] != list(range(1, len(turns) + 1)):
        yield "its rounds are not numbered one by one"
    if any(turn.ended_at is None for turn in turns[:-1]):
        yield "a round before the latest is still open"
    finals = [turn.number for turn in turns if turn.end is RoundEnd.FINAL]
    if len(finals) > 1:
        yield f"rounds {finals} both ended with a final answer"
    last = turns[-1] if turns else None
    match request.state:
        case RequestState.PENDING if turns:
            yield "it waits for its turn and has been asked"
        case RequestState.OPEN if last is None or last.ended_at is not None:
            yield "it is open without an open round"
        case RequestState.DECISION if last is None or last.ended_at is None:
            yield "it waits for a decision while its round is open"
        case RequestState.ANSWERED if last is None or last.end is not RoundEnd.FINAL:
            yield "it is answered without a final answer"
        case RequestState.WITHDRAWN if finals or (last is not None and last.ended_at is None):
            yield "it is withdrawn, and also answered or still open"
        case _:
            pass


def _ends_request(fact: Fact, request_id: str) -> bool:
    if fact.request_id != request_id:
        return False
    final_reply = fact.kind is FactKind.REPLIED and fact.data.get("code") in _ENDS_REQUEST
    return final_reply or fact.kind in (FactKind.REQUEST_WITHDRAWN, FactKind.WAIT_OVER)


def nothing_lost(seen: Evidence) -> Iterator[str]:
    """I3"""
    answers = {(request.request_id, turn.number): turn.answer_ref for request, turn in seen.rounds()}
    known = {entry.entry_id for entry in seen.inbox}
    for entry in seen.inbox:
        if not entry.raw or not entry.signature:
            yield f"message {entry.entry_id} was kept without its bytes or its signature"
        if entry.status is InboxStatus.RECEIVED and entry.received_at < seen.now - SETTLED_WITHIN:
            yield f"message {entry.entry_id} was acknowledged and has not been settled"
    for entry in seen.replies(InboxStatus.APPLIED):
        if answers.get((entry.message.request_id, entry.message.round)) != entry.entry_id:
            yield f"message {entry.entry_id} counts as applied, but is the answer of no round"
    for round_, ref in answers.items():
        # Polls, the clerk's records and the clock name themselves; everything else must be in the inbox
        if ref is not None and ":" not in ref and "/" not in ref and ref != "clock" and ref not in known:
            yield f"{round_[0]}.r{round_[1]}: its answer {ref} never came in"


def nothing_deniable(seen: Evidence) -> Iterator[str]:
    """I3: what the facts vouch for is kept, and is what they vouch for."""
    facts = [chained.fact for chained in seen.facts]
    for message in messages(facts, seen.exchanges, seen.inbox):
        if message.standing.broken:
            told = "was altered" if message.standing is Standing.ALTERED else "is missing"
            yield f"message {message.kept_as} ({message.direction.value.lower()}, {message.about[0]}) {told}"


def one_effect(seen: Evidence) -> Iterator[str]:
    """I4"""
    effective = seen.replies(InboxStatus.RECEIVED, InboxStatus.APPLIED)
    per_round = Counter((entry.message.request_id, entry.message.round) for entry in effective)
    for (request_id, number), count in per_round.items():
        if count > 1:
            yield f"{request_id}.r{number}: {count} messages are effective answers"
    replied = Counter((fact.request_id, fact.round) for fact in seen.kinds(FactKind.REPLIED))
    for (of_request, of_round), count in replied.items():
        if count > 1:
            yield f"{of_request}.r{of_round}: {count} replies took effect"
    refs = Counter(turn.answer_ref for _, turn in seen.rounds() if turn.answer_ref and turn.answer_ref != "clock")
    yield from (f"answer {ref} is the answer of {count} rounds" for ref, count in refs.items() if count > 1)
    turns = {(request.request_id, turn.number): turn for request, turn in seen.rounds()}
    for entry in seen.replies(InboxStatus.APPLIED):
        turn = turns.get((entry.message.request_id, entry.message.round))
        said = entry.message.reply.code if entry.message.reply else None
        if turn is not None and turn.answer_ref == entry.entry_id and turn.reply is not None and turn.reply is not said:
            yield f"message {entry.entry_id} said {said}, and the case says {turn.reply}"


def owned(seen: Evidence) -> Iterator[str]:
    """I5"""
    owners = {(request.request_id, turn.number): turn.department for request, turn in seen.rounds()}
    for entry in seen.inbox:
        owner = owners.get((entry.message.request_id, entry.message.round))
        if entry.status is InboxStatus.APPLIED and owner != entry.department:
            yield f"message {entry.entry_id} of {entry.department} took effect in a round of {owner}"
    for fact in seen.kinds(FactKind.REPLIED):
        owner = owners.get((fact.request_id or "", fact.round or 0))
        if fact.actor.startswith("department:") and fact.actor != f"department:{owner}":
            yield f"fact {fact.fact_id}: {fact.actor} replied in a round of {owner}"


def same_story(seen: Evidence) -> Iterator[str]:
    """I8"""
    stored, live = seen.record.snapshot, seen.live
    if live is None or stored == live:
        return
    if stored is None or stored.version < live.version:
        yield f"the projection is at version {stored.version if stored else 0}, the engine at {live.version}"
    elif stored.version > live.version:
        yield f"the projection is at version {stored.version}, and the engine only at {live.version}"
    else:
        yield f"projection and engine differ at version {live.version}"


def history_there(seen: Evidence) -> Iterator[str]:
    """I8: what cannot be compared must not pass for what agrees."""
    if seen.forgotten and not seen.past_history:
        yield "it is closed, and the engine has lost its history before its time"


def complete_record(seen: Evidence) -> Iterator[str]:
    """I10"""
    yield from seen.chain_problems
    record = seen.record
    needed = {
        FactKind.REGISTERED: True,
        FactKind.FIRST_CONTACT: record.first_contact is not None,
        FactKind.TRIAGED: record.triage is not None,
        FactKind.LAUNCH_REQUESTED: record.launched_at is not None,
        FactKind.LAUNCHED: record.snapshot is not None,
    }
    for kind, expected in needed.items():
        if (count := len(seen.kinds(kind))) != int(expected):
            yield f"{count} facts of kind {kind}, expected {int(expected)}"
    serials = {int(fact_id.rpartition("/")[2]) for fact_id in _engine_facts(seen)}
    if missing := sorted(set(range(1, record.version + 1)) - serials):
        yield f"changes without a record: versions {missing[:10]}"


def _engine_facts(seen: Evidence) -> Iterator[str]:
    """The engine numbers its facts by the version that each of them made."""
    for chained in seen.facts:
        fact_id = chained.fact.fact_id
        if fact_id.startswith(f"{seen.case_id}/") and fact_id.rpartition("/")[2].isdigit():
            yield fact_id


def outcome_once(seen: Evidence) -> Iterator[str]:
    """I11"""
    record = seen.record
    if (record.stage is CaseStage.CLOSED) != (record.outcome is not None):
        yield f"its stage is {record.stage}, its outcome {record.outcome.outcome if record.outcome else 'none'}"
    # "Done conditionally" is told on the way and ends nothing
    told = [fact for fact in seen.kinds(FactKind.OUTCOME) if "interim" not in fact.data]
    if len(told) != int(record.outcome is not None):
        yield f"{len(told)} facts tell an outcome"
    if record.outcome is None:
        if seen.result is not None:
            yield f"the engine ended it as {seen.result.outcome.outcome}, the store has no outcome"
        return
    code = record.outcome.outcome
    yield from (f"a fact tells {fact.data.get('outcome')}, the case {code}" for fact in told if _other(fact, code))
    if seen.result is not None and seen.result.outcome != record.outcome:
        yield f"the engine ended it as {seen.result.outcome.outcome}, the store says {code}"
    if seen.live is not None and seen.live.outcome != record.outcome:
        yield "engine and store tell different outcomes"


def _other(fact: Fact, code: str) -> bool:
    return fact.data.get("outcome") != code
