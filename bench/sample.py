"""What one rung did in one round, and what its rounds say together."""

from collections.abc import Sequence
from statistics import median

from pydantic import BaseModel, ConfigDict


class Sample(BaseModel):
    model_config = ConfigDict(frozen=True)

    rung: str
    round: int
    seconds: float
    """From the first start to the last end."""
    latencies: tuple[float, ...]
    """Seconds from start to end of each case."""
    cpu: dict[str, float]
    """CPU seconds of the whole window by role."""
    events: tuple[int, ...] = ()
    bytes: tuple[int, ...] = ()
    lost: tuple[str, ...] = ()

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds


class Figures(BaseModel):
    """Medians over rounds; latencies over all cases."""

    model_config = ConfigDict(frozen=True)

    rung: str
    rounds: int
    rate: float
    ratio: float | None
    """Cases a second against L2, each pair within one round."""
    ratio_range: tuple[float, float] | None
    p50: float
    p99: float
    p99_ratio: float | None
    events: float
    bytes: float
    cpu: dict[str, float]
    """CPU seconds per case by role."""


def figures(rung: str, samples: Sequence[Sample], base: str) -> Figures:
    own = [sample for sample in samples if sample.rung == rung]
    bases = {sample.round: sample for sample in samples if sample.rung == base}
    ratios = [sample.rate / bases[sample.round].rate for sample in own if sample.round in bases]
    waits = sorted(wait for sample in own for wait in sample.latencies)
    base_waits = sorted(wait for sample in bases.values() for wait in sample.latencies)
    roles = sorted({role for sample in own for role in sample.cpu})
    return Figures(
        rung=rung,
        rounds=len(own),
        rate=median(sample.rate for sample in own),
        ratio=median(ratios) if ratios else None,
        ratio_range=(min(ratios), max(ratios)) if ratios else None,
        p50=_quantile(waits, 0.5),
        p99=_quantile(waits, 0.99),
        p99_ratio=_quantile(waits, 0.99) / _quantile(base_waits, 0.99) if base_waits else None,
        events=median([count for sample in own for count in sample.events] or [0]),
        bytes=median([count for sample in own for count in sample.bytes] or [0]),
        cpu={role: median(sample.cpu.get(role, 0.0) / len(sample.latencies) for sample in own) for role in roles},
    )


def _quantile(ordered: Sequence[float], share: float) -> float:
    """The nearest rank, without interpolation."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
