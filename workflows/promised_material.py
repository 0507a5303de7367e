"""One promised material with its own clock, as plain state."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from domain.clock import Clock, ClockKind, Extension, ExtensionNotLater, due, extend
from domain.deferral import Channel, Instrument, MaterialSnapshot, MaterialState, Submission
from domain.limit import Limit
from domain.reply import MaterialPromise
from workflows.clock_set import ClockSet

if TYPE_CHECKING:
    from workflows.promise import Promise


@dataclass
class Material:
    """One promised material with its own clock."""

    promise: "Promise"
    number: int
    promised: MaterialPromise
    verifier: str
    watch: ClockSet
    state: MaterialState = MaterialState.PROMISED
    extensions: int = 0
    submissions: list[Submission] = field(default_factory=list)
    verified_at: datetime | None = None
    found_false: bool = False
    """The supervisor looked: it was no genuine paper."""

    @property
    def name(self) -> str:
        return self.promised.name

    @property
    def limit(self) -> Limit:
        return self.promised.due

    @property
    def channels(self) -> tuple[Channel, ...]:
        return self.promised.channels

    @property
    def material_id(self) -> str:
        return self.watch.subject

    @property
    def looked_at(self) -> bool:
        return self.state in (MaterialState.SUBMITTED, MaterialState.VERIFYING, MaterialState.SUSPECT)

    @property
    def due_at(self) -> datetime | None:
        return self.watch.due_at(ClockKind.DEFERRED_MATERIAL)

    @property
    def may_come(self) -> bool:
        """Neither verified nor found false: it may still come, also when it was given up."""
        return self.state is not MaterialState.VERIFIED and not self.found_false

    def handed_in_by(self, at: datetime | None) -> bool:
        """Somebody looks at what came by then."""
        return self.looked_at and at is not None and bool(self.submissions) and self.submissions[-1].at <= at

    def late(self, now: datetime) -> bool:
        """Past its date and not verified, unless it came in time and is still being looked at."""
        due = self.due_at
        missed = self.may_come and due is not None and due <= now
        return self.found_false or (missed and not self.handed_in_by(due))

    def issued_and_late(self, now: datetime) -> bool:
        """On trust a missed date orders rectification, which is all the time that there is."""
        return self.promise.instrument is Instrument.ISSUE_THEN_VERIFY and self.late(now)

    def counted_anew(self, now: datetime) -> None:
        """Its date is not over after all."""
        if self.state is MaterialState.OVERDUE and not self.watch.closed and not self.late(now):
            self.state = MaterialState.PROMISED

    def await_again(self, now: datetime) -> None:
        """It was given up and may come after all."""
        self.watch.reopen()
        if self.state is MaterialState.FAILED:
            self.state = MaterialState.OVERDUE if self.late(now) else MaterialState.PROMISED

    def extended(self, extension: Extension, *, force_majeure: bool) -> Clock:
        """The clock with more time. Raises ClockError.

        Force majeure may be known only after the date has passed. Otherwise the one extension is asked for before, or
        stands between the missed date and the return of a held file; on trust, rectification is ordered instead.
        """
        calendar = self.watch.rules.calendar
        running = self.watch.clock(ClockKind.DEFERRED_MATERIAL).model_copy(update={"stopped_at": None})
        held = self.promise.instrument is Instrument.HOLD_UNTIL_COMPLETE
        afterwards = force_majeure or (held and self.state is MaterialState.OVERDUE)
        asked_at = running.started_at if afterwards else extension.granted_at
        longer = extend(running, extension, calendar, asked_at=asked_at)
        ends = due(longer, calendar).at
        if ends is not None and ends <= extension.granted_at:
            raise ExtensionNotLater("with this extension it would still be overdue: give more")
        return longer

    def remark(self, state: MaterialState, why: str) -> None:
        """What became of the latest submission."""
        self.state = state
        if self.submissions:
            self.submissions[-1] = self.submissions[-1].model_copy(update={"result": why})

    def settle(self, state: MaterialState, at: datetime, why: str) -> None:
        self.remark(state, why)
        self.verified_at = at if state is MaterialState.VERIFIED else None
        self.watch.close(at)

    def snapshot(self) -> MaterialSnapshot:
        return MaterialSnapshot(
            material_id=self.material_id,
            request_id=self.promise.request.request_id,
            name=self.name,
            channels=self.channels,
            verifier=self.verifier,
            form=self.promised.form,
            holder=self.promised.holder,
            method=self.promised.method,
            state=self.state,
            clock=self.watch.shown(ClockKind.DEFERRED_MATERIAL) if self.watch.clocks else None,
            due_at=self.due_at,
            extensions=self.extensions,
            submissions=tuple(self.submissions),
            verified_at=self.verified_at,
            found_false=self.found_false,
        )

    @property
    def loss(self) -> str:
        """What the duty leader can do about a held file when it did not come."""
        if self.state is MaterialState.FAILED:
            return "a material is false: return the file"
        more = " or give more time" if self.extensions < 1 else ""
        return f"a material did not come: return the file{more}"
