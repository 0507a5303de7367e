"""What one burst of answers showed."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Burst:
    """`answers` different answers, sent so often that `duplicates` per cent of the sends repeat an earlier one."""

    answers: int
    duplicates: int
    p50: float
    """Seconds to the acknowledgement."""
    p99: float
    empty_p50: float
    empty_p99: float
    added: int
    """Events in the histories, from the first send until everything had come to rest."""
    added_by_repetitions: int
    """The same for all messages once more, after that."""
    refused: int
    unanswered: int

    @property
    def sound(self) -> bool:
        return (self.added_by_repetitions, self.refused, self.unanswered) == (0, 0, 0)

    def cells(self) -> list[str]:
        return [
            str(self.answers),
            str(self.duplicates),
            f"{self.p50 * 1000:.1f}",
            f"{self.p99 * 1000:.1f}",
            f"{self.p50 / self.empty_p50:.1f}",
            f"{self.p99 / self.empty_p99:.1f}",
            f"{self.added / self.answers:.1f}",
            str(self.added_by_repetitions),
        ]


def quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
