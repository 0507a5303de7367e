"""Keeps notices in memory instead of telling anybody."""

from collections.abc import Mapping

from domain.notice import RungFiring, RungResult


class NoticeRecorder:
    """`bounces`: channel → why it does not deliver."""

    def __init__(self, bounces: Mapping[str, str] | None = None) -> None:
        self._bounces = dict(bounces or {})
        self._results: dict[str, RungResult] = {}
        self.sent: list[RungFiring] = []
        """Each firing once, in the order of the first sends."""
        self.away = False
        """The channel takes nothing."""
        self.sends = 0
        """All sends, repetitions too."""

    async def send(self, firing: RungFiring) -> RungResult:
        self.sends += 1
        if self.away:
            raise ConnectionError("the channel is away")
        known = self._results.get(firing.firing_id)
        if known is not None:
            return known
        self.sent.append(firing)
        why = self._bounces.get(firing.channel)
        result = RungResult(result=f"bounced: {why}" if why else "delivered")
        self._results[firing.firing_id] = result
        return result
