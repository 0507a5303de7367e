"""Finds the request that a decision is about, or says why it cannot be decided now."""

from domain.codes import RequestState
from domain.decision import Decision, RequestDecision
from domain.errors import conflict, not_found
from domain.fact import FactKind
from domain.plan import MAX_ASKS, AskKind
from workflows.casebook import Casebook
from workflows.request import Request


class RequestLookup:
    """Shared by all subjects that decide about requests."""

    def __init__(self, book: Casebook) -> None:
        self._book = book

    def any(self, command: RequestDecision) -> Request:
        request = self.by_id(command.request_id)
        self.refuse_stale(request, command.round)
        return request

    def refuse_stale(self, request: Request, seen: int | None) -> None:
        """Of two people who decide at once the first one wins, and the second is told what happened."""
        if seen is None or seen == len(request.rounds):
            return
        if not request.rounds or seen > request.round.number:
            raise conflict("round-moved-on", f"there is no round {seen}: look again and decide")
        begun = request.round
        asked = f" with {begun.route.code}" if begun.route else ""
        detail = f"{begun.begun_by} began round {begun.number}{asked} since you looked: look again and decide"
        raise conflict("round-moved-on", detail)

    def by_id(self, request_id: str) -> Request:
        request = self._book.requests.get(request_id)
        if request is None:
            raise not_found("no-such-request", f"the case has no request {request_id}")
        return request

    def of_department(self, command: RequestDecision) -> Request:
        """One that a department has been asked and that has not ended."""
        request = self.any(command)
        if request.ask.kind is not AskKind.DEPARTMENT:
            raise conflict("not-a-department", "no department is asked here")
        if request.state.terminal:
            raise conflict("request-ended", f"the request has ended ({request.ended})")
        if request.state is RequestState.PENDING:
            raise conflict("not-asked-yet", f"it has not been asked yet: it waits for {', '.join(request.ask.after)}")
        return request

    def of_party(self, command: RequestDecision) -> Request:
        """One that an external party is being asked about."""
        request = self.any(command)
        if request.ask.kind is not AskKind.EXTERNAL:
            raise conflict("not-external", "only an external party's answer is recorded by the clerk")
        if request.state is not RequestState.OPEN:
            raise conflict("not-waiting", f"nobody is being asked here now ({request.state.value})")
        return request

    def open(self, command: RequestDecision) -> Request:
        """One whose round is running."""
        request = self.of_department(command)
        if request.state is not RequestState.OPEN:
            raise conflict("no-open-round", f"no round is running ({request.state.value})")
        return request

    def room_for(self, asks: int) -> None:
        """Raises the refusal when so many more cannot be asked at the same time; whatever ends makes room."""
        if asks and not self._book.has_room(asks):
            detail = f"at most {MAX_ASKS} requests wait for an answer at once: wait for some, or withdraw them"
            raise conflict("too-many-asks", detail)

    def note(self, kind: FactKind, command: Decision, request: Request | None = None, **data: str | None) -> None:
        """The fact that a decision leaves: who, why, on which authority."""
        told = {"reason": command.reason, "authority": command.authority, "command_id": command.command_id}
        self._book.write(kind, request, actor=command.decided_by, data={**told, **data})
