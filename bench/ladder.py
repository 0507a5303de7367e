"""The ladder: what each layer costs, from bare server calls to the engine, all rungs interleaved in one run.

python -m bench.ladder                      5 rounds of 40 cases a rung, about ten minutes on two cores
python -m bench.ladder --rounds 1 --cases 8 --rungs L2 L8
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.children import cpu_seconds
from bench.environment import Environment, look_around
from bench.report import show
from bench.rungs import TITLES, LostCaseError, Rung
from bench.sample import Figures, Sample, figures
from bench.stage import Stage, all_rungs, stage
from bootstrap.invariant_check import CheckProgress, check_invariants
from domain.invariants import Finding

BASE = "L2"
_LONGEST_CASE_SECONDS = 180.0
_AFTERGLOW_SECONDS = 0.3
"""What a case's end still sets in motion (answers to senders) counts for its CPU time."""


class Plan(BaseModel):
    """How much is measured."""

    model_config = ConfigDict(frozen=True)

    rungs: tuple[str, ...] = tuple(TITLES)
    rounds: int = 5
    cases: int = 40
    """A rung and round."""
    side_by_side: int = 12
    """Cases under way at the same time."""
    apart: float = 0.2
    """Seconds from one department's answer to the next one's; 0: all at once."""
    most_minutes: float = 30.0
    """No further round begins after this."""


class Report(BaseModel):
    """Raw samples, and what is said of them."""

    model_config = ConfigDict(frozen=True)

    measured_at: datetime
    plan: Plan
    environment: Environment
    figures: tuple[Figures, ...]
    findings: tuple[Finding, ...]
    """Of the invariant checker over all cases of L8."""
    checked_cases: int
    lost: tuple[str, ...]
    samples: tuple[Sample, ...]

    @property
    def valid(self) -> bool:
        return not self.findings and not self.lost


async def measure(plan: Plan, progress: Progress) -> Report:
    with tempfile.TemporaryDirectory(prefix="liandong-bench-") as name:
        folder = Path(name)
        async with stage(folder, plan.apart) as at:
            rungs = await all_rungs(at, plan.rungs)
            environment = await look_around(folder, at.server.pid)
            samples = await _climb(plan, at, rungs, progress)
            findings, checked = await _checked(plan, at, progress)
    return Report(
        measured_at=datetime.now(UTC),
        plan=plan,
        environment=environment,
        figures=tuple(figures(rung, samples, BASE) for rung in plan.rungs),
        findings=findings,
        checked_cases=checked,
        lost=tuple(lost for sample in samples for lost in sample.lost),
        samples=tuple(samples),
    )


async def _climb(plan: Plan, at: Stage, rungs: Sequence[Rung], progress: Progress) -> list[Sample]:
    """Round 0 warms up and is not kept; each round begins at another rung."""
    bar = progress.add_task("warming up", total=len(rungs) * (plan.rounds + 1))
    until = time.monotonic() + plan.most_minutes * 60
    samples: list[Sample] = []
    for number in range(plan.rounds + 1):
        if number > 1 and time.monotonic() > until:
            progress.console.print(f"stopped after {number - 1} rounds: --most-minutes {plan.most_minutes:g}")
            break
        first = number % len(rungs)
        for rung in (*rungs[first:], *rungs[:first]):
            progress.update(bar, description=f"round {number} · {rung.name} {TITLES[rung.name]}")
            wanted = plan.cases if number else min(plan.cases, plan.side_by_side)
            sample = await _sample(rung, number, wanted, (plan, at))
            samples += [sample] if number else []
            progress.advance(bar)
    return samples


async def _sample(rung: Rung, number: int, cases: int, within: tuple[Plan, Stage]) -> Sample:
    plan, at = within
    case_ids = await rung.prepare(cases)
    roles = {"server": at.server.pid, **rung.processes, "driver": os.getpid()}
    before = {role: cpu_seconds(pid) for role, pid in roles.items()}
    latencies: list[float] = []
    lost: list[str] = []
    turn = asyncio.Semaphore(plan.side_by_side)

    async def one(case_id: str) -> None:
        async with turn:
            began = time.perf_counter()
            try:
                async with asyncio.timeout(_LONGEST_CASE_SECONDS):
                    await rung.see_through(case_id)
            except (LostCaseError, TimeoutError) as error:
                lost.append(f"{case_id}: {type(error).__name__} {error}")
            latencies.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*map(one, case_ids))
    seconds = time.perf_counter() - began
    await asyncio.sleep(_AFTERGLOW_SECONDS)
    after = {role: cpu_seconds(pid) for role, pid in roles.items()}
    sizes = [await rung.size(case_id) for case_id in case_ids]
    return Sample(
        rung=rung.name,
        round=number,
        seconds=seconds,
        latencies=tuple(latencies),
        cpu={role: then - first for role, first in before.items() if first is not None and (then := after[role])},
        events=tuple(events for events, _ in sizes),
        bytes=tuple(size for _, size in sizes),
        lost=(*lost, *await rung.tidy(case_ids)),
    )


async def _checked(plan: Plan, at: Stage, progress: Progress) -> tuple[tuple[Finding, ...], int]:
    """What the invariant checker finds, and how many cases it looked at."""
    if "L8" not in plan.rungs:
        return (), 0
    bar = progress.add_task("checking invariants", total=None)
    seen = 0

    def count(number: int) -> None:
        nonlocal seen
        seen = number
        progress.update(bar, completed=number)

    findings, _ = await check_invariants(at.product, CheckProgress(count))
    return findings, seen


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rungs", nargs="+", choices=TITLES, default=list(TITLES), metavar="L")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cases", type=int, default=40, help="a rung and round")
    parser.add_argument("--side-by-side", type=int, default=12, help="cases under way at the same time")
    parser.add_argument("--apart", type=float, default=0.2, help="seconds from one answer to the next; 0: all at once")
    parser.add_argument("--most-minutes", type=float, default=30.0, help="no further round begins after this")
    parser.add_argument("--json", type=Path, help="raw samples; default: a file of its own in ./bench-results")
    given = parser.parse_args(arguments)
    plan = Plan(
        rungs=tuple(name for name in TITLES if name in given.rungs),
        rounds=max(1, given.rounds),
        cases=max(1, given.cases),
        side_by_side=max(1, given.side_by_side),
        apart=max(0.0, given.apart),
        most_minutes=given.most_minutes,
    )
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        report = asyncio.run(measure(plan, progress))
    path = given.json or Path("bench-results") / f"ladder-{report.measured_at:%Y%m%dT%H%M%SZ}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8")
    show(report.figures, report.findings, report.lost, Console(width=None if sys.stdout.isatty() else 140))
    print(f"raw samples: {path}")
    return 0 if report.valid else 1


if __name__ == "__main__":
    sys.exit(main())
