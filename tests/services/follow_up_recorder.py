"""An engine for follow-ups in memory: obeys the rules that the use cases rely on, and records as the real one does."""

from collections.abc import Callable
from datetime import datetime

from domain.clock import Clock, ClockKind, due
from domain.errors import LiandongError, conflict, not_found, unavailable
from domain.fact import Fact, FactKind
from domain.follow_up import (
    AnyFollowUpCommand,
    CallAttempt,
    FollowUpEnd,
    FollowUpLaunch,
    FollowUpProgress,
    FollowUpSnapshot,
    LearnFollowUpYears,
    RecordCall,
    TakeRating,
)
from domain.learned_years import LearnedYears
from domain.ports import ProgressRecorder
from domain.rung_proof import ClockProofs


class FollowUpRecorder:
    """The port `FollowUpEngine`. `away` makes every call fail, `refusal` every command."""

    def __init__(self, recorder: ProgressRecorder, now: Callable[[], datetime]) -> None:
        self._recorder = recorder
        self._now = now
        self.away = False
        self.refusal: LiandongError | None = None
        self.broken: set[str] = set()
        """Follow-ups whose calls fail in a way that nobody foresaw."""
        self.launches: dict[str, FollowUpLaunch] = {}
        self.snapshots: dict[str, FollowUpSnapshot] = {}
        self.commands: dict[str, AnyFollowUpCommand] = {}

    async def start(self, launch: FollowUpLaunch) -> None:
        self._answer()
        if launch.follow_up_id in self.launches:
            return
        self.launches[launch.follow_up_id] = launch
        clock = Clock(
            clock_id=f"{launch.follow_up_id}.follow_up",
            kind=ClockKind.FOLLOW_UP,
            started_at=launch.starts_at,
            limit=launch.call_limit,
        )
        fresh = FollowUpSnapshot(
            follow_up_id=launch.follow_up_id,
            case_id=launch.case_id,
            number=launch.number,
            starts_at=launch.starts_at,
            call=ClockProofs(clock=clock),
            call_due_at=due(clock, launch.calendar).at,
            rating_closes_at=launch.rating_closes_at,
            rating=launch.brought,
        )
        await self._change(fresh, FactKind.FOLLOW_UP_STARTED)

    async def act(self, follow_up_id: str, command: AnyFollowUpCommand) -> FollowUpSnapshot:
        self._answer()
        shown = self.snapshots.get(follow_up_id)
        if command.command_id in self.commands:
            return self.snapshots[follow_up_id]
        if shown is None or shown.ended_at is not None:
            raise not_found("follow-up-not-running", "the follow-up has ended or was never begun")
        if isinstance(command, TakeRating) and shown.rating is not None:
            raise conflict("already-rated", "this follow-up has its rating")
        if self.refusal is not None:
            raise self.refusal
        if follow_up_id in self.broken:
            raise RuntimeError("nobody foresaw this")
        self.commands[command.command_id] = command
        if isinstance(command, LearnFollowUpYears):
            learned = LearnedYears(at=self._now(), years=command.years, taken_back=command.taken_back)
            await self._change(
                shown.model_copy(update={"learned": (*shown.learned, learned)}), FactKind.CALENDAR_LEARNED
            )
        if isinstance(command, RecordCall):
            attempt = CallAttempt(
                at=self._now(), by=command.decided_by, reached=command.reached, resolved=command.resolved
            )
            update: dict[str, object] = {
                "attempts": (*shown.attempts, attempt),
                "resolved": command.resolved,
                "call_over": command.reached,
            }
            await self._change(shown.model_copy(update=update), FactKind.FOLLOW_UP_CALL)
        elif isinstance(command, TakeRating):
            await self._change(shown.model_copy(update={"rating": command.rating}), FactKind.RATED)
        return self.snapshots[follow_up_id]

    async def snapshot(self, follow_up_id: str) -> FollowUpSnapshot:
        self._answer()
        if follow_up_id not in self.snapshots:
            raise not_found("follow-up-not-running", "the follow-up has ended or was never begun")
        return self.snapshots[follow_up_id]

    async def end(self, follow_up_id: str, how: FollowUpEnd) -> None:
        shown = self.snapshots[follow_up_id].model_copy(update={"end": how, "ended_at": self._now()})
        await self._change(shown, FactKind.FOLLOW_UP_ENDED)

    async def show(self, follow_up_id: str, **update: object) -> None:
        """The follow-up has moved on by itself to a snapshot with these fields."""
        await self._change(self.snapshots[follow_up_id].model_copy(update=update), FactKind.RATED)

    async def _change(self, shown: FollowUpSnapshot, kind: FactKind) -> None:
        version = shown.version + 1
        self.snapshots[shown.follow_up_id] = shown.model_copy(update={"version": version})
        fact = Fact(
            fact_id=f"{shown.follow_up_id}/run00001/{version}",
            case_id=shown.case_id,
            kind=kind,
            at=self._now(),
            actor="engine",
            request_id=shown.follow_up_id,
        )
        await self._recorder.record_follow_up(
            FollowUpProgress(snapshot=self.snapshots[shown.follow_up_id], facts=(fact,))
        )

    def _answer(self) -> None:
        if self.away:
            raise unavailable("engine-unavailable", "the engine is away")
