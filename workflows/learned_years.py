"""The calendar has changed while the case runs: the clocks that still run are counted anew."""

from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import datetime

from temporalio import workflow

from domain.clock import ClockKind
from domain.decision import Decision
from domain.errors import conflict
from domain.fact import FactKind
from domain.learned_years import LearnedYears, LearnYears, News, still_new, with_news
from workflows.announcer import Announcer
from workflows.casebook import Casebook, iso
from workflows.clock_set import ClockSet
from workflows.subject import Handler, Subject

RUNG = "due_dates_moved"


class Years(Subject):
    def __init__(self, book: Casebook, announcer: Announcer) -> None:
        self._book = book
        self._announcer = announcer
        self._learned: list[LearnedYears] = []

    def handlers(self) -> Mapping[type[Decision], Handler]:
        return {LearnYears: Handler(self._check, self._learn)}

    def shown(self) -> Mapping[str, object]:
        return {"learned": tuple(self._learned)} if self._learned else {}

    def _check(self, command: LearnYears) -> None:
        if self._news(command).empty:
            raise conflict("years-known", "this case counts with the calendar in force already")

    def _news(self, command: LearnYears) -> News:
        return still_new(self._book.launch.calendar, command, amends=command.amends)

    def _learn(self, command: LearnYears) -> None:
        told = self._news(command)
        before = dict(self._running())
        self._learned.append(LearnedYears(at=workflow.now(), years=told.years, taken_back=told.taken_back))
        self._book.count_with(with_news(self._book.launch.calendar, told))
        if command.amends:
            for subject in self._book.subjects:
                subject.counted_anew()
        after = dict(self._running())
        moved = {one: f"{one} {was} → {after[one]}" for one, was in before.items() if after.get(one, was) != was}
        self._book.write(FactKind.CALENDAR_LEARNED, actor=command.decided_by, data=self._said(told, moved.values()))
        if moved:
            self._announcer.tell(RUNG, ("requester", "clerk", "duty_leader"))
        if command.amends:
            self._tell_departments(moved)

    def _said(self, told: News, moved: Iterable[str]) -> dict[str, str | None]:
        return {
            "calendar": self._book.launch.calendar.version,
            "notice": ", ".join(one.notice_number for one in told.years),
            "taken_back": ", ".join(str(year) for year in told.taken_back),
            "moved": "; ".join(moved)[:1_000],
        }

    def _tell_departments(self, moved: Container[str]) -> None:
        """Whoever answers by another date now; a department's system has no call for it."""
        asked = {watch.department for watch, kind, _ in self._clocks() if _name(watch, kind) in moved}
        for department in sorted(code for code in asked if code is not None):
            self._announcer.tell(RUNG, ("department_officer",), department=department)

    def _running(self) -> Iterator[tuple[str, str | None]]:
        for watch, kind, due_at in self._clocks():
            yield _name(watch, kind), iso(due_at)

    def _clocks(self) -> Iterator[tuple[ClockSet, ClockKind, datetime | None]]:
        for watch in self._book.clock_sets():
            for kind, running in watch.clocks.items():
                if running.clock.stopped_at is None:
                    yield watch, kind, running.due.at


def _name(watch: ClockSet, kind: ClockKind) -> str:
    return f"{watch.subject}.{watch.number} {kind.value}"
