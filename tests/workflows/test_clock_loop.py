"""The loop itself, on a clock of its own: whatever is over and stays so keeps the case from nothing else."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from temporalio import workflow

from domain.codes import Cause, Urgency
from domain.fact import FactKind
from domain.launch import EDITION, CaseLaunch
from domain.limit import Limit
from domain.plan import Plan
from tests.workflows.skipped_time import CALENDAR, CASE, LADDER, ask, department, instant
from workflows.casebook import Casebook
from workflows.clock_loop import ClockLoop, recheck_pause
from workflows.subject import Expiry, Subject

START = instant("2023-03-13T09:00")


class NothingMoreError(Exception):
    """Nobody waits for an instant any more."""


class Never(Subject):
    """What it does when its time is up changes nothing."""

    def __init__(self) -> None:
        self.acts = 0

    def expiries(self) -> Iterator[Expiry]:
        yield Expiry(START + timedelta(hours=1), self.act)

    def act(self) -> None:
        self.acts += 1
        assert self.acts < 1_000, "it spins"


class Once(Subject):
    def __init__(self) -> None:
        self.over = False

    def expiries(self) -> Iterator[Expiry]:
        if not self.over:
            yield Expiry(START + timedelta(hours=2), self.end)

    def end(self) -> None:
        self.over = True


class Again(Subject):
    """Its time is up anew at the same instant, as a material's whose paper is sent back after its date."""

    def __init__(self) -> None:
        self.due = False
        self.acts = 0

    def expiries(self) -> Iterator[Expiry]:
        if self.due:
            yield Expiry(START + timedelta(hours=1), self.act)

    def act(self) -> None:
        self.due = False
        self.acts += 1


@pytest.fixture
def skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The workflow's time: it passes whenever somebody waits for an instant."""
    at = [START]

    async def wait(condition: Callable[[], bool], *, timeout: timedelta | None = None, **_: object) -> None:
        if condition():
            return
        if timeout is None:
            raise NothingMoreError
        at[0] += timeout
        raise TimeoutError

    monkeypatch.setattr(workflow, "now", lambda: at[0])
    monkeypatch.setattr(workflow, "info", lambda: SimpleNamespace(run_id="12345678"))
    monkeypatch.setattr(workflow, "wait_condition", wait)


def casebook(*subjects: Subject) -> Casebook:
    launch = CaseLaunch(
        case_id=CASE,
        launched_at=START,
        launched_by="user:leader",
        duty_leader="leader",
        cause=Cause.CROSS_DEPT,
        urgency=Urgency.NORMAL,
        plan=Plan(asks=(ask("permit", "market"),)),
        routes=(department("market").route(),),
        calendar=CALENDAR,
        ladder=LADDER,
        follow_up_limit=Limit.parse("1 working_days"),
        edition=EDITION,
    )
    book = Casebook(launch)
    book.subjects.extend(subjects)
    return book


@pytest.mark.usefixtures("skipped")
async def test_what_is_over_and_stays_so_is_passed_over_and_the_case_goes_on() -> None:
    never, once = Never(), Once()
    book = casebook(never, once)
    with pytest.raises(NothingMoreError):
        await ClockLoop(book).run()
    assert once.over
    (fact,) = book.take_progress().facts
    assert (fact.kind, fact.data["what"]) == (FactKind.EXPIRY_IN_VAIN, "Never.act")
    assert datetime.fromisoformat(fact.data["at"]) == START + timedelta(hours=1)
    assert book.undone == [START + timedelta(hours=1)]
    assert book.next_instant() is None


@pytest.mark.usefixtures("skipped")
async def test_what_ends_each_time_is_never_passed_over_whoever_stands_beside_it() -> None:
    again = Again()
    book = casebook(Never(), again)
    clocks = ClockLoop(book)
    for _ in range(30):
        again.due = True
        clocks._act(START + timedelta(hours=1))
    assert again.acts == 30
    (fact,) = book.take_progress().facts
    assert fact.data["what"] == "Never.act", "told once"


def test_a_rung_that_is_held_for_days_is_looked_at_a_few_times_a_day() -> None:
    pauses = [recheck_pause(held) for held in range(1, 100)]
    assert pauses[:3] == [timedelta(minutes=10), timedelta(minutes=20), timedelta(minutes=40)]
    assert set(pauses[5:]) == {timedelta(hours=4)}
