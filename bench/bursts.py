"""What bursts of answers showed, as figures and as a table."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict
from rich.console import Console
from rich.table import Table

from bench.environment import Environment
from domain.invariants import Finding


class Burst(BaseModel):
    """So many messages, of which `duplicates` per cent repeat an earlier one."""

    model_config = ConfigDict(frozen=True)

    messages: int
    duplicates: int
    answers: int
    """Different ones."""
    waits: tuple[float, ...]
    """Seconds to each acknowledgement."""
    empty_waits: tuple[float, ...]
    seconds: float
    """From the first send to the last acknowledgement."""
    cpu: float | None
    """CPU seconds of the product's process meanwhile, cases and all; None where the kernel does not tell."""
    empty_cpu: float | None
    added: int
    """Events in the histories, from the first send until everything had come to rest."""
    added_by_repetitions: int
    """The same for all messages once more, after that."""
    statuses: dict[int, int]
    unanswered: int

    @property
    def refused(self) -> int:
        return sum(number for status, number in self.statuses.items() if status not in (200, 202))

    @property
    def sound(self) -> bool:
        return (self.added_by_repetitions, self.refused, self.unanswered) == (0, 0, 0)

    def cells(self) -> list[str]:
        p50, p99 = quantile(self.waits, 0.5), quantile(self.waits, 0.99)
        return [
            f"{self.messages:,}",
            str(self.duplicates),
            f"{self.messages / self.seconds:.0f}",
            f"{p50 * 1000:.0f}",
            f"{p99 * 1000:.0f}",
            f"{p50 / quantile(self.empty_waits, 0.5):.1f}",
            f"{p99 / quantile(self.empty_waits, 0.99):.1f}",
            f"{self.cpu / self.messages * 1000:.1f}" if self.cpu is not None else "–",
            f"{self.added / self.answers:.1f}",
            str(self.added_by_repetitions),
        ]


class Report(BaseModel):
    """Raw samples with what is needed to understand them later."""

    model_config = ConfigDict(frozen=True)

    measured_at: datetime
    environment: Environment
    bursts: tuple[Burst, ...]
    findings: tuple[Finding, ...]

    @property
    def valid(self) -> bool:
        return all(one.sound for one in self.bursts) and not self.findings


_HEAD = ("messages", "dup. %", "per s", "p50 ms", "p99 ms", "p50 ×", "p99 ×", "CPU ms", "events", "by repetitions")


def show(report: Report, console: Console) -> None:
    table = Table(title="Callbacks: time to the acknowledgement; × an empty endpoint in the same run")
    for name in _HEAD:
        table.add_column(name, justify="right")
    for one in report.bursts:
        table.add_row(*one.cells())
    console.print(table)
    console.print("CPU ms: the product's whole process, by each message; events: in the histories, by each new answer")
    for one in report.bursts:
        if not one.sound:
            said = f"{one.refused} refused, {one.unanswered} lost, {one.added_by_repetitions} events by repetitions"
            console.print(f"✗ {one.messages} messages, {one.duplicates} % duplicates: {said}")
    for finding in report.findings:
        console.print(f"✗ {finding.invariant} {finding.case_id}: {finding.detail}")
    told = "✓ every answer arrived, repetitions added no event, no broken invariant"
    console.print(told if report.valid else "✗ these figures are void")


def quantile(waits: Sequence[float], share: float) -> float:
    """The nearest rank, without interpolation."""
    return sorted(waits)[min(len(waits) - 1, int(share * len(waits)))]
