"""Conditional acceptance while it runs: promises, what time does to them, and the failure path."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from temporalio import workflow

from domain.codes import Outcome
from domain.decision import Decision
from domain.deferral import (
    ApproveDeferral,
    DeferralState,
    FailDeferral,
    Instrument,
    MaterialState,
    Promised,
    objections,
)
from domain.errors import LiandongError, conflict, not_found
from domain.fact import FactKind
from domain.outcome import FILE_RETURNED
from domain.reply import AcceptedConditionally, Answer
from domain.snapshot import OutcomeRecord
from domain.waiting import Wait
from workflows.announcer import Announcer
from workflows.casebook import Casebook, iso
from workflows.clock_set import ClockSet
from workflows.promise import Promise
from workflows.promised_material import Material
from workflows.request import Request
from workflows.request_lookup import RequestLookup
from workflows.subject import Expiry, Handler, Subject


class Deferral(Subject):
    def __init__(self, book: Casebook, lookup: RequestLookup, announcer: Announcer) -> None:
        self._book = book
        self._announcer = announcer
        self._lookup = lookup
        self._promises: dict[str, Promise] = {}

    def handlers(self) -> Mapping[type[Decision], Handler]:
        return {
            ApproveDeferral: Handler(self._check_approve, self._approve),
            FailDeferral: Handler(self._check_fail, self._fail),
        }

    def clock_sets(self) -> Iterable[ClockSet]:
        for promise in self._promises.values():
            yield from promise.clock_sets()

    def expiries(self) -> Iterable[Expiry]:
        for promise in self._promises.values():
            yield from self._expiries_of(promise)

    def suspends(self, answer: Answer) -> bool:
        """A deferral that some rule forbids does not stand before the duty leader has overridden it."""
        reply = answer.reply
        return isinstance(reply, AcceptedConditionally) and bool(self._objections(reply, answer.received_at))

    def answered(self, request: Request, answer: Answer) -> None:
        if isinstance(answer.reply, AcceptedConditionally):
            self._open(request, answer, answer.reply)

    def waits(self) -> Iterable[Wait]:
        for promise in self._promises.values():
            yield from promise.waits()

    def holds_case_open(self) -> bool:
        return any(promise.running for promise in self._promises.values())

    def forbids_ending(self, outcome: Outcome, *, people: int) -> LiandongError | None:
        running = [one for one in self._promises.values() if one.running]
        if any(material.state is MaterialState.SUSPECT for one in running for material in one.materials):
            return conflict("suspicion-open", "a paper contradicts the remote check: the supervisor looks at it first")
        if outcome is Outcome.DONE and running:
            return conflict("materials-out", "promised materials are not verified yet: this is not DONE")
        if people < 2 and any(one.issued for one in running):
            detail = "a result was issued on a promise that is still open: verify it, or two people close or revoke"
            return conflict("result-issued", detail)
        return None

    def case_ended(self) -> None:
        for promise in self._promises.values():
            if promise.running:
                promise.end(DeferralState.DROPPED, workflow.now())

    def shown(self) -> Mapping[str, object]:
        return {"deferrals": tuple(one.snapshot() for one in self._promises.values())} if self._promises else {}

    def check_revocable(self, otherwise: str) -> None:
        """Raises the refusal, with this text when no promise is broken any more."""
        if not self._broken():
            raise conflict("nothing-to-revoke", otherwise)
        if self.revocation_rests:
            raise conflict("material-being-verified", "a material came after all: wait until it is verified")

    @property
    def revocation_rests(self) -> bool:
        """Something came after all that might still mend a broken promise, and somebody looks at it."""
        return not all(promise.to_be_revoked for promise in self._broken())

    def revoked(self) -> None:
        """Two people have revoked the result: the party's record says so."""
        for promise in self._broken():
            promise.end(DeferralState.REVOKED, workflow.now())
            self._book.write(FactKind.DISHONESTY_MARK, promise.request, data={"why": "promise not kept"})

    def _broken(self) -> list[Promise]:
        return [one for one in self._promises.values() if one.state is DeferralState.REVOCATION_PROPOSED]

    # --- opening ---

    def _open(self, request: Request, answer: Answer, reply: AcceptedConditionally) -> None:
        against = self._objections(reply, answer.received_at)
        department = request.round.route.code if request.round.route else ""
        promise = Promise(request, reply, against, self._book.launch, answer.received_at, department)
        self._promises[request.request_id] = promise
        told = {"instrument": reply.timing, "objections": "; ".join(against), "commitment": reply.commitment}
        self._book.write(FactKind.DEFERRAL_OPENED, request, data=told)
        if not against:
            self._start(promise)

    def _start(self, promise: Promise) -> None:
        promise.state = DeferralState.RUNNING
        promise.request.held = promise.instrument is Instrument.HOLD_UNTIL_COMPLETE
        promise.start_clocks()

    def _objections(self, reply: AcceptedConditionally, received_at: datetime) -> tuple[str, ...]:
        launch = self._book.launch
        today = launch.calendar.local_day(received_at)
        # The inbox refuses a date that is over; a polled department's answer has no door that could.
        promised = [Promised(one.name, one.due.date is not None and one.due.date < today) for one in reply.deferred]
        return objections(launch.grounds, promised, reply.commitment, reply.timing, launch.held_by)

    def _check_approve(self, command: ApproveDeferral) -> None:
        promise = self.promise(self._lookup.any(command).request_id)
        if promise.state is not DeferralState.UNAPPROVED or not promise.running:
            raise conflict("nothing-to-approve", "this conditional acceptance stands already, or was dropped")

    def _approve(self, command: ApproveDeferral) -> None:
        promise = self.promise(command.request_id)
        promise.override_reason = command.reason
        promise.request.accept_turn()
        self._start(promise)
        overridden = "; ".join(promise.objections)
        self._lookup.note(FactKind.DEFERRAL_APPROVED, command, promise.request, overridden=overridden)

    # --- what happens by itself ---

    def _expiries_of(self, promise: Promise) -> Iterable[Expiry]:
        opening = self._book.launch.calendar.next_office_instant
        for material in promise.materials if promise.running else ():
            due = material.due_at
            awaited = material.state in (MaterialState.PROMISED, MaterialState.REJECTED)
            if due is not None and awaited and not material.watch.closed:
                yield Expiry(opening(due), lambda material=material: self._overdue(material))  # type: ignore[misc]
        if promise.state is DeferralState.RECTIFYING:
            due = promise.rectify_by()
            if due is not None and not promise.verifying:
                yield Expiry(opening(due), lambda: self.broken(promise))

    def _overdue(self, material: Material) -> None:
        promise = material.promise
        material.state = MaterialState.OVERDUE
        self._book.write(FactKind.MATERIAL_OVERDUE, promise.request, data={"material": material.name})
        if promise.instrument is Instrument.ISSUE_THEN_VERIFY and promise.state is DeferralState.RUNNING:
            promise.order_rectification(workflow.now())
            by = promise.rectify_by()
            self._book.write(FactKind.RECTIFICATION_ORDERED, promise.request, data={"until": iso(by)})
            self._announcer.tell("rectification_ordered", ("requester", "clerk"), demands_action=True)

    def counted_anew(self) -> None:
        for promise in self._promises.values():
            for material in promise.materials:
                material.counted_anew(workflow.now())
            self.mend(promise, "the calendar has changed")

    def mend(self, promise: Promise, why: str) -> None:
        """Something came or has more time: what is not broken any more goes on, and whoever was told is told again."""
        if promise.mended(workflow.now()):
            self._book.write(FactKind.PROMISE_RESTORED, promise.request, data={"state": promise.state, "why": why})
            self._announcer.tell("promise_restored", ("requester", "clerk", "duty_leader"))

    def keep_when_complete(self, promise: Promise) -> None:
        """One more material is verified: the last one keeps the promise, the last late one ends the rectification."""
        self.mend(promise, "verified")
        if not promise.complete:
            return
        promise.end(DeferralState.KEPT, workflow.now())
        promise.request.held = False
        self._book.write(FactKind.DEFERRAL_ENDED, promise.request, data={"state": promise.state})

    def broken(self, promise: Promise) -> None:
        """The promise is broken. The engine only proposes: a person decides, with a legal ground."""
        now = workflow.now()
        for material in promise.materials:
            if not material.state.settled and not material.looked_at:
                material.settle(MaterialState.FAILED, now, "not supplied")
        if promise.instrument is Instrument.ISSUE_THEN_VERIFY:
            promise.end(DeferralState.REVOCATION_PROPOSED, now)
            self._book.write(FactKind.REVOCATION_PROPOSED, promise.request)
        else:
            promise.state = DeferralState.RUNNING

    # --- failure of HOLD_UNTIL_COMPLETE ---

    def _check_fail(self, command: FailDeferral) -> None:
        promise = self.promise(self._lookup.any(command).request_id)
        if promise.instrument is not Instrument.HOLD_UNTIL_COMPLETE:
            raise conflict("not-held", "a result that was issued is revoked by two people, not returned")
        if not any(material.state in (MaterialState.OVERDUE, MaterialState.FAILED) for material in promise.materials):
            raise conflict("nothing-overdue", "no material of this acceptance is overdue")
        if (refusal := self._book.forbids_ending(Outcome.NOT_DONE, people=1)) is not None:
            raise refusal

    def _fail(self, command: FailDeferral) -> None:
        promise = self.promise(command.request_id)
        now = workflow.now()
        promise.end(DeferralState.RETURNED, now)
        self._book.outcome = OutcomeRecord(
            outcome=Outcome.NOT_DONE,
            decided_by=command.decided_by,
            decided_at=now,
            reason=f"{FILE_RETURNED}{command.reason}",
            legal_basis=command.legal_basis,
            remedy=command.remedy,
            authority=command.authority,
        )
        self._lookup.note(FactKind.DEFERRAL_ENDED, command, promise.request, state=promise.state)
        told = {"outcome": Outcome.NOT_DONE, "legal_basis": command.legal_basis, "remedy": command.remedy}
        self._lookup.note(FactKind.OUTCOME, command, None, **told)

    def promise(self, request_id: str) -> Promise:
        promise = self._promises.get(request_id)
        if promise is None:
            raise not_found("no-such-deferral", "this request was not accepted conditionally")
        return promise

    def material(self, material_id: str) -> Material:
        for promise in self._promises.values():
            for material in promise.materials:
                if material.material_id == material_id:
                    return material
        raise not_found("no-such-material", "the case has no such deferred material")
