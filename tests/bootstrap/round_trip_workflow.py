"""A workflow that sends something private along every path that Temporal has for payloads."""

import asyncio
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

from domain.public_text import PublicText
from domain.wire import Wire

PRIVATE = "陈某某 13800138000"
PUBLIC = "等待住建部门答复"


class Note(Wire):
    text: str


@activity.defn(name="EchoNote")
async def echo_note(note: Note) -> Note:
    return note


@activity.defn(name="FailWithNote")
async def fail_with_note(note: Note) -> None:
    raise ApplicationError(f"refused: {note.text}", note, type="Refused", non_retryable=True)


@activity.defn(name="AwaitNote")
async def await_note(note: Note) -> Note:
    activity.raise_complete_async()


@workflow.defn(name="RoundTrip")
class RoundTrip:
    @workflow.init
    def __init__(self, note: Note) -> None:
        self.signalled: list[str] = []
        self.updated: list[str] = []

    @workflow.run
    async def run(self, note: Note) -> list[str]:
        workflow.set_current_details(PUBLIC)
        limit = timedelta(seconds=20)
        echoed = await workflow.execute_activity(
            echo_note, note, start_to_close_timeout=limit, summary=PublicText(PUBLIC)
        )
        answers = await asyncio.gather(
            *(
                workflow.execute_activity(
                    await_note,
                    note,
                    activity_id=f"answer-{binding}",
                    start_to_close_timeout=limit,
                    retry_policy=RetryPolicy(maximum_attempts=1),
                )
                for binding in ("bound", "unbound")
            )
        )
        await workflow.wait_condition(lambda: bool(self.signalled and self.updated), timeout=limit)
        return [echoed.text, *(answer.text for answer in answers), await self._refusal(note), *self.signalled]

    async def _refusal(self, note: Note) -> str:
        try:
            await workflow.execute_activity(fail_with_note, note, start_to_close_timeout=timedelta(seconds=20))
        except ActivityError as error:
            cause = error.cause
            if isinstance(cause, ApplicationError) and cause.details[0] == {"text": note.text}:
                return cause.message
        raise ApplicationError(f"no refusal for {note.text}", non_retryable=True)

    @workflow.signal
    def tell(self, note: Note) -> None:
        self.signalled.append(note.text)

    @workflow.query
    def ask(self, note: Note) -> Note:
        return note

    @workflow.update
    def change(self, note: Note) -> Note:
        self.updated.append(note.text)
        return note

    @change.validator
    def _only_private(self, note: Note) -> None:
        if note.text != PRIVATE:
            raise ApplicationError(f"not private: {note.text}", type="NotPrivate")


@workflow.defn(name="Fails")
class Fails:
    @workflow.run
    async def run(self, note: Note) -> None:
        raise ApplicationError(f"gave up on {note.text}", non_retryable=True)
