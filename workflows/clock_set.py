"""Clocks that are watched together: those of a round, of a promised material, of a notice to the requester."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.clock import Clock, ClockKind, Due, due, runs_on_at, stop
from domain.codes import Urgency
from domain.ladder import DECIDER, Ladder, Rung, ScheduledRung, instants
from domain.launch import CaseLaunch
from domain.outage import run_on
from domain.rung_proof import ClockProofs, RungProof
from domain.working_calendar import WorkingCalendar

RungKey = tuple[ClockKind, str]


@dataclass(frozen=True)
class Rules:
    """What clocks and rungs are derived from; the same for the whole case."""

    calendar: WorkingCalendar
    ladder: Ladder
    urgent: bool

    @staticmethod
    def of(launch: CaseLaunch) -> "Rules":
        return Rules(launch.calendar, launch.ladder, launch.urgency is Urgency.URGENT)


@dataclass(frozen=True)
class RunningClock:
    """A clock with everything derived from it, derived once per change."""

    clock: Clock
    due: Due
    rungs: tuple[ScheduledRung, ...]
    runs_on_at: datetime | None = None
    """When an outage's pause is used up."""

    @staticmethod
    def of(clock: Clock, rules: Rules) -> "RunningClock":
        rungs = instants(rules.ladder, clock, rules.calendar, urgent=rules.urgent)
        return RunningClock(clock, due(clock, rules.calendar), rungs, runs_on_at(clock, rules.calendar))


@dataclass(frozen=True)
class DueRung:
    """One rung of one clock, and when it fires."""

    clock: RunningClock
    scheduled: ScheduledRung
    at: datetime

    @property
    def key(self) -> RungKey:
        return self.clock.clock.kind, self.scheduled.rung.name


@dataclass
class ClockSet:
    """Mutable while the case runs. `subject` names it in notices and facts: a request id, or the like."""

    subject: str
    number: int
    rules: Rules
    department: str | None = None
    clocks: dict[ClockKind, RunningClock] = field(default_factory=dict)
    proofs: list[RungProof] = field(default_factory=list)
    settled: set[RungKey] = field(default_factory=set)
    """Rungs that fired, are firing, or are not owed any more."""
    postponed: dict[RungKey, datetime] = field(default_factory=dict)
    closed: bool = False
    deciders: tuple[str, ...] = ("duty_leader",)
    """Whom a rung tells that names the decider."""

    def start(self, clock: Clock) -> None:
        self.clocks[clock.kind] = RunningClock.of(clock, self.rules)

    def change(self, clock: Clock, now: datetime) -> None:
        """Paused, resumed or extended: rungs that now lie ahead are owed again, also those that had fired."""
        self.start(clock)
        for scheduled in self.clocks[clock.kind].rungs:
            if scheduled.at > now:
                self.settled.discard((clock.kind, scheduled.rung.name))
                self.postponed.pop((clock.kind, scheduled.rung.name), None)

    def count_anew(self, rules: Rules, now: datetime) -> None:
        self.rules = rules
        for running in list(self.clocks.values()):
            if running.clock.stopped_at is None:
                self.change(running.clock, now)

    def run_on(self, now: datetime) -> bool:
        """End the pauses that an outage began, each where its allowance ends at the latest. Whether there were any."""
        found = [run_on(running.clock, now, self.rules.calendar) for running in self.clocks.values()]
        resumed = [clock for clock in found if clock is not None]
        for clock in resumed:
            self.change(clock, now)
        return bool(resumed)

    def carry(self, clock: Clock, earlier: "ClockSet", now: datetime) -> None:
        """Go on with a clock of an earlier turn: what its ladder did before now is not done again."""
        self.start(clock)
        for scheduled in self.clocks[clock.kind].rungs:
            key = (clock.kind, scheduled.rung.name)
            if scheduled.at <= now and key in earlier.settled:
                self.settled.add(key)

    def hold_back(self, kind: ClockKind, until: datetime) -> None:
        """What this clock owes by then waits until then, or until it is let go."""
        for rung in [rung for rung in self.open_rungs() if rung.clock.clock.kind is kind and rung.at < until]:
            self.postponed[rung.key] = until

    def let_go(self, kind: ClockKind) -> None:
        self.postponed = {key: at for key, at in self.postponed.items() if key[0] is not kind}

    def stop(self, kind: ClockKind, at: datetime) -> None:
        running = self.clocks.get(kind)
        if running is not None and running.clock.stopped_at is None:
            # A clock keeps its rungs: those that were owed before it stopped still need their proof.
            stopped = stop(running.clock, max(at, running.clock.started_at))
            self.clocks[kind] = replace(running, clock=stopped)

    def close(self, at: datetime) -> None:
        self.closed = True
        for kind in self.clocks:
            self.stop(kind, at)

    def reopen(self) -> None:
        """What it watched is awaited after all; rungs that were not owed while it was closed are owed again."""
        self.closed = False
        for running in list(self.clocks.values()):
            self.start(running.clock.model_copy(update={"stopped_at": None}))

    def run_again(self, kind: ClockKind, now: datetime) -> None:
        """What stopped it was no good: its date stands. Reminders of a date that is over by now are not made up for."""
        running = self.clocks[kind]
        came = running.clock.stopped_at
        if self.closed or came is None:
            return
        self.start(running.clock.model_copy(update={"stopped_at": None}))
        ends = self.due_at(kind)
        for owed in list(self.open_rungs()):
            rung, planned_at = owed.scheduled.rung, owed.scheduled.at
            reminds = rung.clock is kind and rung.when.relation in ("before", "due_day")
            if reminds and ends is not None and ends <= now:
                self.settled.add(owed.key)
                result = f"answered: {came.isoformat()}"
                self.proofs.append(
                    RungProof(rung=rung.name, clock=kind, planned_at=planned_at, fired_at=now, result=result)
                )

    def clock(self, kind: ClockKind) -> Clock:
        return self.clocks[kind].clock

    def due_at(self, kind: ClockKind) -> datetime | None:
        running = self.clocks.get(kind)
        return running.due.at if running else None

    @property
    def provisional(self) -> bool:
        return any(running.due.provisional for running in self.clocks.values())

    def open_rungs(self) -> Iterator[DueRung]:
        """Rungs that are still owed: not settled, and planned before their clock stopped."""
        for running in self.clocks.values():
            for scheduled in running.rungs:
                key = (running.clock.kind, scheduled.rung.name)
                stopped = running.clock.stopped_at
                if key not in self.settled and (stopped is None or scheduled.at <= stopped):
                    yield DueRung(running, scheduled, self.postponed.get(key, scheduled.at))

    def spent(self, kind: ClockKind) -> bool:
        """It is overdue, its whole ladder has left its proofs, and nothing more would happen by itself."""
        running = self.clocks.get(kind)
        if self.closed or running is None or running.clock.stopped_at is not None or not running.rungs:
            return False
        proved = {(proof.rung, proof.planned_at) for proof in self.proofs}
        if any((scheduled.rung.name, scheduled.at) not in proved for scheduled in running.rungs):
            return False
        return any(scheduled.rung.when.relation in ("at", "after") for scheduled in running.rungs)

    def told(self, rung: Rung) -> tuple[str, ...]:
        """The roles that a rung tells, with the deciders in the place of `decider`."""
        roles = (role for named in rung.tell for role in (self.deciders if named == DECIDER else (named,)))
        return tuple(dict.fromkeys(roles))

    def shown(self, kind: ClockKind) -> ClockProofs:
        return ClockProofs(clock=self.clock(kind), rungs=tuple(self.proofs))
