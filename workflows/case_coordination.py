"""The coordination of one escalated case, from launch to outcome."""

import asyncio
from collections.abc import Callable

from pydantic import ValidationError
from temporalio import workflow
from temporalio.exceptions import FailureError

from domain.any_decision import AnyDecision
from domain.codes import Outcome, RequestState
from domain.dispatch import DepartmentNote
from domain.errors import LiandongError
from domain.fact import ENGINE, FactKind
from domain.launch import CaseLaunch, CaseResult
from domain.outage import OutageNote
from domain.outcome import Verdict, judge
from domain.snapshot import CaseSnapshot, OutcomeRecord
from workflows.announcer import Announcer
from workflows.assignment import Assignment
from workflows.casebook import Casebook, iso
from workflows.clock_loop import ClockLoop
from workflows.closing import Closing
from workflows.conductor import Conductor
from workflows.conference import Conference
from workflows.deferral import Deferral
from workflows.desk import Desk
from workflows.details import details
from workflows.disable_department import DisableDepartment
from workflows.file_return import FileReturn
from workflows.joint_decision import JointDecision
from workflows.learned_years import Years
from workflows.material_time import MaterialTime
from workflows.objection import Objection
from workflows.outage import Outages
from workflows.recorder import Recorder
from workflows.rectification import Rectification
from workflows.refusal import refused
from workflows.request import Request
from workflows.request_lookup import RequestLookup
from workflows.search_attributes import changed
from workflows.silent_consent import SilentConsent
from workflows.supplement import Supplement
from workflows.time_decision import TimeDecision
from workflows.verification import Verification
from workflows.waiting import Waiting


@workflow.defn(name="CaseCoordination")
class CaseCoordination:
    """One workflow per case; its id is the case number.

    Departments' answers complete activities; facts arrive as signals; people decide by an update, because they need
    the new state or a typed refusal back.
    """

    @workflow.init
    def __init__(self, launch: CaseLaunch) -> None:
        self._book = Casebook(launch)
        self._desk = Desk(self._book)
        self._recorder = Recorder(self._book)
        self._outages = Outages(self._book)
        self._conductor = Conductor(self._book, self._desk, self._recorder, self._outages)
        self._clocks = ClockLoop(self._book)
        self._announcer = Announcer(self._book)
        self._waiting = Waiting(self._book)
        self._open_desk()
        self._services: list[asyncio.Task[None]] = []
        self._conducting: set[asyncio.Task[None]] = set()
        self._shown = (False, False)

    def _open_desk(self) -> None:
        lookup, announcer = RequestLookup(self._book), self._announcer
        deferral = Deferral(self._book, lookup, announcer)
        self._desk.open(
            (
                Assignment(self._book, self._desk, lookup),
                Objection(self._book, lookup),
                TimeDecision(self._book, lookup, announcer),
                SilentConsent(self._book),
                Supplement(self._book, lookup, announcer),
                deferral,
                MaterialTime(lookup, deferral),
                Verification(self._book, lookup, announcer, deferral),
                Rectification(lookup, announcer, deferral),
                FileReturn(self._book, lookup, deferral),
                Conference(self._book, lookup, announcer),
                JointDecision(self._book, lookup, deferral),
                Closing(self._book, lookup),
                DisableDepartment(lookup, announcer),
                Years(self._book, announcer),
                self._outages,
                self._waiting,
            )
        )

    @workflow.run
    async def run(self, launch: CaseLaunch) -> CaseResult:
        self._book.write(FactKind.LAUNCHED, actor=launch.launched_by)
        self._services = [
            asyncio.create_task(self._recorder.run()),
            asyncio.create_task(self._clocks.run()),
            asyncio.create_task(self._book.mark.run()),
        ]
        outcome = await self._coordinate()
        await self._wind_up()
        return CaseResult(case_id=launch.case_id, version=self._book.version, outcome=outcome)

    async def _coordinate(self) -> OutcomeRecord:
        """Ask, wait and judge until there is an outcome."""
        while self._book.outcome is None:
            self._open_ready_requests()
            self._conduct_new_rounds()
            self._judge()
            self._show()
            await self._until(lambda: self._book.moved)
        return self._book.outcome

    def _open_ready_requests(self) -> None:
        for request in self._book.requests.values():
            if request.state is RequestState.PENDING and self._ready(request):
                department = request.ask.department
                route = self._book.routes[department] if department else None
                due = request.open_round(route, workflow.now()).due_at()
                self._book.write(FactKind.ROUND_OPENED, request, data={"due_at": iso(due)})

    def _ready(self, request: Request) -> bool:
        return request.released or all(self._book.by_key(key).proceeds for key in request.ask.after)

    def _conduct_new_rounds(self) -> None:
        for request in self._book.open_requests():
            round_ = request.round
            if round_.route is not None and not round_.conducted:
                round_.conducted = True
                self._conducting.add(asyncio.create_task(self._conductor.conduct(request, round_, round_.route)))

    def _judge(self) -> None:
        if self._book.outcome is not None:
            return
        verdict = self._verdict()
        if verdict.outcome is not None and self._awaiting_materials():
            verdict = verdict._replace(outcome=None)
        if verdict.outcome is not None:
            self._book.outcome = OutcomeRecord(
                outcome=verdict.outcome, decided_by=ENGINE, decided_at=workflow.now(), reason=verdict.reason
            )
            self._book.write(FactKind.OUTCOME, data={"outcome": verdict.outcome, "reason": verdict.reason})
            return
        if verdict.decision_needed != self._book.decision_needed:
            self._book.decision_needed = verdict.decision_needed
            if verdict.decision_needed:
                self._book.write(FactKind.DECISION_NEEDED, data={"why": verdict.decision_needed})
        self._waiting.keep_up(verdict)

    def _verdict(self) -> Verdict:
        plan = self._book.launch.plan
        by_requests = judge(self._book.standings(), plan.completion, plan.quorum)
        if not (needed := [wait.why for subject in self._book.subjects for wait in subject.waits()]):
            return by_requests
        # Something waits for a person: the case must not end over their head.
        why = "; ".join(dict.fromkeys([*needed, by_requests.decision_needed])).strip("; ")
        return by_requests._replace(outcome=None, decision_needed=why)

    def _awaiting_materials(self) -> bool:
        """Everything was accepted and promised materials are still out: DONE_CONDITIONALLY, and the case stays open."""
        awaiting = self._book.held_open
        if awaiting and not self._book.accepted_conditionally:
            self._book.accepted_conditionally = True
            self._book.write(FactKind.OUTCOME, data={"interim": Outcome.DONE_CONDITIONALLY})
        return awaiting

    async def _wind_up(self) -> None:
        """Release whoever is still asked, prove the rungs that were owed, and let the store know everything."""
        self._book.decision_needed = ""
        for request in self._book.requests.values():
            if not request.state.terminal:
                request.end(RequestState.WITHDRAWN, workflow.now())
                self._book.write(FactKind.REQUEST_WITHDRAWN, request, data={"reason": "the case has ended"})
        for subject in self._book.subjects:
            subject.case_ended()
        for watch in self._book.clock_sets():
            # Promised materials and notices to the requester: nobody is waited for any more.
            if not watch.closed:
                watch.close(workflow.now())
        self._book.winding_up = True
        self._show()
        await self._until(self._quiet)
        await self._recorder.written()
        await workflow.wait_condition(workflow.all_handlers_finished)

    def _quiet(self) -> bool:
        owed = any(True for watch in self._book.clock_sets() for _ in watch.open_rungs())
        return not (self._conducting or self._clocks.firing or self._announcer.busy or owed)

    async def _until(self, condition: Callable[[], bool]) -> None:
        """Wait, and let an error of a background task fail the workflow task instead of vanishing."""

        def finished() -> list[asyncio.Task[None]]:
            return [task for task in (*self._services, *self._conducting) if task.done()]

        while not condition():
            await workflow.wait_condition(lambda: condition() or bool(finished()))
            for task in finished():
                self._conducting.discard(task)
                _raise_as_bug(task)
        self._book.moved = False

    def _show(self) -> None:
        """Keep Temporal's own UI in business words."""
        snapshot = self._book.snapshot()
        workflow.set_current_details(details(snapshot, self._book.launch.calendar))
        if (shown := (bool(snapshot.decision_needed), snapshot.outcome is not None)) != self._shown:
            self._shown = shown
            workflow.upsert_search_attributes(changed(snapshot))

    @workflow.query
    def snapshot(self) -> CaseSnapshot:
        return self._book.snapshot()

    @workflow.signal
    def department_note(self, note: DepartmentNote) -> None:
        """A fact, so a signal: the department needs no answer, and an acknowledged signal is never lost."""
        self._book.take_note(note)

    @workflow.signal
    def department_outage(self, note: OutageNote) -> None:
        """Told by the activity that the outage holds up."""
        self._outages.take(note)

    @workflow.update
    def decide(self, command: AnyDecision) -> CaseSnapshot:
        # Opening rounds and judging happens in the main loop; a handler stores and returns.
        self._desk.carry_out(command)
        self._book.mark.commanded()
        return self._book.snapshot()

    @decide.validator
    def _may_decide(self, command: AnyDecision) -> None:
        try:
            self._desk.check(command)
        except LiandongError as error:
            raise refused(error) from error


def _raise_as_bug(task: asyncio.Task[None]) -> None:
    """An unforeseen failure holds the case, visibly, until it is mended; it must never end the case as failed."""
    try:
        task.result()
    except (FailureError, ValidationError) as error:
        raise RuntimeError("a failure that nobody handled") from error
