"""Activities that fire a rung of the escalation ladder, and that look for an answer before silence is believed."""

from collections.abc import Mapping

from temporalio import activity
from temporalio.exceptions import ApplicationError

from domain.clock import ClockKind
from domain.notice import AnswerSought, RungFiring, RungResult
from domain.ports import NoticeChannel, PendingAnswers


class NoticeActivities:
    """Tells people, unless the answer they would be told to chase already lies in the inbox."""

    def __init__(self, channels: Mapping[str, NoticeChannel], pending: PendingAnswers) -> None:
        self._channels = channels
        self._pending = pending

    @activity.defn(name="fire_rung")
    async def fire_rung(self, firing: RungFiring) -> RungResult:
        """Send one rung's notice.

        What was awaited, and reached us by the due instant and only waits to be applied, holds the rung: a deadline
        has either an answer in time or an escalation, never both.
        """
        signing = firing.clock is ClockKind.SIGN_FOR
        heard = self._pending.signed_in_time if signing else self._pending.in_time
        held_by = await heard(firing.request_id, firing.round, firing.due_at)
        if held_by is not None:
            return RungResult(result=f"held: {held_by}", held_by=held_by)
        channel = self._channels.get(firing.channel)
        if channel is None:
            raise ApplicationError(f"no notice channel is named {firing.channel!r}", non_retryable=True)
        return await channel.send(firing)

    @activity.defn(name="answer_in_time")
    async def answer_in_time(self, sought: AnswerSought) -> str | None:
        """The inbox id of an effective answer that waits to be applied."""
        return await self._pending.in_time(sought.request_id, sought.round, sought.until)
