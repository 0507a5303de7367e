"""A store in memory for workflow tests: keeps what was recorded and refuses what would break the projection."""

from domain.fact import Fact, FactKind
from domain.follow_up import FollowUpProgress, FollowUpSnapshot
from domain.snapshot import CaseProgress, CaseSnapshot


class ProgressMemory:
    """The port `ProgressRecorder`; `away` makes it fail as an absent store would."""

    def __init__(self) -> None:
        self.away = False
        self.facts: dict[str, Fact] = {}
        self.snapshots: list[CaseSnapshot] = []
        self.follow_ups: list[FollowUpSnapshot] = []
        self.waiting: dict[tuple[str, int], str] = {}
        """Answers that came in and wait to be applied: round → inbox id."""

    async def record(self, progress: CaseProgress) -> None:
        if self.away:
            raise ConnectionError("the store is away")
        for fact in progress.facts:
            known = self.facts.setdefault(fact.fact_id, fact)
            assert known == fact, "the same fact id carries two facts"
        if not self.snapshots or progress.snapshot.version > self.snapshots[-1].version:
            self.snapshots.append(progress.snapshot)

    async def record_follow_up(self, progress: FollowUpProgress) -> None:
        if self.away:
            raise ConnectionError("the store is away")
        for fact in progress.facts:
            assert self.facts.setdefault(fact.fact_id, fact) == fact, "the same fact id carries two facts"
        if not self.follow_ups or progress.snapshot.version > self.follow_ups[-1].version:
            self.follow_ups.append(progress.snapshot)

    def of_kind(self, kind: FactKind) -> list[Fact]:
        return [fact for fact in self.facts.values() if fact.kind is kind]

    async def in_time(self, request_id: str, round_number: int, _due_at: object) -> str | None:
        """The port `PendingAnswers`."""
        return self.waiting.get((request_id, round_number))

    async def signed_in_time(self, request_id: str, round_number: int, _due_at: object) -> str | None:
        """The port `PendingAnswers`; nobody signs in these worlds but by answering."""
        return self.waiting.get((request_id, round_number))
