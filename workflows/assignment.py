"""Who is asked: reassign, ask again, withdraw, go on regardless, one more ask, an external party's answer."""

from collections.abc import Mapping

from temporalio import workflow

from domain.assignment import AddAsk, AnswerExternal, AskAgain, ProceedWith, ReassignRequest, WithdrawRequest
from domain.codes import ReplyCode, RequestState
from domain.decision import Decision
from domain.errors import conflict, invalid
from domain.fact import FactKind
from domain.objection import needs_conference
from domain.plan import AskKind
from domain.reply import Answer, Interim, Unreadable, read_answer
from workflows.casebook import Casebook
from workflows.desk import Desk
from workflows.request_lookup import RequestLookup
from workflows.subject import Handler, Subject

_EXTERNAL_REPLIES = frozenset({ReplyCode.ACCEPTED, ReplyCode.REFUSED, ReplyCode.NO_RESULT, ReplyCode.INTERIM})
"""The others begin a procedure between departments: a supplement, a dispute, an extension, a promise."""


class Assignment(Subject):
    def __init__(self, book: Casebook, desk: Desk, lookup: RequestLookup) -> None:
        self._book = book
        self._desk = desk
        self._lookup = lookup

    def handlers(self) -> Mapping[type[Decision], Handler]:
        return {
            ReassignRequest: Handler(self._check_reassign, self._reassign),
            AskAgain: Handler(self._check_ask_again, self._ask_again),
            WithdrawRequest: Handler(self._check_withdraw, self._withdraw),
            ProceedWith: Handler(self._check_proceed, self._proceed),
            AddAsk: Handler(self._check_add, self._add),
            AnswerExternal: Handler(self._check_external, self._external),
        }

    def _check_reassign(self, command: ReassignRequest) -> None:
        request = self._lookup.of_department(command)
        if request.round.route is not None and request.round.route.code == command.to.code:
            raise conflict("same-department", "this department has it already; ask it again instead")
        if needs_conference(request.bounces):
            raise conflict("conference-needed", "two departments returned it: hold a conference, then designate")

    def _reassign(self, command: ReassignRequest) -> None:
        request = self._lookup.any(command)
        limit, by = command.reply_limit, command.decided_by
        self._book.ask_anew(request, command.to, note=command.reason, limit=limit, by=by)
        self._lookup.note(FactKind.REASSIGNED, command, request, to=command.to.code)

    def _check_ask_again(self, command: AskAgain) -> None:
        if self._lookup.any(command).ask.kind is AskKind.EXTERNAL:
            self._lookup.of_party(command)
            return
        request = self._lookup.of_department(command)
        if request.state in (RequestState.OPEN, RequestState.SUPPLEMENT):
            raise conflict("still-waiting", "the round is still open; wait, extend, reassign or withdraw")
        if needs_conference(request.bounces) and request.round.ruling is None:
            raise conflict("conference-needed", "two departments returned it: hold a conference, then designate")

    def _ask_again(self, command: AskAgain) -> None:
        request = self._lookup.any(command)
        route, limit, by = request.round.route, command.reply_limit, command.decided_by
        self._book.ask_anew(request, route, note=command.reason, limit=limit, by=by)
        self._lookup.note(FactKind.ASKED_AGAIN, command, request)

    def _check_withdraw(self, command: WithdrawRequest) -> None:
        request = self._lookup.any(command)
        if request.state.terminal:
            raise conflict("request-ended", f"the request has ended ({request.ended}); nothing to withdraw")

    def _withdraw(self, command: WithdrawRequest) -> None:
        request = self._lookup.any(command)
        self._book.end(request, RequestState.WITHDRAWN, by=command.decided_by)
        self._lookup.note(FactKind.REQUEST_WITHDRAWN, command, request)

    def _check_proceed(self, command: ProceedWith) -> None:
        request = self._lookup.any(command)
        if request.state is not RequestState.PENDING:
            raise conflict("already-started", f"it has started already ({request.state.value})")
        if not self._book.stalled(request):
            raise conflict("still-waiting", f"it waits for answers that may still come: {', '.join(request.ask.after)}")

    def _proceed(self, command: ProceedWith) -> None:
        request = self._lookup.any(command)
        request.released = True
        self._lookup.note(FactKind.PROCEEDED, command, request)

    def _check_add(self, command: AddAsk) -> None:
        ask = command.ask
        keys = {request.ask.key for request in self._book.requests.values()}
        if ask.key in keys:
            raise conflict("key-taken", f"the case has a request {ask.key!r} already")
        self._lookup.room_for(1)
        if unknown := [key for key in ask.after if key not in keys]:
            raise invalid("plan-unsound", f"no request of this case is named {', '.join(unknown)}", field="ask.after")
        wanted = ask.department if ask.kind is AskKind.DEPARTMENT else None
        if (command.route.code if command.route else None) != wanted:
            raise invalid("plan-unsound", "a department ask needs the way to its department", field="ask.department")

    def _add(self, command: AddAsk) -> None:
        self._book.add_ask(command.ask, command.route)
        self._lookup.note(FactKind.ASK_ADDED, command, None, key=command.ask.key, department=command.ask.department)

    def _check_external(self, command: AnswerExternal) -> None:
        self._lookup.of_party(command)
        answer = self._external_answer(command)
        if isinstance(answer, Unreadable):
            raise invalid("reply-malformed", answer.problem, field="reply")
        if answer.reply.code not in _EXTERNAL_REPLIES:
            allowed = ", ".join(sorted(_EXTERNAL_REPLIES))
            raise invalid("reply-not-external", f"an external party answers {allowed}", field="reply.code")

    def _external(self, command: AnswerExternal) -> None:
        request = self._lookup.any(command)
        answer = self._external_answer(command)
        if isinstance(answer, Answer) and isinstance(answer.reply, Interim):
            request.spoken_to(workflow.now())
            self._lookup.note(FactKind.INTERIM, command, request, text=answer.reply.note)
        elif isinstance(answer, Answer):
            note = {"reason": command.reason, "command_id": command.command_id}
            self._desk.take_answer(request, answer, actor=command.decided_by, note=note)

    def _external_answer(self, command: AnswerExternal) -> Answer | Unreadable:
        received = workflow.now().isoformat()
        return read_answer({"reply": command.reply, "received_at": received, "ref": f"clerk:{command.command_id}"})
