"""The table of a run, and its verdict."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from bench.rungs import TITLES
from bench.sample import Figures
from domain.invariants import Finding

_ROLES = ("server", "worker", "departments", "driver")
_HEAD = ("rung", "cases/s", "× L2", "p50 s", "p99 s", "p99 × L2", "events", "kB")


def show(rows: Sequence[Figures], findings: Sequence[Finding], lost: Sequence[str], console: Console) -> None:
    table = Table(title="Ladder: four departments, one round each; only ratios within this run count")
    for position, name in enumerate((*_HEAD, *(f"{role} CPU ms" for role in _ROLES))):
        table.add_column(name, justify="right" if position else "left")
    for row in rows:
        table.add_row(*_cells(row))
    console.print(table)
    console.print(" · ".join(f"{row.rung} {TITLES[row.rung]}" for row in rows))
    console.print("worker: the rung's own process; in L7 with its door for callbacks, in L8 workers, API and loops")
    for finding in findings:
        console.print(f"[red]✗ {finding.invariant} {finding.case_id}: {finding.detail}[/]")
    for one in lost:
        console.print(f"[red]✗ lost: {one}[/]")
    if findings or lost:
        console.print("[red]These figures are void.[/]")
    elif any(row.rung == "L8" for row in rows):
        console.print("✓ no lost answer, no broken invariant")


def _cells(row: Figures) -> list[str]:
    low_high = f" ({row.ratio_range[0]:.2f}-{row.ratio_range[1]:.2f})" if row.ratio_range else ""
    return [
        row.rung,
        f"{row.rate:.2f}",
        f"{row.ratio:.2f}{low_high}" if row.ratio is not None else "–",
        f"{row.p50:.2f}",
        f"{row.p99:.2f}",
        f"{row.p99_ratio:.1f}" if row.p99_ratio is not None else "–",
        f"{row.events:.0f}",
        f"{row.bytes / 1000:.1f}",
        *(f"{row.cpu[role] * 1000:.0f}" if role in row.cpu else "–" for role in _ROLES),
    ]
