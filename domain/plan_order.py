"""When the asks of a plan can start at the earliest, given what they wait for."""

from datetime import datetime
from graphlib import CycleError, TopologicalSorter

from domain.clock import Clock, ClockKind, due
from domain.plan import AskKind, Plan
from domain.working_calendar import WorkingCalendar


def earliest_starts(plan: Plan, calendar: WorkingCalendar, launch_at: datetime) -> dict[str, datetime]:
    """Earliest start by key. Departments and parties may answer at once; a statutory period runs its full length.

    Empty when the plan's order makes no sense (a cycle).
    """
    asks = {ask.key: ask for ask in plan.asks}
    graph = {key: [name for name in ask.after if name in asks] for key, ask in asks.items()}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError:
        return {}
    starts: dict[str, datetime] = {}
    ends: dict[str, datetime] = {}
    for key in order:
        start = max((ends[name] for name in graph[key]), default=launch_at)
        limit = asks[key].reply_limit
        starts[key] = ends[key] = start
        if asks[key].kind is AskKind.STATUTORY_WAIT and limit is not None:
            period = Clock(clock_id=key, kind=ClockKind.STATUTORY_NOTICE, started_at=start, limit=limit)
            ends[key] = due(period, calendar).at or start
    return starts
