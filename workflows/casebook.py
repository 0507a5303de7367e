"""Everything a running case knows, and the facts it has not yet written down."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import count
from typing import Any

from temporalio import workflow

from domain.clock import ClockKind
from domain.codes import Outcome, RequestState
from domain.department import DepartmentRoute
from domain.dispatch import DepartmentNote
from domain.errors import LiandongError
from domain.fact import ENGINE, Fact, FactKind
from domain.launch import CaseLaunch
from domain.limit import Limit
from domain.outcome import Standing
from domain.plan import MAX_ASKS, Ask
from domain.proof import told
from domain.snapshot import CaseProgress, CaseSnapshot, OutcomeRecord
from domain.working_calendar import WorkingCalendar
from workflows.clock_set import ClockSet, Rules
from workflows.request import Request
from workflows.request_view import request_snapshot
from workflows.round import Round
from workflows.subject import Expiry, Subject
from workflows.task_mark import TaskMark

JUDGED_ANEW = "states-follow-recounted-dates"
"""Since then states follow when due dates move. May go when no running case learned a year before."""


class Casebook:
    """One per case. Every change of state writes one fact, so the number of facts is the case's version."""

    def __init__(self, launch: CaseLaunch) -> None:
        self.launch = launch
        made = (Request.of(ask, launch) for ask in launch.plan.asks)
        self.requests = {request.request_id: request for request in made}
        self.routes = {route.code: route for route in launch.routes}
        self.outcome: OutcomeRecord | None = None
        self.decision_needed = ""
        self.subjects: list[Subject] = []
        self.version = 0
        self.accepted_conditionally = False
        """Everything was accepted, and promised materials are still out."""
        self.moved = False
        """Something happened since the main loop last looked."""
        self.winding_up = False
        """Nothing is judged any more."""
        self.in_vain: set[tuple[datetime, str]] = set()
        """When something was over and acting on it changed nothing; nothing more is done about it by itself."""
        self.mark = TaskMark(lambda: self.outcome is None)
        self._unwritten: list[Fact] = []
        self._run = workflow.info().run_id[:8]

    def write(
        self,
        kind: FactKind,
        request: Request | None = None,
        round_: Round | None = None,
        *,
        actor: str = ENGINE,
        data: Mapping[str, str | None] | None = None,
    ) -> None:
        """Note one fact; the recorder takes it to the store. Empty values are left out."""
        shown = round_ or (request.round if request and request.rounds else None)
        subject = request.request_id if request else None
        self.write_round(kind, subject, shown.number if shown else None, actor=actor, data=data)

    def write_round(
        self,
        kind: FactKind,
        subject: str | None,
        number: int | None,
        *,
        actor: str = ENGINE,
        data: Mapping[str, str | None] | None = None,
    ) -> None:
        self.version += 1
        self.moved = True
        self.mark.stir()
        fact = Fact(
            fact_id=f"{self.launch.case_id}/{self._run}/{self.version}",
            case_id=self.launch.case_id,
            kind=kind,
            at=workflow.now(),
            actor=actor,
            request_id=subject,
            round=number,
            data={name: value for name, value in (data or {}).items() if value},
        )
        self._unwritten.append(fact)

    def take_note(self, note: DepartmentNote) -> None:
        """An acknowledgement or progress note of a round; a repeated or late one is passed over."""
        request = self.requests.get(note.request_id)
        if request is None or len(request.rounds) < note.round:
            return
        round_ = request.rounds[note.round - 1]
        if round_.ended or note.note_id in round_.note_ids:
            return
        round_.note_ids.add(note.note_id)
        round_.heard_of(note.received_at)
        if note.acknowledged and round_.signed_at is None:
            round_.signed_at = note.received_at
            round_.watch.stop(ClockKind.SIGN_FOR, note.received_at)
        kind = FactKind.ACKNOWLEDGED if note.acknowledged else FactKind.INTERIM
        actor = f"department:{round_.route.code}" if round_.route else ENGINE
        received = note.received_at.isoformat()
        said = {"text": note.text, "received_at": received, "ref": note.note_id}
        self.write(kind, request, round_, actor=actor, data={**said, **told(note.proof)})

    def count_with(self, calendar: WorkingCalendar) -> None:
        """From now on. What is over stays as it was counted."""
        self.launch = self.launch.model_copy(update={"calendar": calendar})
        rules = Rules.of(self.launch)
        for request in self.requests.values():
            request.rules = rules
        for watch in self.clock_sets():
            watch.count_anew(rules, workflow.now())

    def judge_anew(self) -> None:
        """What followed from the old due dates, once they have been counted anew."""
        if workflow.patched(JUDGED_ANEW):
            for subject in self.subjects:
                subject.recounted()

    @property
    def ready_to_write(self) -> bool:
        """Only what the main loop has looked at is written, so that a version has one snapshot and one record."""
        return bool(self._unwritten) and (self.winding_up or not self.moved)

    def take_progress(self) -> CaseProgress:
        facts, self._unwritten = tuple(self._unwritten), []
        return CaseProgress(snapshot=self.snapshot(), facts=facts)

    def snapshot(self) -> CaseSnapshot:
        return CaseSnapshot(
            case_id=self.launch.case_id,
            version=self.version,
            launched_at=self.launch.launched_at,
            requests=tuple(request_snapshot(request) for request in self.requests.values()),
            decision_needed=self.decision_needed,
            next_due_at=self.next_instant(),
            outcome=self.outcome,
            interim_outcome=Outcome.DONE_CONDITIONALLY if self.accepted_conditionally else None,
            **self._shown(),
        )

    def _shown(self) -> dict[str, Any]:
        return {name: value for subject in self.subjects for name, value in subject.shown().items()}

    def free_key(self, wanted: str) -> str:
        """A key for an ask that the engine adds: as wanted, or numbered when the case has that one already."""
        taken = {request.ask.key for request in self.requests.values()}
        numbered = (f"{wanted[:27]}-{number}" for number in count(2))
        return wanted if wanted not in taken else next(key for key in numbered if key not in taken)

    def add_ask(self, ask: Ask, route: DepartmentRoute | None) -> Request:
        """One more request in the running case; the main loop opens it when its turn has come."""
        if route is not None:
            self.routes[route.code] = route
        request = Request.of(ask, self.launch)
        self.requests[request.request_id] = request
        return request

    def end(self, request: Request, state: RequestState, *, by: str = ENGINE) -> None:
        """Withdrawn or waived; whoever counted on its answer is told."""
        request.end(state, workflow.now())
        request.ended_by = by
        for subject in self.subjects:
            subject.ended(request)

    def ask_anew(
        self,
        request: Request,
        route: DepartmentRoute | None,
        *,
        note: str,
        limit: Limit | None = None,
        by: str = ENGINE,
    ) -> Round:
        """A new round with new clocks; whoever waited for something else in this request is told."""
        opened = request.open_round(route, workflow.now(), note=note, limit=limit, by=by)
        for subject in self.subjects:
            subject.asked_anew(request)
        return opened

    def has_room(self, asks: int = 1) -> bool:
        """Whether so many more can be asked at the same time (I13); whatever has ended makes room again."""
        return sum(not request.state.terminal for request in self.requests.values()) + asks <= MAX_ASKS

    def standings(self) -> list[Standing]:
        return [request.standing(stalled=self.stalled(request)) for request in self.requests.values()]

    def stalled(self, request: Request) -> bool:
        """It waits for asks that have all ended, and not all of them opened the way, nor will by themselves."""
        before = [self.by_key(key) for key in request.ask.after]
        if any(one.held for one in before):
            return False
        waiting = request.state is RequestState.PENDING and not request.released
        return waiting and all(one.state.terminal for one in before) and not all(one.proceeds for one in before)

    def by_key(self, key: str) -> Request:
        return next(request for request in self.requests.values() if request.ask.key == key)

    def open_requests(self) -> list[Request]:
        return [request for request in self.requests.values() if request.state is RequestState.OPEN]

    @property
    def held_open(self) -> bool:
        """Promised materials are still out, or their fate is undecided."""
        return any(subject.holds_case_open() for subject in self.subjects)

    def forbids_ending(self, outcome: Outcome, *, people: int) -> LiandongError | None:
        found = (subject.forbids_ending(outcome, people=people) for subject in self.subjects)
        return next((error for error in found if error is not None), None)

    def clock_sets(self) -> Iterator[ClockSet]:
        for request in self.requests.values():
            for one in request.rounds:
                yield one.watch
        for subject in self.subjects:
            yield from subject.clock_sets()

    def expiries(self) -> Iterator[Expiry]:
        return (expiry for expiry in self._all_expiries() if expiry.key not in self.in_vain)

    @property
    def undone(self) -> list[datetime]:
        """When what is still there ought to have ended by itself."""
        return sorted({expiry.at for expiry in self._all_expiries() if expiry.key in self.in_vain})

    def _all_expiries(self) -> Iterator[Expiry]:
        if self.outcome is None:
            for subject in self.subjects:
                yield from subject.expiries()

    def next_instant(self) -> datetime | None:
        """When the clock loop must act next: a rung that is owed, or something that ends by itself."""
        owed = [rung.at for watch in self.clock_sets() for rung in watch.open_rungs()]
        return min([*owed, *(expiry.at for expiry in self.expiries())], default=None)


def iso(instant: datetime | None) -> str | None:
    """How facts write an instant."""
    return None if instant is None else instant.isoformat()
