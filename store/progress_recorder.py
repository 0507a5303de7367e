"""Records what a coordination or a follow-up did: projection and facts in one transaction."""

from domain.follow_up import FollowUpProgress
from domain.snapshot import CaseProgress
from domain.store_ports import Store


class StoredProgress:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def record(self, progress: CaseProgress) -> None:
        """Facts are appended even when the snapshot is older than the stored one: each happened."""
        async with self._store.writing() as session:
            await session.cases.project(progress.snapshot)
            await session.facts.append(progress.snapshot.case_id, progress.facts)

    async def record_follow_up(self, progress: FollowUpProgress) -> None:
        async with self._store.writing() as session:
            # The case first, as everywhere: two who lock in different orders wait for each other for ever
            await session.cases.hold(progress.snapshot.case_id)
            await session.follow_ups.project(progress.snapshot)
            await session.facts.append(progress.snapshot.case_id, progress.facts)
