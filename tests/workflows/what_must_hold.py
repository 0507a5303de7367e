"""Invariants of one case as plain sentences over its snapshots and facts, whatever happened to it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from domain.clock import Clock
from domain.fact import FactKind
from domain.ladder import instants
from domain.rung_proof import RungProof
from domain.snapshot import CaseSnapshot, RoundSnapshot
from tests.workflows.recorder import ProgressMemory
from tests.workflows.skipped_time import CALENDAR, LADDER

_AT_ONCE = timedelta(minutes=1)


def one_terminal_state(store: ProgressMemory) -> None:
    """I2: what has ended never moves again, and only its last round may be open."""
    ended: dict[str, str] = {}
    for snapshot in store.snapshots:
        for request in snapshot.requests:
            state = request.state.value
            assert ended.setdefault(request.request_id, state) == state if request.state.terminal else True
            assert request.request_id not in ended or request.state.terminal, "it left its terminal state"
            assert all(one.ended_at is not None for one in request.rounds[:-1])


def one_effect(store: ProgressMemory, snapshot: CaseSnapshot) -> None:
    """I4: one effective answer a round, and the case says what the fact says."""
    replied = store.of_kind(FactKind.REPLIED)
    assert all(count == 1 for count in Counter((one.request_id, one.round) for one in replied).values())
    assert all(count == 1 for count in Counter(one.data["answer_ref"] for one in replied).values())
    said = {(one.request_id, one.round): (one.data["code"], one.data["answer_ref"]) for one in replied}
    for request in snapshot.requests:
        for turn in request.rounds:
            kept = (turn.reply.value, turn.answer_ref) if turn.reply else None
            assert said.get((request.request_id, turn.number)) == kept


def nobody_was_silent(snapshot: CaseSnapshot, now: datetime) -> None:
    """I6: for every clock of everybody, what its ladder owed left its proof; an answer in time, or an escalation."""
    for request in snapshot.requests:
        proofs = [proof for turn in request.rounds for proof in turn.rungs]
        for turn in request.rounds:
            assert not (turn.in_time and _escalated(turn)), "an answer in time and an escalation"
            for clock in turn.clocks:
                _proved(clock, proofs, now)
    for beside, told in _clocks_beside(snapshot):
        _proved(beside, told, now)


def late_is_visible(snapshot: CaseSnapshot, now: datetime) -> None:
    """I14: an unverified material past its date says so."""
    for deferral in snapshot.deferrals:
        for material in deferral.materials:
            late = material.due_at is not None and CALENDAR.next_office_instant(material.due_at) + _AT_ONCE < now
            assert not late or material.state.value not in ("PROMISED", "REJECTED")


def a_verified_paper_stays(store: ProgressMemory) -> None:
    """I14: it is never verified again, and nothing takes its place."""
    verified: dict[str, str | None] = {}
    for snapshot in store.snapshots:
        for material in (one for deferral in snapshot.deferrals for one in deferral.materials):
            paper = material.submissions[-1].sha256 if material.submissions else None
            if material.state.value == "VERIFIED":
                verified.setdefault(material.material_id, paper)
            if material.material_id in verified:
                assert (material.state.value, paper) == ("VERIFIED", verified[material.material_id])


def _clocks_beside(snapshot: CaseSnapshot) -> Iterable[tuple[Clock, Sequence[RungProof]]]:
    beside = [wait.clock for wait in snapshot.waits]
    beside += [snapshot.supplement.clock] if snapshot.supplement and snapshot.supplement.clock else []
    for deferral in snapshot.deferrals:
        beside += [material.clock for material in deferral.materials if material.clock]
        beside += [deferral.rectification] if deferral.rectification else []
    return [(one.clock, one.rungs) for one in beside]


def _proved(clock: Clock, proofs: Sequence[RungProof], now: datetime) -> None:
    exact = {(proof.clock, proof.rung, proof.planned_at) for proof in proofs}
    named = {(proof.clock, proof.rung) for proof in proofs}
    for owed in instants(LADDER, clock, CALENDAR, urgent=False):
        if owed.at + _AT_ONCE >= (clock.stopped_at or now):
            continue
        if owed.rung.when.relation in ("at", "after"):
            assert (clock.kind, owed.rung.name, owed.at) in exact, f"{clock.clock_id}: {owed.rung.name} left no proof"
        else:
            # A reminder that went out is not repeated when its date moves to before now
            assert (clock.kind, owed.rung.name) in named, f"{clock.clock_id}: {owed.rung.name} left no proof"


def _escalated(turn: RoundSnapshot) -> bool:
    due_at = turn.due_at
    return any(one.rung == "reply_overdue" and due_at is not None and one.planned_at >= due_at for one in turn.rungs)
