"""Waits on people: each gets a clock when it begins and loses it when somebody has moved."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from temporalio import workflow

from domain.clock import Clock, ClockKind
from domain.codes import RequestState
from domain.outcome import Verdict
from domain.waiting import Matter, Wait, WaitSnapshot
from workflows.casebook import Casebook
from workflows.clock_set import ClockSet, Rules
from workflows.subject import Subject

_CHASED = (ClockKind.REPLY, ClockKind.EXTERNAL_FOLLOW_UP, ClockKind.DECISION)
"""Clocks whose last rung may find nobody who moves."""


@dataclass
class _Running:
    """A wait with its clock; ended waits keep theirs for the record."""

    wait: Wait
    watch: ClockSet

    def snapshot(self) -> WaitSnapshot:
        kind = self.wait.matter.clock
        return WaitSnapshot(
            wait_id=self.watch.subject,
            matter=self.wait.matter,
            about=self.wait.about,
            request_id=self.wait.request_id,
            why=self.wait.why,
            deciders=self.watch.deciders,
            clock=self.watch.shown(kind),
            due_at=self.watch.due_at(kind),
        )


class Waiting(Subject):
    """Derived from the state of the case, once the main loop has looked at everything: no subject can forget it."""

    def __init__(self, book: Casebook) -> None:
        self._book = book
        self._waits: list[_Running] = []

    def clock_sets(self) -> Iterable[ClockSet]:
        return [one.watch for one in self._waits]

    def shown(self) -> Mapping[str, object]:
        return {"waits": tuple(one.snapshot() for one in self._waits)} if self._waits else {}

    def keep_up(self, verdict: Verdict) -> None:
        """Stop the clocks of what nobody waits for any more, start those of what has come up."""
        wanted = {wait.key: wait for wait in (*self._decisions(verdict), *self._standing_still())}
        for one in self._waits:
            if one.watch.closed:
                continue
            if one.wait.key in wanted and not self._looked_at(one):
                one.wait = wanted.pop(one.wait.key)
            else:
                one.watch.close(workflow.now())
        for wait in wanted.values():
            self._begin(wait)

    def _begin(self, wait: Wait) -> None:
        launch = self._book.launch
        wait_id = f"{launch.case_id}.wait{len(self._waits) + 1}"
        watch = ClockSet(wait_id, 1, Rules.of(launch), deciders=wait.matter.deciders)
        kind, limit = wait.matter.clock, launch.waits.of(wait.matter)
        watch.start(Clock(clock_id=f"{wait_id}.{kind.value}", kind=kind, started_at=workflow.now(), limit=limit))
        self._waits.append(_Running(wait, watch))

    def _looked_at(self, one: _Running) -> bool:
        """A review is over when everybody has been told; what still stands still then gets the next one."""
        return one.wait.matter is Matter.REVIEW and one.watch.spent(ClockKind.REVIEW)

    def _decisions(self, verdict: Verdict) -> Iterator[Wait]:
        found = {wait.key: wait for wait in (*self._of_requests(), *self._of_case(verdict), *self._of_subjects())}
        for wait in found.values():
            if not any(subject.takes_over(wait) for subject in self._book.subjects):
                yield wait

    def _of_subjects(self) -> Iterator[Wait]:
        for subject in self._book.subjects:
            yield from subject.waits()

    def _of_requests(self) -> Iterator[Wait]:
        for request in self._book.requests.values():
            if request.state is RequestState.DECISION:
                yield request.wait(Matter.ANSWER, f"an answer waits for your decision: {request.ask.key}")
            elif self._book.stalled(request):
                yield request.wait(Matter.STALLED, f"go on without a positive answer before it? {request.ask.key}")

    def _of_case(self, verdict: Verdict) -> Iterator[Wait]:
        if verdict.matter is not None:
            yield Wait(matter=verdict.matter, about=self._book.launch.case_id, why=verdict.decision_needed)

    def _standing_still(self) -> Iterator[Wait]:
        """One review for the whole case, so that a year of silence stays a small history."""
        paused = [request.ask.key for request in self._book.open_requests() if request.held_up]
        silent = [
            watch.subject.removeprefix(f"{self._book.launch.case_id}.")
            for watch in self._book.clock_sets()
            if any(watch.spent(kind) for kind in _CHASED)
        ]
        undone = [at.isoformat() for at in self._book.undone]
        told = {"paused": paused, "nobody moved after the last rung": silent, "time was up and nothing ended": undone}
        if why := "; ".join(f"{what}: {', '.join(names)}" for what, names in told.items() if names):
            yield Wait(matter=Matter.REVIEW, about=self._book.launch.case_id, why=why)
