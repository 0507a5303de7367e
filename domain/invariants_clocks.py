"""No silent deadline (I6) outside of rounds: notices, promised materials, rectifications, waits, and follow-ups."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from domain.clock import Clock, due
from domain.codes import Urgency
from domain.deferral import DeferralSnapshot, DeferralState, MaterialState
from domain.follow_up import FollowUpLaunch, FollowUpSnapshot
from domain.invariants import Evidence
from domain.ladder import Ladder, ScheduledRung, instants
from domain.learned_years import LearnedYears, counted_with
from domain.rung_proof import ClockProofs, RungProof
from domain.snapshot import CaseSnapshot
from domain.working_calendar import WorkingCalendar

GRACE: Final = timedelta(minutes=2)
"""How long after its instant a rung may still be on its way."""
_AWAITED: Final = (MaterialState.PROMISED, MaterialState.REJECTED)


class _Rules(NamedTuple):
    ladder: Ladder
    calendar: WorkingCalendar
    urgent: bool
    learned: tuple[LearnedYears, ...] = ()


class _Watched(NamedTuple):
    place: str
    shown: ClockProofs
    escalated: bool = False
    """The state itself tells that the time is over, or that somebody looks at what came."""


def no_silent_clock(seen: Evidence) -> Iterator[str]:
    """I6"""
    launch, snapshot = seen.launch, seen.record.snapshot
    if launch is not None and snapshot is not None:
        rules = _Rules(launch.ladder, launch.calendar, launch.urgency is Urgency.URGENT, snapshot.learned)
        yield from _silent(_of_case(snapshot), rules, seen.now)
    for order in seen.follow_ups:
        if order.snapshot is not None:
            begun = FollowUpLaunch.model_validate_json(order.launch_json)
            rules = _Rules(begun.ladder, begun.calendar, begun.urgency is Urgency.URGENT, order.snapshot.learned)
            yield from _silent(_of_follow_up(order.snapshot), rules, order.snapshot.ended_at or seen.now)


def _of_case(snapshot: CaseSnapshot) -> Iterator[_Watched]:
    for wait in snapshot.waits:
        yield _Watched(wait.wait_id, wait.clock)
    notice = snapshot.supplement
    if notice is not None and notice.clock is not None:
        yield _Watched(f"{snapshot.case_id}.supplement", notice.clock, notice.lapsed)
    for deferral in snapshot.deferrals:
        yield from _of_deferral(deferral)


def _of_deferral(deferral: DeferralSnapshot) -> Iterator[_Watched]:
    for material in deferral.materials:
        if material.clock is not None:
            yield _Watched(material.material_id, material.clock, material.state not in _AWAITED)
    if deferral.rectification is not None:
        looked_at = any(one.state in (MaterialState.VERIFYING, MaterialState.SUSPECT) for one in deferral.materials)
        over = deferral.state is not DeferralState.RECTIFYING
        yield _Watched(f"{deferral.request_id}.rectify", deferral.rectification, over or looked_at)


def _of_follow_up(snapshot: FollowUpSnapshot) -> Iterator[_Watched]:
    yield _Watched(f"{snapshot.follow_up_id}.call", snapshot.call)
    review = snapshot.review
    if review is not None:
        clocks = {"contact": review.contact, "treatment": review.decision, "rectification": review.rectification}
        for name, clock in clocks.items():
            if clock is not None:
                yield _Watched(f"{snapshot.follow_up_id}.{name}", clock)


def _silent(watched: Iterable[_Watched], rules: _Rules, now: datetime) -> Iterator[str]:
    for one in watched:
        clock = one.shown.clock
        calendar = counted_with(rules.calendar, rules.learned, clock)
        rungs = instants(rules.ladder, clock, calendar, urgent=rules.urgent)
        for rung in owed(rungs, clock, now):
            if not proved(rung, clock, one.shown.rungs, rules.learned):
                yield f"{one.place}: {rung.rung.name} was owed at {rung.at.isoformat()} and left no proof"
        if one.escalated or any(rung.rung.when.tells_of_lateness for rung in rungs):
            continue
        ends = due(clock, calendar).at
        if ends is not None and ends < min(clock.stopped_at or now, now) - GRACE:
            yield f"{one.place}: it was overdue and the ladder has no rung that says so"


def owed(rungs: Sequence[ScheduledRung], clock: Clock, now: datetime) -> Iterator[ScheduledRung]:
    until = now - GRACE
    for rung in rungs:
        if rung.at < until and (clock.stopped_at is None or rung.at < clock.stopped_at):
            yield rung


def proved(
    rung: ScheduledRung, clock: Clock, proofs: Iterable[RungProof], learned: Iterable[LearnedYears] = ()
) -> bool:
    """What lay behind when the clock was changed is not done again: its proof names the instant before the change."""
    ended = (held.ended_at for held in clock.pauses if held.ended_at is not None)
    counted_anew = (one.at for one in learned)
    changed = max((*ended, *(more.granted_at for more in clock.extensions), *counted_anew), default=None)
    planned = {proof.planned_at for proof in proofs if proof.rung == rung.rung.name and proof.clock is clock.kind}
    return rung.at in planned or (bool(planned) and changed is not None and rung.at <= changed)
