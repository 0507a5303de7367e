"""What a running request shows of itself: to the store, to queries, and whom it waits for."""

from domain.codes import RequestState
from domain.later_list import later_lists
from domain.plan import AskKind
from domain.snapshot import RequestSnapshot
from workflows.request import Request


def request_snapshot(request: Request) -> RequestSnapshot:
    route = request.round.route if request.rounds else None
    return RequestSnapshot(
        request_id=request.request_id,
        key=request.ask.key,
        kind=request.ask.kind,
        role=request.ask.role,
        text=request.ask.text,
        department=route.code if route else request.ask.department,
        party=request.ask.party,
        required=request.ask.required,
        after=request.ask.after,
        state=request.state,
        waiting_for=_waiting_for(request),
        bounces=request.bounces,
        later_lists=len(later_lists(request.lists)),
        responsible=request.responsible,
        conference=request.conference,
        verifies=request.ask.verifies,
        rounds=tuple(one.snapshot() for one in request.rounds),
    )


def _waiting_for(request: Request) -> str:
    # Stands in Temporal's UI as it is: who an external party is stays in the ask
    match request.state:
        case RequestState.PENDING:
            return f"after: {', '.join(request.ask.after)}"
        case RequestState.OPEN if request.ask.kind is AskKind.DEPARTMENT:
            return _waiting_for_department(request)
        case RequestState.OPEN:
            return "external party" if request.ask.kind is AskKind.EXTERNAL else "clock: statutory period"
        case RequestState.DECISION:
            return f"duty leader: {request.round.reply or request.round.end}"
        case RequestState.SUPPLEMENT:
            return "requester: materials"
        case _:
            return ""


def _waiting_for_department(request: Request) -> str:
    route, outage = request.round.route, request.round.outage
    named = f"department: {route.code}" if route else ""
    if outage is None or outage.ended_at is not None:
        return named
    return f"{named}; system down since {request.rules.calendar.local(outage.since):%Y-%m-%d %H:%M}"
