"""No silent deadline (I6): for every due time an answer in time or an escalation on record, never both."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from domain.case import CaseRecord
from domain.clock import Clock, ClockKind, due
from domain.codes import CaseStage, RequestState, Urgency
from domain.fact import FactKind
from domain.inbox import InboxStatus, MessageKind
from domain.invariants import Evidence, ends_round
from domain.invariants_clocks import GRACE, owed, proved
from domain.joint_decision import DangerousAct, Proposal
from domain.ladder import instants
from domain.launch import CaseLaunch
from domain.learned_years import counted_with
from domain.rung_proof import RungProof
from domain.snapshot import CaseSnapshot, RequestSnapshot, RoundSnapshot
from domain.waiting import Matter

_TOLD: Final = "delivered"
_REMINDS: Final = ("before", "due_day")
"""Rungs that say that something is due, not that it is overdue."""


def no_silent_deadline(seen: Evidence) -> Iterator[str]:
    """I6"""
    yield from _first_contact(seen)
    yield from _before_launch(seen)
    if seen.launch is None:
        return
    for request, turn in seen.rounds():
        for clock in turn.clocks:
            yield from _round_clock(seen, seen.launch, (request, turn), clock)
    if seen.record.snapshot is not None:
        yield from _waits(seen.record.snapshot)


def _waits(snapshot: CaseSnapshot) -> Iterator[str]:
    """Whoever on our side must move has a clock."""
    if snapshot.outcome is not None:
        return
    chased = {(wait.matter, wait.request_id) for wait in snapshot.waits if wait.running}
    acts = [one for one in snapshot.proposals if one.settled_at is None]
    for request in snapshot.requests:
        waits = {matter for matter, about in chased if about == request.request_id}
        if request.state is RequestState.DECISION and not waits and not _settled_by_two(request, acts):
            yield f"{request.request_id}: it waits for a decision and nobody is chased for it"
    if any(_chased_for(act, snapshot) for act in acts) and not any(
        wait.running and wait.matter is Matter.SECOND_PERSON for wait in snapshot.waits
    ):
        yield "an act waits for its second person and nobody is chased for it"
    if snapshot.decision_needed and not chased:
        yield "somebody must decide and nobody is chased for it"


def _chased_for(act: Proposal, snapshot: CaseSnapshot) -> bool:
    return act.act is not DangerousAct.REVOKE or not any(one.revocation_rests for one in snapshot.deferrals)


def _settled_by_two(request: RequestSnapshot, acts: Sequence[Proposal]) -> bool:
    """The second person is chased instead."""
    return any(
        one.act is DangerousAct.CLOSE_UNANSWERED
        or (one.request_id == request.request_id and one.round in (None, len(request.rounds)))
        for one in acts
    )


def _first_contact(seen: Evidence) -> Iterator[str]:
    if not _contact_was_silent(seen.record, seen):
        return
    told = [
        fact
        for fact in seen.kinds(FactKind.RUNG_FIRED)
        if fact.data.get("clock") == ClockKind.FIRST_CONTACT and not fact.data.get("when", "").startswith(_REMINDS)
    ]
    if not told:
        yield "nobody spoke to the requester in time, and nothing on record says so"


def _before_launch(seen: Evidence) -> Iterator[str]:
    """While it waits for the duty leader: whatever that clock owed is proved, told apart by the stage."""
    record = seen.record
    stage = record.stage.value.lower()
    if record.decision_clock is None:
        if record.stage in (CaseStage.REGISTERED, CaseStage.TRIAGED):
            yield f"it is {stage}, and nobody is chased for the next step"
        return
    proved = {fact.fact_id for fact in seen.kinds(FactKind.RUNG_FIRED)}
    for rung in owed(seen.decision_rungs, record.decision_clock, seen.now):
        if f"{seen.case_id}.{stage}.{rung.rung.name}" not in proved:
            yield f"{rung.rung.name} of the {stage} case was owed at {rung.at.isoformat()} and left no proof"


def _contact_was_silent(record: CaseRecord, seen: Evidence) -> bool:
    if record.first_contact is not None:
        return record.first_contact.at > seen.contact_owed_at + GRACE
    # Once a case is closed nobody is waited for
    until = record.closed_at if record.stage is CaseStage.CLOSED and record.closed_at else seen.now
    return until > seen.contact_owed_at + GRACE


def _round_clock(
    seen: Evidence, launch: CaseLaunch, where: tuple[RequestSnapshot, RoundSnapshot], clock: Clock
) -> Iterator[str]:
    request, turn = where
    place = f"{request.request_id}.r{turn.number}"
    told = [one for one in _told_so_far(request, turn) if one.clock is clock.kind]
    proofs = {proof.rung: proof for proof in turn.rungs if proof.clock is clock.kind}
    learned = seen.record.snapshot.learned if seen.record.snapshot else ()
    calendar = counted_with(launch.calendar, learned, clock)
    rungs = instants(launch.ladder, clock, calendar, urgent=launch.urgency is Urgency.URGENT)
    due_at = due(clock, calendar).at
    if turn.in_time and clock.kind is ClockKind.REPLY:
        for rung in rungs:
            proof = proofs.get(rung.rung.name)
            if rung.rung.when.relation in _REMINDS or proof is None or proof.result != _TOLD:
                continue
            # What was told before the clock was counted anew was true then
            if not any(proof.fired_at <= one.at for one in learned):
                yield f"{place}: {proof.rung} was told although the answer came in time"
    if _is_on_its_way(seen, turn, request, clock.kind, due_at):
        return
    for rung in owed(rungs, clock, seen.now):
        if not proved(rung, clock, told, learned):
            yield f"{place}: {rung.rung.name} was owed at {rung.at.isoformat()} and left no proof"
    if clock.kind is not ClockKind.REPLY or any(rung.rung.when.tells_of_lateness for rung in rungs):
        return
    if due_at is not None and clock.stopped_at is None and due_at < seen.now - GRACE:
        yield f"{place}: it is overdue and the ladder has no rung that says so"


def _told_so_far(request: RequestSnapshot, turn: RoundSnapshot) -> Iterator[RungProof]:
    """A round that goes on with an earlier one's clocks does not repeat what their ladders did."""
    for one in request.rounds:
        if one.number == turn.number or (turn.carried and one.number < turn.number):
            yield from one.rungs


def _is_on_its_way(
    seen: Evidence, turn: RoundSnapshot, request: RequestSnapshot, kind: ClockKind, due_at: datetime | None
) -> bool:
    """What is awaited came in time and only waits to be applied: the rung is held, not forgotten."""
    if turn.ended_at is not None or due_at is None:
        return False
    return any(
        (entry.message.request_id, entry.message.round) == (request.request_id, turn.number)
        and entry.received_at <= due_at
        and (ends_round(entry) or (kind is ClockKind.SIGN_FOR and entry.message.kind is MessageKind.ACKNOWLEDGED))
        for entry in seen.inbox
        if entry.status in (InboxStatus.RECEIVED, InboxStatus.APPLIED)
    )
