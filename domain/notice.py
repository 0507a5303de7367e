"""A rung of the ladder on its way to the people it tells."""

from datetime import UTC

from domain.clock import ClockKind
from domain.wire import Instant, Wire


class RungFiring(Wire):
    """One rung for one clock of one round. Holds no personal data: roles, codes and instants only."""

    case_id: str
    request_id: str
    round: int
    department: str | None
    rung: str
    clock: ClockKind
    due_at: Instant
    planned_at: Instant
    tell: tuple[str, ...]
    channel: str
    demands_action: bool = False

    @property
    def firing_id(self) -> str:
        """Unique for this rung of this round and due instant: telling twice is one notice."""
        planned = self.planned_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        return f"{self.request_id}.r{self.round}.{self.clock}.{self.rung}.{planned}"


class RungResult(Wire):
    """What became of the notice."""

    result: str
    """`delivered`, `bounced: <why>` or `held: <answer ref>`."""
    held_by: str | None = None
    """Inbox id of an answer that came in time and waits to be applied: nothing was sent."""


class AnswerSought(Wire):
    """The question whether a round's answer waits in the inbox."""

    request_id: str
    round: int
    until: Instant
    """An answer that came later does not count."""
