"""A command in every workflow task in which something happened, so that replays cut the history where the tasks did."""

from collections.abc import Callable

from temporalio import workflow


class TaskMark:
    """One per workflow.

    A worker without the workflow in its cache takes a task that ended without any command for a heartbeat, and hands
    what had happened in it to the workflow together with an update that came next. The server's record keeps them
    apart, and so does every later replay: the commands come in another order, and the case stops. A task that ended
    with a command is never taken for a heartbeat. (ADR 36)
    """

    def __init__(self, open_to_updates: Callable[[], bool]) -> None:
        self._open_to_updates = open_to_updates
        self._happened = 0
        self._seen = 0
        self._commanded_in = 0
        """The task of the last command, told apart from others by the length of the history."""

    def stir(self) -> None:
        """Something happened that may lead to no command at all."""
        self._happened += 1

    def commanded(self) -> None:
        """This task has its command."""
        self._commanded_in = workflow.info().get_current_history_length()

    async def run(self) -> None:
        while True:
            await workflow.wait_condition(lambda: self._happened != self._seen)
            # A turn later: whoever takes up what happened has done so, and may have commanded something
            await workflow.wait_condition(lambda: True)
            self._seen = self._happened
            task = workflow.info().get_current_history_length()
            # When no update is accepted any more, none can be handed in together with something else
            if task != self._commanded_in and self._open_to_updates():
                self.commanded()
                workflow.upsert_memo({"task": task})
