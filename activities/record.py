"""Activities that write progress to the store: of a case's coordination, and of its follow-up."""

import asyncio

from temporalio import activity

from domain.follow_up import FollowUpProgress
from domain.ports import ProgressRecorder
from domain.snapshot import CaseProgress

GATHER_SECONDS = 0.5
"""How long a finished record stays open. A case has one record at a time, so a burst of facts becomes two records."""


class RecordActivities:
    """Runs on the engine's queue, next to the store."""

    def __init__(self, recorder: ProgressRecorder, *, gather_seconds: float = 0) -> None:
        self._recorder = recorder
        self._gather_seconds = gather_seconds

    @activity.defn(name="record_progress")
    async def record_progress(self, progress: CaseProgress) -> None:
        """Write snapshot and facts; the same progress twice changes nothing."""
        await self._recorder.record(progress)
        if progress.snapshot.outcome is None:
            # Written already: what comes meanwhile goes into the next record, and each one saved is six events less.
            await asyncio.sleep(self._gather_seconds)

    @activity.defn(name="record_follow_up")
    async def record_follow_up(self, progress: FollowUpProgress) -> None:
        """The same for a follow-up."""
        await self._recorder.record_follow_up(progress)
