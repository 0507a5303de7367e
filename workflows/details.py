"""What Temporal's own UI says about a running case: keys, codes and instants. It is not sealed, so nothing that anybody
wrote stands in it, not even why a decision is needed: reasons name materials and parties.
"""

from datetime import datetime

from domain.snapshot import CaseSnapshot, RequestSnapshot
from domain.waiting import Matter, WaitSnapshot
from domain.working_calendar import WorkingCalendar

_CELL = "| {} | {} | {} | {} | {} |"


def details(snapshot: CaseSnapshot, calendar: WorkingCalendar) -> str:
    """Markdown: one row a request, then what happens next."""
    rows = [_CELL.format("request", "department", "state", "due", "waits for"), _CELL.format(*["---"] * 5)]
    rows += [_row(request, calendar) for request in snapshot.requests]
    if snapshot.outcome is not None:
        rows += ["", f"**Outcome: {snapshot.outcome.outcome.value}**"]
    elif snapshot.decision_needed:
        rows += ["", "**Somebody must decide:**", "", *(_owed(wait, calendar) for wait in _decisions(snapshot))]
    elif snapshot.next_due_at is not None:
        rows += ["", f"Next by itself: {_local(snapshot.next_due_at, calendar)}"]
    return "\n".join(rows)


def _row(request: RequestSnapshot, calendar: WorkingCalendar) -> str:
    due = request.round.due_at if request.round else None
    answer = request.round.reply if request.round else None
    state = f"{request.state.value} {answer.value}" if answer else request.state.value
    return _CELL.format(
        request.key, request.department or "–", state, _local(due, calendar) if due else "–", request.waiting_for or "–"
    )


def _decisions(snapshot: CaseSnapshot) -> list[WaitSnapshot]:
    return [wait for wait in snapshot.waits if wait.running and wait.matter is not Matter.REVIEW]


def _owed(wait: WaitSnapshot, calendar: WorkingCalendar) -> str:
    due = f", due {_local(wait.due_at, calendar)}" if wait.due_at else ""
    return f"- {wait.matter.value} · {wait.about} · {' or '.join(wait.deciders)}{due}"


def _local(instant: datetime, calendar: WorkingCalendar) -> str:
    return calendar.local(instant).strftime("%Y-%m-%d %H:%M")
