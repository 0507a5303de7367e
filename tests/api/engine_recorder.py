"""An engine in memory: keeps what it is told, carries every command out once, and can be away."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from domain.codes import RequestState
from domain.decision import Decision
from domain.dispatch import DepartmentNote, RoundRef
from domain.errors import not_found, unavailable
from domain.ids import request_id
from domain.launch import CaseLaunch, CaseResult
from domain.reply import RawAnswer
from domain.snapshot import CaseSnapshot, RequestSnapshot, RoundSnapshot


class EngineRecorder:
    def __init__(self) -> None:
        self.away = False
        self.shown: dict[str, object] = {}
        """Fields of every snapshot that a test wants to see."""
        self.effect: Callable[[Decision], None] | None = None
        """What a new decision does to `shown`; it may refuse."""
        self.launches: dict[str, CaseLaunch] = {}
        self.decisions: dict[str, Decision] = {}
        self.answers: list[tuple[RoundRef, RawAnswer]] = []
        self.notes: list[DepartmentNote] = []

    async def start(self, launch: CaseLaunch) -> None:
        self._answer()
        self.launches.setdefault(launch.case_id, launch)

    async def complete_round(self, ref: RoundRef, answer: RawAnswer) -> bool:
        self._answer()
        self.answers.append((ref, answer))
        return True

    async def note(self, note: DepartmentNote, case_id: str) -> bool:
        self._answer()
        self.notes.append(note)
        return case_id in self.launches

    async def decide(self, case_id: str, decision: Decision) -> CaseSnapshot:
        self._answer()
        if decision.command_id not in self.decisions:
            if self.effect is not None:
                self.effect(decision)
            self.decisions[decision.command_id] = decision
        return await self.snapshot(case_id)

    async def snapshot(self, case_id: str) -> CaseSnapshot:
        self._answer()
        launch = self.launches.get(case_id)
        if launch is None:
            raise not_found("unknown-case", "not started")
        requests = tuple(
            RequestSnapshot(
                request_id=request_id(case_id, ask.key),
                key=ask.key,
                kind=ask.kind,
                role=ask.role,
                text=ask.text,
                department=ask.department,
                party=ask.party,
                after=ask.after,
                state=RequestState.PENDING if ask.after else RequestState.OPEN,
                rounds=()
                if ask.after
                else (RoundSnapshot(number=1, department=ask.department, opened_at=launch.launched_at),),
            )
            for ask in launch.plan.asks
        )
        shown = CaseSnapshot(case_id=case_id, version=1, launched_at=launch.launched_at, requests=requests)
        return shown.model_copy(update=self.shown)

    async def result(self, case_id: str) -> CaseResult | None:
        self._answer()
        return None

    async def failing_cases(self) -> Sequence[str]:
        return ()

    async def keeps_history_for(self) -> timedelta:
        self._answer()
        return timedelta(days=365)

    async def ready(self) -> str | None:
        return "the engine is away" if self.away else None

    def _answer(self) -> None:
        if self.away:
            raise unavailable("engine-away", "the engine does not answer")
