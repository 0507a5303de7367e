"""Clocks that are watched together: those of a round, of a promised material, of a notice to the requester."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.clock import Clock, ClockKind, Due, due, runs_on_at, stop
from domain.codes import Urgency
from domain.ladder import DECIDER, Ladder, Rung, ScheduledRung, instants
from domain.launch import EDITION, CaseLaunch
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
    edition: int = EDITION

    @staticmethod
    def of(launch: CaseLaunch) -> "Rules":
        return Rules(launch.calendar, launch.ladder, launch.urgency is Urgency.URGENT, launch.edition)


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
    in_flight: set[RungKey] = field(default_factory=set)
    """Those of them that are firing."""
    postponed: dict[RungKey, datetime] = field(default_factory=dict)
    held: Counter[RungKey] = field(default_factory=Counter)
    """How often a rung found an answer that waits to be applied."""
    held_back: dict[RungKey, datetime] = field(default_factory=dict)
    """Rungs that wait until then, or until they are let go."""
    answered: dict[RungKey, datetime] = field(default_factory=dict)
    """Rungs that nobody need hear of any more, and when somebody had answered."""
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
                key = (clock.kind, scheduled.rung.name)
                self.settled.discard(key)
                for noted in (self.postponed, self.held, self.answered):
                    noted.pop(key, None)

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
        """Go on with a clock of an earlier turn: what its ladder did before now is not done again.

        Of what came due while the ball lay with us, one rung is caught up on, the first that says "overdue" if there
        is one. The others leave their proof and tell nobody: the department had answered.
        """
        self.start(clock)
        missed: list[ScheduledRung] = []
        for scheduled in self.clocks[clock.kind].rungs:
            if scheduled.at > now:
                continue
            if (clock.kind, scheduled.rung.name) in earlier.settled:
                self.settled.add((clock.kind, scheduled.rung.name))
            else:
                missed.append(scheduled)
        if self.rules.edition < 1:
            return
        overdue = [scheduled for scheduled in missed if scheduled.rung.when.tells_of_lateness]
        for scheduled in missed:
            if scheduled not in (overdue[:1] or missed[-1:]):
                self.answered[clock.kind, scheduled.rung.name] = earlier.clock(clock.kind).stopped_at or now

    def hold_back(self, kind: ClockKind, until: datetime) -> None:
        """What this clock owes by then waits until then, or until it is let go."""
        for rung in [rung for rung in self.open_rungs() if rung.clock.clock.kind is kind and rung.at < until]:
            self._held_back[rung.key] = until

    def let_go(self, kind: ClockKind) -> None:
        for key in [key for key in self._held_back if key[0] is kind]:
            del self._held_back[key]

    @property
    def _held_back(self) -> dict[RungKey, datetime]:
        """In the first edition who let a clock go let its rungs' own holds go as well."""
        return self.held_back if self.rules.edition >= 1 else self.postponed

    def stop(self, kind: ClockKind, at: datetime) -> None:
        running = self.clocks.get(kind)
        if running is not None and running.clock.stopped_at is None:
            ran_on = run_on(running.clock, at, self.rules.calendar)
            if ran_on is not None:
                # What an outage held has come all the same: nothing is left that could run on at the bound.
                running = RunningClock.of(ran_on, self.rules)
            # A clock keeps its rungs: those that were owed before it stopped still need their proof.
            self.clocks[kind] = replace(running, clock=stop(running.clock, max(at, running.clock.started_at)))

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
        for owed in self.open_rungs() if ends is not None and ends <= now else ():
            if owed.key[0] is kind and not owed.scheduled.rung.when.tells_of_lateness:
                self.answered[owed.key] = came

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
                    at_once = stopped is not None and self.rules.edition >= 1
                    yield DueRung(running, scheduled, scheduled.at if at_once else self._not_before(key, scheduled.at))

    def _not_before(self, key: RungKey, planned: datetime) -> datetime:
        """Whoever has moved meanwhile is not waited for: then only its proof is owed, and at once."""
        at = self.postponed.get(key, planned)
        return max(at, self.held_back.get(key, at))

    def spent(self, kind: ClockKind) -> bool:
        """It is overdue, its whole ladder lies behind it, and nothing more would happen by itself.

        A rung that fired for an earlier turn, or before the due instant moved, lies behind it as well.
        """
        running = self.clocks.get(kind)
        if self.closed or running is None or running.clock.stopped_at is not None or not running.rungs:
            return False
        if not self._climbed(running):
            return False
        return any(scheduled.rung.when.tells_of_lateness for scheduled in running.rungs)

    def _climbed(self, running: RunningClock) -> bool:
        if self.rules.edition < 1:
            proved = {(proof.rung, proof.planned_at) for proof in self.proofs}
            return all((scheduled.rung.name, scheduled.at) in proved for scheduled in running.rungs)
        keys = {(running.clock.kind, scheduled.rung.name) for scheduled in running.rungs}
        return keys <= self.settled - self.in_flight

    def told(self, rung: Rung) -> tuple[str, ...]:
        """The roles that a rung tells, with the deciders in the place of `decider`."""
        roles = (role for named in rung.tell for role in (self.deciders if named == DECIDER else (named,)))
        return tuple(dict.fromkeys(roles))

    def shown(self, kind: ClockKind) -> ClockProofs:
        return ClockProofs(clock=self.clock(kind), rungs=tuple(self.proofs))
