"""Minutes whose points bind, and escalation by hand."""

from collections.abc import Mapping

from temporalio import workflow

from domain.conference import EscalateCase, RecordMinutes
from domain.decision import Decision
from domain.errors import conflict, invalid
from domain.fact import FactKind
from domain.limit import LATEST_DATE, Limit, TimeUnit
from domain.plan import Ask
from workflows.announcer import Announcer
from workflows.casebook import Casebook
from workflows.request_lookup import RequestLookup
from workflows.subject import Handler, Subject


class Conference(Subject):
    def __init__(self, book: Casebook, lookup: RequestLookup, announcer: Announcer) -> None:
        self._book = book
        self._lookup = lookup
        self._announcer = announcer
        self._minutes: list[str] = []

    def handlers(self) -> Mapping[type[Decision], Handler]:
        return {
            RecordMinutes: Handler(self._check_minutes, self._record_minutes),
            EscalateCase: Handler(lambda _command: None, self._escalate),
        }

    def _check_minutes(self, command: RecordMinutes) -> None:
        if command.number in self._minutes:
            raise conflict("minutes-recorded", "these minutes are recorded already")
        self._lookup.room_for(len(command.actions))
        earliest = self._book.launch.calendar.earliest_date(workflow.now())
        for index, action in enumerate(command.actions):
            if action.until < earliest:
                raise invalid("date-in-the-past", "this day is over: name a later one", field=f"actions.{index}.until")
            if action.until > LATEST_DATE:
                raise invalid("date-too-far", "no calendar reaches so far", field=f"actions.{index}.until")

    def _record_minutes(self, command: RecordMinutes) -> None:
        self._minutes.append(command.number)
        for number, action in enumerate(command.actions, start=1):
            ask = Ask(
                key=self._book.free_key(f"minutes{len(self._minutes)}-{number}"),
                text=f"{action.what} — {action.basis}"[:2_000],
                role=action.role,
                department=action.department.code,
                ruling=command.number,
            ).model_copy(update={"reply_limit": Limit(unit=TimeUnit.FIXED_DATE, date=action.until)})
            self._book.add_ask(ask, action.department)
        told = {"number": command.number, "participants": ", ".join(command.participants)}
        self._lookup.note(FactKind.MINUTES_RECORDED, command, None, **told)

    def _escalate(self, command: EscalateCase) -> None:
        self._lookup.note(FactKind.ESCALATED, command, None, level=command.level)
        self._announcer.tell(f"escalated_to_{command.level}", (command.level,), demands_action=True)
