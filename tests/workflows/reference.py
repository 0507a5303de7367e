"""The rules of one request as a plain model: what a second, much simpler reading of the domain expects.

It knows no Temporal, no activities and no rungs; it only says in which state a request must be after each step.
"""

import copy
from dataclasses import dataclass, field
from datetime import datetime

from domain.clock import Clock, ClockError, ClockKind, Extension, due, extend, pause, resume
from domain.limit import Limit
from tests.workflows.skipped_time import CALENDAR

LIMIT = Limit.parse("5 working_days")
MORE = Limit.parse("2 working_days")
DECIDE = Limit.parse("1 working_days")
CONFER = Limit.parse("5 working_days")
SUPPLY = Limit.parse("5 working_days")
PROMISE = Limit.parse("3 working_days")
RECTIFY = Limit.parse("5 working_days")
AWAITED = ("PROMISED", "REJECTED", "OVERDUE")


@dataclass
class Model:
    """One request that starts with culture; `code` of the last refusal, None when the step was taken."""

    now: datetime
    state: str = "OPEN"
    round: int = 1
    department: str = "culture"
    bounces: int = 0
    conference: bool = False
    bound: str | None = None
    """The department that was designated."""
    carried: bool = False
    """The department goes on after an answer: without an objection limit it could return the request until then."""
    reply: str | None = None
    replied_at: datetime | None = None
    material: str | None = None
    promised_until: datetime | None = None
    rectify_by: datetime | None = None
    given_up: bool = False
    """A revocation was proposed: no clock runs for the material any more."""
    supply_by: datetime | None = None
    """When the notice to the requester lapses; None without one."""
    notes: int = 0
    wants: datetime | None = None
    waiting_since: datetime | None = None
    """When the ball came to us, for the answer or for the conference about it."""
    clock: Clock = field(init=False)

    def __post_init__(self) -> None:
        self._new_clock()

    @property
    def due_at(self) -> datetime | None:
        return due(self.clock, CALENDAR).at

    @property
    def decision(self) -> tuple[str, datetime] | None:
        """What waits for a person, and until when; None while the ball lies elsewhere."""
        if self.state != "DECISION" or self.waiting_since is None:
            return None
        disputed = self.reply == "NOT_MINE" and self.bounces >= 2 and not self.binds
        matter, limit = ("CONFERENCE", CONFER) if disputed and self.conference else ("ANSWER", DECIDE)
        return matter, _end(self.waiting_since, limit)

    @property
    def terminal(self) -> bool:
        return self.state in ("ANSWERED", "WITHDRAWN")

    @property
    def binds(self) -> bool:
        """A ruling binds the designated department in every round, and no other one."""
        return self.bound == self.department

    @property
    def lapsed(self) -> bool:
        return self.supply_by is not None and _passed(self.supply_by, self.now)

    @property
    def deadlines(self) -> dict[str, datetime]:
        """What runs out next if everybody stays silent, by whom it concerns."""
        found: dict[str, datetime | None] = {"reply": self.due_at if self.state == "OPEN" else None}
        found["decision"] = self.decision[1] if self.decision else None
        found["supplement"] = self.supply_by
        if self.material in AWAITED and not self.given_up:
            found["rectification" if self.rectify_by else "material"] = self.rectify_by or self.promised_until
        return {name: at for name, at in found.items() if at is not None and not _passed(at, self.now)}

    def goes_on(self, now: datetime) -> None:
        """Time has passed, and with it what nobody kept."""
        self.now = now
        if self.material not in AWAITED or self.given_up:
            return
        assert self.promised_until is not None
        if self.rectify_by is None and _passed(self.promised_until, now):
            self.material = "OVERDUE"
            self.rectify_by = _end(CALENDAR.next_office_instant(self.promised_until), RECTIFY)
        if self.rectify_by is not None and _passed(self.rectify_by, now):
            self.material, self.given_up = "FAILED", True

    def submit(self, *, good: bool) -> str | None:
        # Late is not never: even what was given up is verified when it comes after all
        if self.material not in (*AWAITED, "FAILED"):
            return "no-such-material" if self.material is None else "deferral-not-running"
        assert self.promised_until is not None
        chased = _passed(self.promised_until, self.now) and not self.given_up
        bad = "OVERDUE" if chased else "REJECTED"
        self.material = "VERIFIED" if good else bad
        return None

    def answer(self, code: str) -> None:
        if code == "INTERIM":
            self.notes += 1
            return
        self.reply, self.replied_at = code, self.now
        if code == "NOT_MINE" and not self.binds and not self.carried:
            self.bounces += 1
        if code == "ACCEPTED_CONDITIONALLY":
            self.material, self.promised_until = "PROMISED", _end(self.now, PROMISE)
        final = code in ("ACCEPTED", "REFUSED", "NO_RESULT", "ACCEPTED_CONDITIONALLY")
        self.state = "ANSWERED" if final else "DECISION"
        self.waiting_since = self.now
        self.clock = self.clock.model_copy(update={"stopped_at": self.now})

    def withdraw(self) -> str | None:
        if self.terminal:
            return "request-ended"
        self.state, self.supply_by = "WITHDRAWN", None
        return None

    def reassign(self, to: str) -> str | None:
        if (refusal := self._unaskable()) is not None:
            return refusal
        if to == self.department:
            return "same-department"
        if self.bounces >= 2:
            return "conference-needed"
        self._next_round(to)
        return None

    def ask_again(self) -> str | None:
        if (refusal := self._unaskable()) is not None:
            return refusal
        if self.state in ("OPEN", "SUPPLEMENT"):
            return "still-waiting"
        if self.bounces >= 2 and not self.binds:
            return "conference-needed"
        self._next_round(self.department)
        return None

    def convene(self) -> str | None:
        if (refusal := self._unaskable()) is not None:
            return refusal
        if self.bounces < 2:
            return "no-dispute"
        if self.conference:
            return "already-convened"
        self.conference = True
        self.waiting_since = self.now
        return None

    def designate(self, to: str) -> str | None:
        if (refusal := self._unaskable()) is not None:
            return refusal
        if self.bounces >= 2 and not self.conference:
            return "conference-needed"
        if self.bounces == 0:
            return "no-dispute"
        self.bound = to
        self._next_round(to)
        return None

    def pause(self) -> str | None:
        return self._change(lambda clock: pause(clock, self.now, "because", legal_basis="art. 1"))

    def resume(self) -> str | None:
        return self._change(lambda clock: resume(clock, self.now))

    def extend(self) -> str | None:
        more = Extension(granted_at=self.now, granted_by="user:leader", reason="because", limit=MORE)
        return self._change(lambda clock: extend(clock, more, CALENDAR, asked_at=self.now, at_most=1))

    def answer_extension(self, *, granted: bool) -> str | None:
        if (refusal := self._unaskable()) is not None:
            return refusal
        if self.state != "DECISION" or self.reply != "EXTENSION_REQUESTED":
            return "no-extension-asked"
        going_on = self.clock.model_copy(update={"stopped_at": None})
        if granted:
            assert self.wants is not None
            until = CALENDAR.local(self.wants).date()
            more = Extension(granted_at=self.now, granted_by="user:leader", reason="because", until=until)
            try:
                going_on = extend(going_on, more, CALENDAR, asked_at=self.replied_at, at_most=1)
            except ClockError as error:
                return error.code.replace("_", "-")
        self._go_on(going_on)
        return None

    def issue_notice(self) -> str | None:
        if self.state == "SUPPLEMENT":
            return "notice-out-already"
        if self.state != "DECISION" or self.reply != "NEED_MORE":
            return "nothing-missing"
        self.state, self.supply_by = "SUPPLEMENT", _end(self.now, SUPPLY)
        return None

    def receive(self) -> str | None:
        if self.state != "SUPPLEMENT":
            return "no-notice-out"
        assert self.replied_at is not None
        going_on = self.clock.model_copy(update={"stopped_at": None})
        if going_on.open_pause is None:
            going_on = resume(pause(going_on, self.replied_at, "waiting", legal_basis="art. 2"), self.now)
        self._go_on(going_on)
        return None

    def _change(self, change) -> str | None:  # type: ignore[no-untyped-def]
        if (refusal := self._unaskable()) is not None:
            return refusal
        if self.state != "OPEN":
            return "no-open-round"
        try:
            self.clock = change(self.clock)
        except ClockError as error:
            return error.code.replace("_", "-")
        return None

    def _unaskable(self) -> str | None:
        return "request-ended" if self.terminal else None

    def _next_round(self, department: str) -> None:
        self.department, self.carried = department, False
        self._new_clock()
        self._open()

    def _go_on(self, clock: Clock) -> None:
        self.clock, self.carried = clock, True
        self._open()

    def _open(self) -> None:
        self.round += 1
        self.notes, self.supply_by = 0, None
        self.state, self.reply = "OPEN", None

    def _new_clock(self) -> None:
        self.clock = Clock(clock_id="model", kind=ClockKind.REPLY, started_at=self.now, limit=LIMIT)

    def copy(self) -> "Model":
        """To ask what would happen."""
        return copy.copy(self)


def _end(start: datetime, limit: Limit) -> datetime:
    until = due(Clock(clock_id="model", kind=ClockKind.DECISION, started_at=start, limit=limit), CALENDAR).at
    assert until is not None
    return until


def _passed(until: datetime, now: datetime) -> bool:
    """What runs out at night, or at closing time, is found to be over at the next opening."""
    return CALENDAR.next_office_instant(until) <= now
