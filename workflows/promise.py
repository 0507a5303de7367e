"""One conditional acceptance and its materials, as plain state."""

from collections.abc import Iterator
from datetime import datetime

from domain.clock import Clock, ClockKind
from domain.deferral import (
    DeferralSnapshot,
    DeferralState,
    Instrument,
    MaterialState,
)
from domain.launch import CaseLaunch
from domain.limit import Limit
from domain.reply import AcceptedConditionally
from domain.waiting import Matter, Wait
from workflows.clock_set import ClockSet
from workflows.promised_material import Material
from workflows.request import Request

_RECTIFY_LIMIT = Limit.parse("5 working_days")
_LOST = (MaterialState.OVERDUE, MaterialState.FAILED)


class Promise:
    """Everything that one conditional acceptance promised."""

    def __init__(
        self,
        request: Request,
        reply: AcceptedConditionally,
        objections: tuple[str, ...],
        launch: CaseLaunch,
        accepted_at: datetime,
        department: str,
    ) -> None:
        self.request = request
        self.instrument: Instrument = reply.timing
        self.commitment = reply.commitment
        self.remote_check = reply.remote_check
        self.objections = objections
        self.override_reason: str | None = None
        self.state = DeferralState.UNAPPROVED
        self._round = request.round
        self._rectifications: list[ClockSet] = []
        self._rectify_limit = launch.grounds.rectify_limit or _RECTIFY_LIMIT
        self.accepted_at = accepted_at
        self.materials: list[Material] = []
        for number, promised in enumerate(reply.deferred, start=1):
            verifier = promised.verifier or department
            watch = ClockSet(f"{request.request_id}-m{number}", 1, request.rules, verifier)
            self.materials.append(Material(self, number, promised, verifier, watch))

    @property
    def running(self) -> bool:
        """Whether materials are still awaited or their fate undecided."""
        ended = (DeferralState.KEPT, DeferralState.RETURNED, DeferralState.REVOKED, DeferralState.DROPPED)
        return self.state not in ended and not self._dropped

    @property
    def issued(self) -> bool:
        """A result is out, on trust."""
        stands = self.state is not DeferralState.UNAPPROVED
        return stands and self.instrument is Instrument.ISSUE_THEN_VERIFY

    @property
    def _dropped(self) -> bool:
        """It never stood, and the department has been asked again or not at all since."""
        moved_on = self.request.round is not self._round or self.request.state.terminal
        return self.state is DeferralState.UNAPPROVED and moved_on

    @property
    def complete(self) -> bool:
        return all(material.state is MaterialState.VERIFIED for material in self.materials)

    @property
    def verifying(self) -> bool:
        """Somebody is looking at a submission, or at a suspicion: the promise is not broken yet."""
        return any(material.looked_at for material in self.materials)

    @property
    def rectification(self) -> ClockSet | None:
        """The latest order to rectify."""
        return self._rectifications[-1] if self._rectifications else None

    def behind(self, now: datetime) -> bool:
        return any(material.late(now) for material in self.materials)

    @property
    def to_be_revoked(self) -> bool:
        """Nothing that somebody is looking at could still mend it."""
        return self.state is DeferralState.REVOCATION_PROPOSED and (self.found_false or not self.verifying)

    def start_clocks(self) -> None:
        """Materials are due from the acceptance on, not from when somebody looked at it."""
        for material in self.materials:
            material.watch.start(self._clock(ClockKind.DEFERRED_MATERIAL, material.watch, material.limit))

    def order_rectification(self, now: datetime, limit: Limit | None = None) -> None:
        self.state = DeferralState.RECTIFYING
        ordered = ClockSet(self._rectify_subject, len(self._rectifications) + 1, self.request.rules)
        ordered.start(self.rectification_clock(now, limit))
        self._rectifications.append(ordered)

    def rectification_clock(self, now: datetime, limit: Limit | None = None) -> Clock:
        clock_id = f"{self._rectify_subject}.{ClockKind.RECTIFICATION.value}"
        limit = limit or self._rectify_limit
        return Clock(clock_id=clock_id, kind=ClockKind.RECTIFICATION, started_at=now, limit=limit)

    @property
    def _rectify_subject(self) -> str:
        return f"{self.request.request_id}.rectify"

    @property
    def found_false(self) -> bool:
        return any(material.found_false for material in self.materials)

    def rectify_again(self, now: datetime, limit: Limit) -> None:
        """A person gave more time after the promise was broken: what did not come may come once more."""
        self._await_again(now)
        self.order_rectification(now, limit)
        self.keep_rectification(now)

    def keep_rectification(self, now: datetime) -> None:
        """Its clock stands still while all that is late has been handed in and is looked at."""
        ordered = self.rectification
        if self.state is not DeferralState.RECTIFYING or ordered is None:
            return
        late = [material for material in self.materials if material.late(now)]
        if late and all(material.rests for material in late):
            ordered.stop(ClockKind.RECTIFICATION, max(material.submissions[-1].at for material in late))
        else:
            ordered.run_again(ClockKind.RECTIFICATION, now)

    def mended(self, now: datetime) -> bool:
        """What was late came, has more time, or came in time and was recorded late. Whether an order was taken back."""
        if self.state is DeferralState.RECTIFYING and not self.behind(now):
            self.state = DeferralState.RUNNING
            if self.rectification is not None:
                self.rectification.close(now)
            return True
        if self.state is not DeferralState.REVOCATION_PROPOSED or self.found_false:
            return False
        late = [material for material in self.materials if material.late(now)]
        if not all(material.handed_in_by(self.rectify_by()) for material in late):
            return False
        self._await_again(now)
        self.state = DeferralState.RECTIFYING if late else DeferralState.RUNNING
        if late and self.rectification is not None:
            self.rectification.reopen()
        return True

    def recounted(self, now: datetime) -> None:
        for material in self.materials:
            if material.state is MaterialState.OVERDUE and not material.late(now):
                material.state = MaterialState.PROMISED

    def _await_again(self, now: datetime) -> None:
        for material in self.materials:
            if material.state is not MaterialState.VERIFIED:
                material.await_again(now)

    def rectify_by(self) -> datetime | None:
        return None if self.rectification is None else self.rectification.due_at(ClockKind.RECTIFICATION)

    def end(self, state: DeferralState, now: datetime) -> None:
        self.state = state
        for watch in self.clock_sets():
            if not watch.closed:
                watch.close(now)

    def clock_sets(self) -> Iterator[ClockSet]:
        for material in self.materials:
            yield material.watch
        yield from self._rectifications

    def waits(self) -> Iterator[Wait]:
        """What of it waits for a person; nothing once its fate is decided."""
        if not self.running:
            return
        if self.state is DeferralState.UNAPPROVED:
            yield self.request.wait(Matter.ANSWER, "a conditional acceptance breaks a rule: override it or ask again")
        if self.to_be_revoked:
            why = "a promise was not kept: revoke (two people), give more time, or close it in another way"
            yield self._wait(Matter.REVOCATION, self.request.request_id, why)
        for material in self.materials:
            if material.state is MaterialState.SUSPECT:
                why = "a paper contradicts the remote check: the supervisor must look"
                yield self._wait(Matter.SUSPICION, material.material_id, why)
            elif material.state in _LOST and self.instrument is Instrument.HOLD_UNTIL_COMPLETE:
                yield self._wait(Matter.MATERIAL, material.material_id, material.loss)

    def _wait(self, matter: Matter, about: str, why: str) -> Wait:
        return Wait(matter=matter, about=about, why=why, request_id=self.request.request_id)

    def snapshot(self) -> DeferralSnapshot:
        rectification = self.rectification
        return DeferralSnapshot(
            request_id=self.request.request_id,
            instrument=self.instrument,
            state=self.state,
            objections=self.objections,
            override_reason=self.override_reason,
            commitment=self.commitment,
            remote_check=self.remote_check,
            materials=tuple(material.snapshot() for material in self.materials),
            rectification=rectification.shown(ClockKind.RECTIFICATION) if rectification else None,
            rectify_by=self.rectify_by(),
        )

    def _clock(self, kind: ClockKind, watch: ClockSet, limit: Limit) -> Clock:
        return Clock(clock_id=f"{watch.subject}.{kind.value}", kind=kind, started_at=self.accepted_at, limit=limit)
