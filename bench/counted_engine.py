"""An engine that only counts what it is handed: each event would be one in a case's history."""

from collections.abc import Mapping, Sequence

from domain.any_decision import AnyDecision
from domain.codes import RequestState
from domain.dispatch import DepartmentNote, RoundRef
from domain.errors import not_found
from domain.follow_up import AnyFollowUpCommand, FollowUpLaunch, FollowUpSnapshot
from domain.ids import request_id
from domain.launch import CaseLaunch, CaseResult
from domain.reply import RawAnswer
from domain.snapshot import CaseSnapshot, RequestSnapshot, RoundSnapshot


class CountedEngine:
    def __init__(self) -> None:
        self.events = 0
        self._launches: dict[str, CaseLaunch] = {}

    async def check(self) -> Mapping[str, str | None]:
        return {}

    def departments(self) -> Mapping[str, str]:
        return {}

    async def start(self, launch: CaseLaunch) -> None:
        self._launches.setdefault(launch.case_id, launch)

    async def complete_round(self, ref: RoundRef, answer: RawAnswer) -> bool:
        del ref, answer
        self.events += 1
        return True

    async def note(self, note: DepartmentNote, case_id: str) -> bool:
        del note, case_id
        self.events += 1
        return True

    async def decide(self, case_id: str, decision: AnyDecision) -> CaseSnapshot:
        del decision
        return await self.snapshot(case_id)

    async def snapshot(self, case_id: str) -> CaseSnapshot:
        launch = self._launches.get(case_id)
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
                state=RequestState.OPEN,
                rounds=(RoundSnapshot(number=1, department=ask.department, opened_at=launch.launched_at),),
            )
            for ask in launch.plan.asks
        )
        return CaseSnapshot(case_id=case_id, version=1, launched_at=launch.launched_at, requests=requests)

    async def result(self, case_id: str) -> CaseResult | None:
        del case_id
        return None

    async def failing_cases(self) -> Sequence[str]:
        return ()

    async def ready(self) -> str | None:
        return None


class NoFollowUps:
    """The port `FollowUpEngine` of a process in which no case ever closes."""

    async def start(self, launch: FollowUpLaunch) -> None:
        raise not_found("follow-up-not-running", launch.follow_up_id)

    async def act(self, follow_up_id: str, command: AnyFollowUpCommand) -> FollowUpSnapshot:
        del command
        raise not_found("follow-up-not-running", follow_up_id)

    async def snapshot(self, follow_up_id: str) -> FollowUpSnapshot:
        raise not_found("follow-up-not-running", follow_up_id)
