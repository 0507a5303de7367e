"""One turn of a request while it runs: its clocks, its notes, and how it ended."""

from dataclasses import dataclass, field
from datetime import datetime

from domain.clock import ClockKind
from domain.codes import ReplyCode, RoundEnd
from domain.department import DepartmentRoute
from domain.fact import ENGINE
from domain.objection import ReturnRights
from domain.outage import OutageSnapshot
from domain.reply import Answer
from domain.reply_text import reply_basis, reply_text
from domain.snapshot import RoundSnapshot
from workflows.clock_set import ClockSet


@dataclass
class Round:
    """Mutable while the case runs; everybody else sees its snapshot."""

    number: int
    route: DepartmentRoute | None
    opened_at: datetime
    watch: ClockSet
    note: str = ""
    begun_by: str = ENGINE
    """Who asked: `engine` or `user:<id>`."""
    ruling: str | None = None
    """Binds the department: it cannot return the request."""
    carried: bool = False
    """It goes on with the clocks of the round before."""
    conducted: bool = False
    """Somebody already looks after this round."""
    delivered_at: datetime | None = None
    receipt: str | None = None
    signed_at: datetime | None = None
    note_ids: set[str] = field(default_factory=set)
    outage: OutageSnapshot | None = None
    """The latest one."""
    outage_id: str | None = None
    """The one that has not ended."""
    outages_told: set[str] = field(default_factory=set)
    outages_over: set[str] = field(default_factory=set)
    withdrawing: bool = False
    """The round is over, and the department is still to be told."""
    ended_at: datetime | None = None
    end: RoundEnd | None = None
    answer: Answer | None = None
    answer_ref: str | None = None
    received_at: datetime | None = None

    @property
    def ended(self) -> bool:
        return self.end is not None

    @property
    def reply(self) -> ReplyCode | None:
        return self.answer.reply.code if self.answer else None

    @property
    def return_rights(self) -> ReturnRights:
        return ReturnRights(self.ruling, self.watch.due_at(ClockKind.OBJECTION), self.carried)

    def finish(self, end: RoundEnd, at: datetime) -> None:
        self.end, self.ended_at = end, at
        self.end_outage(at)
        self.watch.close(min(self.received_at, at) if self.received_at else at)

    def heard_of(self, at: datetime) -> None:
        """Whoever speaks of it has it, also when the report of its delivery is still out or never comes."""
        if self.route is not None and (self.delivered_at is None or at < self.delivered_at):
            self.delivered_at = at

    def end_outage(self, at: datetime) -> bool:
        """Whether a clock runs on because of it."""
        if self.outage is not None and self.outage.ended_at is None:
            self.outage = self.outage.model_copy(update={"ended_at": at})
        return self.watch.run_on(at)

    def in_time(self) -> bool | None:
        """Judged by when the answer reached our door."""
        reply_due = self.watch.due_at(ClockKind.REPLY)
        return None if self.received_at is None or reply_due is None else self.received_at <= reply_due

    def due_at(self) -> datetime | None:
        return self.watch.due_at(ClockKind.REPLY) or self.watch.due_at(ClockKind.STATUTORY_NOTICE)

    def snapshot(self) -> RoundSnapshot:
        return RoundSnapshot(
            number=self.number,
            department=self.route.code if self.route else None,
            opened_at=self.opened_at,
            clocks=tuple(running.clock for running in self.watch.clocks.values()),
            due_at=self.due_at(),
            sign_due_at=self.watch.due_at(ClockKind.SIGN_FOR),
            objection_due_at=self.watch.due_at(ClockKind.OBJECTION),
            ruling=self.ruling,
            carried=self.carried,
            provisional=self.watch.provisional,
            delivered_at=self.delivered_at,
            receipt=self.receipt,
            signed_at=self.signed_at,
            notes=len(self.note_ids),
            ended_at=self.ended_at,
            end=self.end,
            reply=self.reply,
            reply_text=reply_text(self.answer.reply) if self.answer else "",
            reply_basis=reply_basis(self.answer.reply) if self.answer else "",
            answer_ref=self.answer_ref,
            received_at=self.received_at,
            in_time=self.in_time(),
            rungs=tuple(self.watch.proofs),
            outage=self.outage,
        )
