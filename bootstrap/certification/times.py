"""How long a conformance run waits, in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Times:
    patience: float = 30.0
    """Until a department's answer must be there."""
    settle: float = 2.0
    """In which something that must not come, or must not change, would have done so."""
    pause: float = 0.2
    """Between two questions."""
    answer: float = 15.0
    """What one HTTP answer may take: the time that the product waits."""
