"""What a follow-up knows: its clocks, what people recorded, and the facts that are not written down yet."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from temporalio import workflow

from domain.clock import Clock, ClockKind
from domain.codes import Urgency
from domain.fact import Fact, FactKind
from domain.follow_up import (
    CallAttempt,
    FollowUpEnd,
    FollowUpLaunch,
    FollowUpProgress,
    FollowUpSnapshot,
    RatingGiven,
    ReviewHandling,
)
from domain.learned_years import LearnedYears
from domain.limit import Limit
from domain.rung_proof import ClockProofs
from domain.working_calendar import WorkingCalendar
from workflows.clock_set import ClockSet, Rules
from workflows.task_mark import TaskMark

ENGINE = "engine"


class FollowUpBook:
    """Every change writes one fact, so the number of facts is the version."""

    def __init__(self, launch: FollowUpLaunch) -> None:
        self.launch = launch
        self.rules = Rules(launch.calendar, launch.ladder, launch.urgency is Urgency.URGENT)
        self.watch = ClockSet(launch.follow_up_id, launch.number, self.rules)
        self.watch.start(self.clock(ClockKind.FOLLOW_UP, launch.call_limit, launch.starts_at))
        self.rating_closes_at = launch.rating_closes_at
        self.attempts: list[CallAttempt] = []
        self.call_over = False
        self.resolved: bool | None = None
        self.rating: RatingGiven | None = None
        self.review: ReviewHandling | None = None
        self.ended_at: datetime | None = None
        self.end: FollowUpEnd | None = None
        self.learned: list[LearnedYears] = []
        self.version = 0
        self.mark = TaskMark(lambda: self.end is None)
        self._unwritten: list[Fact] = []
        self._run = workflow.info().run_id[:8]

    def clock(self, kind: ClockKind, limit: Limit, started_at: datetime) -> Clock:
        named = f"{self.launch.follow_up_id}.{kind.value}"
        return Clock(clock_id=named, kind=kind, started_at=started_at, limit=limit)

    def count_with(self, calendar: WorkingCalendar) -> None:
        """From now on. What is over stays as it was counted, and nobody's time to rate gets shorter."""
        self.launch = self.launch.model_copy(update={"calendar": calendar})
        self.rules = replace(self.rules, calendar=calendar)
        self.watch.count_anew(self.rules, workflow.now())
        if self.rating is None:
            self.rating_closes_at = max(self.rating_closes_at, self.launch.rating_closes_at)

    def write(self, kind: FactKind, *, actor: str = ENGINE, data: Mapping[str, str | None] | None = None) -> None:
        """Codes and instants only: facts are read by more people than a requester's words are for."""
        self.version += 1
        self.mark.stir()
        fact = Fact(
            fact_id=f"{self.launch.follow_up_id}/{self._run}/{self.version}",
            case_id=self.launch.case_id,
            kind=kind,
            at=workflow.now(),
            actor=actor,
            request_id=self.launch.follow_up_id,
            data={name: value for name, value in (data or {}).items() if value},
        )
        self._unwritten.append(fact)

    @property
    def unwritten(self) -> bool:
        return bool(self._unwritten)

    def take_progress(self) -> FollowUpProgress:
        facts, self._unwritten = tuple(self._unwritten), []
        return FollowUpProgress(snapshot=self.snapshot(), facts=facts)

    def snapshot(self) -> FollowUpSnapshot:
        return FollowUpSnapshot(
            follow_up_id=self.launch.follow_up_id,
            case_id=self.launch.case_id,
            number=self.launch.number,
            version=self.version,
            starts_at=self.launch.starts_at,
            call=self._proofs(ClockKind.FOLLOW_UP),
            call_due_at=self.watch.due_at(ClockKind.FOLLOW_UP),
            attempts=tuple(self.attempts),
            call_over=self.call_over,
            resolved=self.resolved,
            rating_closes_at=self.rating_closes_at,
            rating=self.rating,
            review=self._review_shown(),
            waiting_for=self.waiting_for(),
            next_due_at=min((rung.at for rung in self.watch.open_rungs()), default=None),
            ended_at=self.ended_at,
            end=self.end,
            learned=tuple(self.learned),
        )

    def waiting_for(self) -> str:
        """On whom it waits, in words."""
        if self.ended_at is not None:
            return ""
        if self.review is not None and (waiting := _review_waits_for(self.review)):
            return waiting
        if not self.call_over:
            return "the clerk: call the requester"
        return "" if self.rating else "the requester may rate"

    @property
    def review_open(self) -> bool:
        return self.review is not None and self.review.finished_at is None

    def _review_shown(self) -> ReviewHandling | None:
        if self.review is None:
            return None
        shown: dict[str, object] = {
            "contact": self._proofs(ClockKind.REVIEW_CONTACT),
            "contact_due_at": self.watch.due_at(ClockKind.REVIEW_CONTACT),
        }
        if ClockKind.DECISION in self.watch.clocks:
            shown["decision"] = self._proofs(ClockKind.DECISION)
            shown["decision_due_at"] = self.watch.due_at(ClockKind.DECISION)
        if ClockKind.RECTIFICATION in self.watch.clocks:
            shown["rectification"] = self._proofs(ClockKind.RECTIFICATION)
            shown["rectify_by"] = self.watch.due_at(ClockKind.RECTIFICATION)
        return self.review.model_copy(update=shown)

    def _proofs(self, kind: ClockKind) -> ClockProofs:
        rungs = tuple(proof for proof in self.watch.proofs if proof.clock is kind)
        return ClockProofs(clock=self.watch.clock(kind), rungs=rungs)


def _review_waits_for(review: ReviewHandling) -> str:
    if review.contacted_at is None:
        return "the window: contact the requester about the bad review"
    if review.treatment is None:
        return "the duty leader: rectify, explain or have the review looked at again"
    return "the window: finish the rectification" if review.finished_at is None else ""
