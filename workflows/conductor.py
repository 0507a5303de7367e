"""Sees one round of a department request through: deliver, await the reply, tell when it is over."""

from functools import partial
from typing import Final

from pydantic import JsonValue, ValidationError
from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.workflow import ActivityHandle

from activities.department import DepartmentActivities
from domain.clock import ClockKind
from domain.codes import ReplyCode, RoundEnd, Urgency
from domain.department import DepartmentRoute
from domain.dispatch import DepartmentNote, Dispatch, Receipt, RoundRef, Withdrawal
from domain.fact import FactKind
from domain.ids import round_id
from domain.proof import Proof, told
from domain.public_text import PublicText
from domain.reply import Answer, Interim, Unreadable, read_answer
from workflows.casebook import Casebook
from workflows.desk import Desk
from workflows.options import AWAIT_CALLBACK, AWAIT_POLLED, DELIVER, WITHDRAW
from workflows.outage import Outages
from workflows.recorder import Recorder
from workflows.request import Request
from workflows.round import Round

ANSWER_FIRST: Final = "answer-before-failed-delivery"
"""Asked only where both have come, so no other history has its marker. It may go when no case runs any more that began
before it was there."""


class Conductor:
    """One for the case; one `conduct` for each round."""

    def __init__(self, book: Casebook, desk: Desk, recorder: Recorder, outages: Outages) -> None:
        self._book = book
        self._outages = outages
        self._desk = desk
        self._recorder = recorder

    async def conduct(self, request: Request, round_: Round, route: DepartmentRoute) -> None:
        if round_.number > 1 or not self._planned(request):
            # The inbox knows the first rounds from the plan; every other one it must know before the department
            # can answer it.
            await self._recorder.written()
            if round_.ended:
                return
        delivery = self._deliver(request, round_, route)
        reply: ActivityHandle[JsonValue] | None = None
        if route.technique.calls_back:
            # A callback may overtake the delivery's own success: be ready for it from the start.
            reply = self._await_reply(request, round_, route)
        await workflow.wait_condition(lambda: round_.ended or delivery.done() or (reply is not None and reply.done()))
        if delivery.done() and not round_.ended and not _outdone(delivery, reply):
            self._take_delivery(request, round_, delivery)
        if not round_.ended:
            reply = reply or self._await_reply(request, round_, route)
            reply = await self._take_reply(request, round_, route, reply)
        self._drop(delivery, reply)
        self._outages.over(request, round_)
        if round_.end in (RoundEnd.WITHDRAWN, RoundEnd.SUPERSEDED):
            await self._tell(request, round_, route)

    def _planned(self, request: Request) -> bool:
        return any(ask.key == request.ask.key for ask in self._book.launch.plan.asks)

    def _deliver(self, request: Request, round_: Round, route: DepartmentRoute) -> ActivityHandle[Receipt]:
        case = self._book.launch
        dispatch = Dispatch(
            case_id=case.case_id,
            request_id=request.request_id,
            round=round_.number,
            department=route,
            role=request.ask.role,
            text=request.ask.text,
            note=round_.note,
            ruling=round_.ruling,
            fields=request.ask.fields,
            dispatched_at=round_.opened_at,
            due_at=round_.watch.due_at(ClockKind.REPLY),
            sign_due_at=round_.watch.due_at(ClockKind.SIGN_FOR),
            urgent=case.urgency is Urgency.URGENT,
        )
        return workflow.start_activity_method(
            DepartmentActivities.deliver_request,
            dispatch,
            task_queue=route.task_queue,
            activity_id=f"{dispatch.idempotency_key}.deliver",
            summary=PublicText(f"{request.ask.key} → {route.code}"),
            **DELIVER,
        )

    def _await_reply(
        self, request: Request, round_: Round, route: DepartmentRoute, *, heard: str | None = None
    ) -> ActivityHandle[JsonValue]:
        options = AWAIT_CALLBACK if route.technique.calls_back else AWAIT_POLLED
        return workflow.start_activity_method(
            DepartmentActivities.await_reply,
            self._ref(request, round_, route).model_copy(update={"heard": heard}),
            task_queue=route.task_queue,
            activity_id=round_id(request.request_id, round_.number),
            summary=PublicText(f"{request.ask.key} ← {route.code}"),
            **options,
        )

    def _take_delivery(self, request: Request, round_: Round, delivery: ActivityHandle[Receipt]) -> None:
        try:
            receipt = delivery.result()
        except ActivityError as error:
            request.hand_back(RoundEnd.UNDELIVERABLE, workflow.now())
            self._book.write(FactKind.UNDELIVERABLE, request, round_, data={"why": _cause(error), **_proof(error)})
        else:
            round_.receipt = receipt.receipt
            round_.heard_of(receipt.delivered_at)
            if round_.route is not None and not round_.route.signs:
                round_.signed_at = round_.signed_at or receipt.delivered_at
                round_.watch.stop(ClockKind.SIGN_FOR, receipt.delivered_at)
            self._book.write(FactKind.DELIVERED, request, round_, data={"receipt": receipt.receipt, **receipt.told()})
            self._outages.over(request, round_)

    async def _take_reply(
        self, request: Request, round_: Round, route: DepartmentRoute, reply: ActivityHandle[JsonValue]
    ) -> ActivityHandle[JsonValue]:
        """Waits until the round is over, whatever ended it; gives back the wait that was the last one."""
        while True:
            await workflow.wait_condition(partial(_over, round_, reply))
            if round_.ended:
                return reply
            try:
                answer = read_answer(reply.result())
            except ActivityError as error:
                answer = Unreadable(problem=f"the wait was ended from outside: {_cause(error)}")
            if not (isinstance(answer, Answer) and isinstance(answer.reply, Interim)):
                self._take_answer(request, round_, route, answer)
                return reply
            # Progress ends no round: it is noted, and the wait goes on.
            self._book.take_note(_note(request, round_, answer, answer.reply))
            self._outages.over(request, round_)
            reply = self._await_reply(request, round_, route, heard=answer.reply.note)

    def _take_answer(
        self, request: Request, round_: Round, route: DepartmentRoute, answer: Answer | Unreadable
    ) -> None:
        if isinstance(answer, Answer):
            answer = _fitting(request, answer)
        if isinstance(answer, Unreadable):
            request.quarantine(answer, workflow.now())
            kept = {"problem": answer.problem, "answer_ref": answer.ref, **told(answer.proof)}
            self._book.write(FactKind.QUARANTINED, request, round_, data=kept)
            return
        self._desk.take_answer(request, answer, actor=f"department:{route.code}")

    def _drop(self, *handles: ActivityHandle[Receipt] | ActivityHandle[JsonValue] | None) -> None:
        """Nobody waits for these results any more; fetch them so that asyncio does not complain."""
        for handle in handles:
            if handle is not None:
                handle.add_done_callback(lambda done: None if done.cancelled() else done.exception())
                handle.cancel()

    async def _tell(self, request: Request, round_: Round, route: DepartmentRoute) -> None:
        reason = "withdrawn" if round_.end is RoundEnd.WITHDRAWN else "superseded by a later round or department"
        withdrawal = Withdrawal(**dict(self._ref(request, round_, route)), reason=reason)
        round_.withdrawing = True
        try:
            proof = await workflow.execute_activity_method(
                DepartmentActivities.withdraw_request,
                withdrawal,
                task_queue=route.task_queue,
                summary=PublicText(f"{request.ask.key} ✕ {route.code}"),
                **WITHDRAW,
            )
        except ActivityError as error:
            why = f"the department could not be told that the round is over: {_cause(error)}"
            self._book.write(FactKind.UNDELIVERABLE, request, round_, data={"why": why, **_proof(error)})
        else:
            if proof is not None:
                self._book.write(FactKind.RELEASED, request, round_, data={"reason": reason, **proof.told()})
        round_.withdrawing = False
        self._outages.over(request, round_)
        self._book.mark.stir()

    def _ref(self, request: Request, round_: Round, route: DepartmentRoute) -> RoundRef:
        return RoundRef(
            case_id=self._book.launch.case_id,
            request_id=request.request_id,
            round=round_.number,
            department=route,
            due_at=round_.watch.due_at(ClockKind.REPLY),
            urgent=self._book.launch.urgency is Urgency.URGENT,
            notes=len(round_.note_ids),
        )


def _over(round_: Round, reply: ActivityHandle[JsonValue]) -> bool:
    return round_.ended or reply.done()


def _outdone(delivery: ActivityHandle[Receipt], reply: ActivityHandle[JsonValue] | None) -> bool:
    """Whoever has answered has the request, whatever became of our message to them; and was told that it counts."""
    if reply is None or not _succeeded(reply) or _succeeded(delivery):
        return False
    return workflow.patched(ANSWER_FIRST)


def _succeeded(activity: ActivityHandle[Receipt] | ActivityHandle[JsonValue]) -> bool:
    return activity.done() and not activity.cancelled() and activity.exception() is None


def _fitting(request: Request, answer: Answer) -> Answer | Unreadable:
    """Only what was asked to be granted can be granted on condition."""
    if not (request.ask.about_material and answer.reply.code is ReplyCode.ACCEPTED_CONDITIONALLY):
        return answer
    problem = "a material is verified or handed over, or it is not: there is no accepting it on condition"
    return Unreadable(problem=problem, received_at=answer.received_at, ref=answer.ref)


def _note(request: Request, round_: Round, answer: Answer, progress: Interim) -> DepartmentNote:
    return DepartmentNote(
        note_id=f"{answer.ref}:{len(round_.note_ids) + 1}",
        request_id=request.request_id,
        round=round_.number,
        acknowledged=False,
        text=progress.note,
        received_at=answer.received_at,
        proof=answer.proof,
    )


def _proof(error: ActivityError) -> dict[str, str]:
    """What the department's refusal left in evidence."""
    details = error.cause.details if isinstance(error.cause, ApplicationError) else ()
    try:
        return Proof.model_validate(details[0]).told() if details else {}
    except ValidationError:
        return {}


def _cause(error: ActivityError) -> str:
    return str(error.cause or error)[:300]
