"""One ask of the plan while the case runs: a plain object with its rounds, no workflow of its own."""

from dataclasses import dataclass, field
from datetime import datetime

from domain.clock import Clock, ClockKind, due, pause, resume
from domain.codes import ReplyCode, RequestState, RoundEnd
from domain.department import DepartmentRoute
from domain.fact import ENGINE
from domain.ids import request_id, round_id
from domain.later_list import LaterList, ListTold, later_lists
from domain.launch import CaseLaunch
from domain.limit import Limit
from domain.objection import Ruling
from domain.outcome import ACCEPTING_REPLIES, Standing
from domain.plan import Ask, AskKind
from domain.reply import FINAL_REPLIES, Accepted, Answer, NeedMore, Unreadable
from domain.waiting import Matter, Wait
from workflows.clock_set import ClockSet, Rules
from workflows.round import Round

_CLOCK_OF_KIND = {
    AskKind.DEPARTMENT: ClockKind.REPLY,
    AskKind.EXTERNAL: ClockKind.EXTERNAL_FOLLOW_UP,
    AskKind.STATUTORY_WAIT: ClockKind.STATUTORY_NOTICE,
}


@dataclass
class Request:
    """Moves PENDING → OPEN → (DECISION or SUPPLEMENT → OPEN …) → a terminal state, and never leaves that."""

    request_id: str
    ask: Ask
    rules: Rules
    default_limit: Limit
    renewed_limit: Limit
    objection_limit: Limit | None = None
    state: RequestState = RequestState.PENDING
    ruling: Ruling | None = None
    """The latest designation."""
    bounces: int = 0
    conference: bool = False
    released: bool = False
    """The leader said: start it whatever the asks before it brought."""
    held: bool = False
    """Accepted on condition that nothing is issued before the last material is verified."""
    outweighed: bool = False
    ended_by: str | None = None
    """Who withdrew or waived it."""
    rounds: list[Round] = field(default_factory=list)

    @staticmethod
    def of(ask: Ask, launch: CaseLaunch) -> "Request":
        limit = ask.reply_limit or launch.follow_up_limit
        objection = launch.objection_limit if ask.kind is AskKind.DEPARTMENT else None
        return Request(
            request_id(launch.case_id, ask.key),
            ask,
            Rules.of(launch),
            limit,
            launch.renewed_limit,
            objection,
            ruling=Ruling(ask.ruling, ask.department) if ask.ruling else None,
        )

    @property
    def repeatable_limit(self) -> Limit:
        """For what is asked later on this one's account: an agreed date, or "today", is no length of time."""
        return self.renewed_limit if self.default_limit.amount is None else self.default_limit

    def _own_limit(self, number: int, now: datetime) -> Limit:
        """The first round keeps an agreed date, come what may; a later one never begins after its own end."""
        if number == 1 or self.default_limit.date is None:
            return self.default_limit
        agreed = self._clock(number, ClockKind.REPLY, self.default_limit, now)
        return self.renewed_limit if self._date_passed(agreed, now) else self.default_limit

    def _date_passed(self, clock: Clock, now: datetime) -> bool:
        agreed = due(clock, self.rules.calendar).at if clock.limit.date is not None else None
        return agreed is not None and agreed <= now

    @property
    def round(self) -> Round:
        """The latest round."""
        return self.rounds[-1]

    @property
    def proceeds(self) -> bool:
        """Whether the asks that wait for this one may start."""
        if self.state is RequestState.ANSWERED:
            return self.round.reply in ACCEPTING_REPLIES and not self.held
        return self.state in (RequestState.WITHDRAWN, RequestState.WAIVED)

    @property
    def responsible(self) -> str | None:
        """首接负责: the first receiver, until another department has signed for it without objecting."""
        taken = [one for one in self.rounds if one.signed_at and one.reply is not ReplyCode.NOT_MINE and one.route]
        shown = taken[-1] if taken else (self.rounds[0] if self.rounds else None)
        return shown.route.code if shown and shown.route else self.ask.department

    @property
    def lists(self) -> list[ListTold]:
        """What departments said that they need, round by round."""
        return [
            ListTold(one.number, one.route.code, one.answer.reply.materials)
            for one in self.rounds
            if one.route is not None and one.answer is not None and isinstance(one.answer.reply, NeedMore)
        ]

    @property
    def later_list(self) -> LaterList | None:
        """What the latest round asks for beyond the department's earlier lists."""
        later = later_lists(self.lists)
        return later[-1] if later and later[-1].round == self.round.number else None

    @property
    def ended(self) -> str:
        """How it ended, in a word, and by whom if a person ended it."""
        return f"{self.state.value} by {self.ended_by}" if self.ended_by else self.state.value

    def open_round(
        self,
        route: DepartmentRoute | None,
        now: datetime,
        *,
        note: str = "",
        limit: Limit | None = None,
        by: str = ENGINE,
    ) -> Round:
        """Ask (again): a new round with new clocks. A round still open is superseded first."""
        opened = self._new_round(route, now, note, by)
        kind = _CLOCK_OF_KIND[self.ask.kind]
        opened.watch.start(self._clock(opened.number, kind, limit or self._own_limit(opened.number, now), now))
        if self.ask.kind is AskKind.DEPARTMENT and self.ask.sign_limit is not None:
            opened.watch.start(self._clock(opened.number, ClockKind.SIGN_FOR, self.ask.sign_limit, now))
        if self.objection_limit is not None and opened.ruling is None:
            opened.watch.start(self._clock(opened.number, ClockKind.OBJECTION, self.objection_limit, now))
        return opened

    def go_on(
        self,
        now: datetime,
        *,
        note: str,
        waited: str | None = None,
        legal_basis: str | None = None,
        by: str = ENGINE,
    ) -> Round:
        """The same department's next turn on the same reply clock.

        `waited` names what it waited for since its last answer: that time is a pause, and not the department's.
        """
        before = self.round
        carried = before.watch.clock(ClockKind.REPLY).model_copy(update={"stopped_at": None})
        if self.rules.edition >= 1 and waited is not None and self._date_passed(carried, now) and before.in_time():
            # A date stands still for nobody: who answered before it is not overdue for what the requester took.
            carried = self._clock(before.number + 1, ClockKind.REPLY, self.renewed_limit, now)
        # Our door's clock may be a little behind the engine's: nobody answers before being asked.
        answered = max([before.received_at or now, carried.started_at, *_ends(carried)])
        if waited is not None and carried.open_pause is None and now > answered:
            carried = resume(pause(carried, answered, waited, legal_basis=legal_basis), now)
        opened = self._new_round(before.route, now, note, by)
        opened.carried = True
        opened.watch.carry(carried, before.watch, now)
        if ClockKind.OBJECTION in before.watch.clocks:
            # Whatever it waited for: who takes a request up has had the time to return it, and no more.
            objection = before.watch.clock(ClockKind.OBJECTION).model_copy(update={"stopped_at": None})
            opened.watch.carry(objection, before.watch, now)
        return opened

    def answer(self, answer: Answer, now: datetime, *, final: bool | None = None) -> None:
        """Take the effective answer of the running round. `final` overrides what the reply code says."""
        ends = answer.reply.code in FINAL_REPLIES if final is None else final
        current = self.round
        current.answer, current.answer_ref, current.received_at = answer, answer.ref, answer.received_at
        current.signed_at = current.signed_at or answer.received_at
        current.heard_of(answer.received_at)
        current.finish(RoundEnd.FINAL if ends else RoundEnd.TURN, now)
        self.state = RequestState.ANSWERED if ends else RequestState.DECISION

    def spoken_to(self, now: datetime) -> None:
        """The external party has told how far it is: it is followed up anew, and the clerk reminded again."""
        running = self.round.watch.clock(ClockKind.EXTERNAL_FOLLOW_UP)
        anew = {"started_at": now, "limit": self._own_limit(self.round.number + 1, now)}
        self.round.watch.change(running.model_copy(update=anew), now)

    def accept_turn(self) -> None:
        """The last answer stands after all: a person decided so."""
        self.round.end = RoundEnd.FINAL
        self.state = RequestState.ANSWERED

    def quarantine(self, unreadable: Unreadable, now: datetime) -> None:
        """The answer cannot be understood: a person reads it, the rest of the case goes on."""
        self.round.answer_ref, self.round.received_at = unreadable.ref, unreadable.received_at
        self.round.finish(RoundEnd.QUARANTINED, now)
        self.state = RequestState.DECISION

    def hand_back(self, end: RoundEnd, now: datetime) -> None:
        """The round ends without an answer, and a person decides how to go on."""
        self.round.finish(end, now)
        self.state = RequestState.DECISION

    def answer_by_clock(self, note: str, ref: str, ended_at: datetime, now: datetime) -> None:
        """A statutory period has passed, or silence counts as consent."""
        passed = Accepted(code=ReplyCode.ACCEPTED, note=note)
        self.answer(Answer(reply=passed, received_at=ended_at, ref=ref), now)

    def end(self, state: RequestState, now: datetime) -> None:
        """Withdrawn or waived."""
        if self.rounds and not self.round.ended:
            self.round.finish(RoundEnd.WITHDRAWN, now)
        self.state = state

    def standing(self, *, stalled: bool) -> Standing:
        reply = self.round.reply if self.state is RequestState.ANSWERED else None
        return Standing(self.ask.key, self.ask.role, self.ask.blocking, self.state, reply, stalled, self.outweighed)

    def wait(self, matter: Matter, why: str) -> Wait:
        """Its latest round waits for a person."""
        about = round_id(self.request_id, self.round.number) if self.rounds else self.request_id
        return Wait(matter=matter, about=about, why=why, request_id=self.request_id)

    @property
    def held_up(self) -> bool:
        """Its clock stands still without an end: a pause that nobody has ended yet."""
        open_round = self.state is RequestState.OPEN and self.ask.kind is AskKind.DEPARTMENT
        return open_round and self.round.watch.due_at(ClockKind.REPLY) is None

    def _new_round(self, route: DepartmentRoute | None, now: datetime, note: str, by: str) -> Round:
        if self.rounds and not self.round.ended:
            self.round.finish(RoundEnd.SUPERSEDED, now)
        number = len(self.rounds) + 1
        department = route.code if route else None
        watch = ClockSet(self.request_id, number, self.rules, department)
        opened = Round(number, route, now, watch, note, by, self.ruling.over(department) if self.ruling else None)
        self.rounds.append(opened)
        self.state = RequestState.OPEN
        return opened

    def _clock(self, number: int, kind: ClockKind, limit: Limit, now: datetime) -> Clock:
        clock_id = f"{round_id(self.request_id, number)}.{kind.value}"
        return Clock(clock_id=clock_id, kind=kind, started_at=now, limit=limit)


def _ends(clock: Clock) -> list[datetime]:
    return [held.ended_at for held in clock.pauses if held.ended_at is not None]
