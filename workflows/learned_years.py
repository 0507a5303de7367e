"""A notice for a year that the case knew nothing official about: the clocks that still run are counted anew."""

from collections.abc import Iterator, Mapping

from temporalio import workflow

from domain.decision import Decision
from domain.errors import conflict, invalid
from domain.fact import FactKind
from domain.learned_years import LearnedYears, LearnYears, news, with_years
from workflows.announcer import Announcer
from workflows.casebook import Casebook, iso
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
        if not news(self._book.launch.calendar, command.years):
            raise conflict("years-known", "this case counts with official notices for these years already")
        if len({one.year for one in command.years}) < len(command.years):
            raise invalid("year-named-twice", "one notice for each year", field="years")

    def _learn(self, command: LearnYears) -> None:
        years = news(self._book.launch.calendar, command.years)
        before = dict(self._running())
        self._learned.append(LearnedYears(at=workflow.now(), years=years))
        self._book.count_with(with_years(self._book.launch.calendar, years))
        after = dict(self._running())
        moved = [f"{name} {was} → {after[name]}" for name, was in before.items() if after[name] != was]
        notices = ", ".join(one.notice_number for one in years)
        told = {"calendar": self._book.launch.calendar.version, "notice": notices, "moved": "; ".join(moved)[:1_000]}
        self._book.write(FactKind.CALENDAR_LEARNED, actor=command.decided_by, data=told)
        self._book.judge_anew()
        if moved:
            self._announcer.tell(RUNG, ("requester", "clerk", "duty_leader"))

    def _running(self) -> Iterator[tuple[str, str | None]]:
        for watch in self._book.clock_sets():
            for kind, running in watch.clocks.items():
                if running.clock.stopped_at is None:
                    yield f"{watch.subject}.{watch.number} {kind.value}", iso(running.due.at)
