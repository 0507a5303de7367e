"""What a ladder did for a clock: the evidence that no deadline passed in silence."""

from domain.clock import Clock, ClockKind
from domain.wire import Instant, Wire


class RungProof(Wire):
    """What became of one rung of the ladder: it fired, or it found that nothing was owed any more."""

    rung: str
    clock: ClockKind
    planned_at: Instant
    """When it was due to fire, already moved into office hours."""
    fired_at: Instant
    result: str
    """`delivered`, `bounced: …`, `held: …` (answer in time, not yet applied) or `answered: …` (answered late,
    before the notice could go out)."""
    told: tuple[str, ...] = ()


class ClockProofs(Wire):
    """A clock outside of any round, with what its ladder did."""

    clock: Clock
    rungs: tuple[RungProof, ...] = ()
