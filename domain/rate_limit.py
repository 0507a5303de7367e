"""A token bucket: so many a minute, a tenth of them at once."""

from dataclasses import dataclass, field


@dataclass
class RateLimit:
    """Time is any steadily growing number of seconds; the caller hands it in."""

    per_minute: int
    _tokens: float = field(init=False)
    _at: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._tokens = self._most

    def wait(self, now: float) -> float:
        """Take one: 0 when it was there, else the seconds until there is one; nothing is taken then."""
        if self._at is not None:
            self._tokens = min(self._most, self._tokens + max(0.0, now - self._at) * self.per_minute / 60)
        self._at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) * 60 / self.per_minute

    @property
    def _most(self) -> float:
        return max(1.0, self.per_minute / 10)
