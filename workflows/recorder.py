"""Takes a case's facts to the store: one write at a time, everything new in one go."""

from temporalio import workflow

from activities.record import RecordActivities
from domain.public_text import PublicText
from domain.task_queue import ENGINE_QUEUE
from workflows.casebook import Casebook
from workflows.options import RECORD


class Recorder:
    """The history is the truth, the store its projection; this is the only way from one to the other.

    Never a local activity: that one writes before the server has accepted the workflow task, and when the server
    refuses it (something new arrived meanwhile) the store would keep facts that never happened.
    """

    def __init__(self, book: Casebook) -> None:
        self._book = book
        self._written = 0

    async def run(self) -> None:
        while True:
            await workflow.wait_condition(lambda: self._book.ready_to_write)
            progress = self._book.take_progress()
            self._book.mark.commanded()
            await workflow.execute_activity_method(
                RecordActivities.record_progress,
                progress,
                task_queue=ENGINE_QUEUE,
                summary=PublicText(f"v{progress.snapshot.version}"),
                **RECORD,
            )
            self._written = progress.snapshot.version
            self._book.mark.stir()

    async def written(self) -> None:
        """Wait until everything that has happened so far is in the store."""
        version = self._book.version
        await workflow.wait_condition(lambda: self._written >= version)
