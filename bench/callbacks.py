"""Bursts of answers against the running product: how long an acknowledgement takes, and what a repetition costs.

python -m bench.callbacks                                  bursts of 10, 100 and 1,000 with 0, 50 and 90 % duplicates
python -m bench.callbacks --bursts 10 100 --duplicates 0   a first look, about a minute

The product runs as it ships, on a Temporal development server of its own. Acknowledgements are ratios to an empty
FastAPI endpoint that gets the same messages just before; events are those in the histories of the cases. Cases are
launched before each burst, outside of what is measured. A run ends with the invariant checker.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from temporalio.client import Client

from bench.bare_worker import BareSetup, connect
from bench.bursts import Burst, Report, show
from bench.callback_sender import answers, play
from bench.children import Child, child, cpu_seconds
from bench.environment import look_around
from bench.office import Counter, brief
from bench.policy import TEXT
from bench.stage import Stage, stage
from bootstrap.first_start import SECRETS_FILE
from bootstrap.invariant_check import CheckProgress, check_invariants
from bootstrap.open_store import open_store
from bootstrap.settings import Settings

_DEPARTMENT = "market"
_ASKS_A_CASE = 25
_LAUNCHES_AT_ONCE = 8
_QUIET_LOOKS = 6
"""So often in a row, half a second apart, no history grew: everything that was set in motion has come to rest."""
_MOST_SECONDS_TO_ARRIVE = 180.0
"""What was stored for the relay takes its time; after this it counts as lost."""


@dataclass
class Bench:
    counter: Counter
    client: Client
    secret: str
    product: Child
    empty: Child
    progress: Progress
    bar: TaskID

    async def burst(self, messages: int, duplicates: int) -> Burst:
        number = max(1, round(messages * (1 - duplicates / 100)))
        self._say(f"{messages} messages, {duplicates} % duplicates: launching", total=number)
        requests = await self._asked(number)
        cases = sorted({request.partition(".")[0] for request in requests})
        chance = random.Random(f"{messages} {duplicates}")
        order = [*requests, *chance.choices(requests, k=messages - number)]
        chance.shuffle(order)
        before = await self._at_rest(cases)
        self._say(f"{messages} messages, {duplicates} % duplicates: sending")
        signed = answers(_DEPARTMENT, self.secret, requests)
        used = [cpu_seconds(one.pid) for one in (self.empty, self.product)]
        idle = await play(self.empty.ready["api"], order, signed)
        told = await play(self.product.ready["api"], order, signed)
        used += [cpu_seconds(one.pid) for one in (self.empty, self.product)]
        arrived = await self._arrived(cases, number)
        after = await self._at_rest(cases)
        # Once more, each of them: the histories have come to rest, so whatever they grow now comes from repetitions
        signed = answers(_DEPARTMENT, self.secret, requests)
        again = await play(self.product.ready["api"], requests, signed)
        return Burst(
            messages=messages,
            duplicates=duplicates,
            answers=number,
            waits=tuple(told.waits),
            empty_waits=tuple(idle.waits),
            seconds=told.seconds,
            empty_cpu=_spent(used[0], used[2]),
            cpu=_spent(used[1], used[3]),
            added=after - before,
            added_by_repetitions=await self._at_rest(cases) - after,
            statuses=told.statuses + again.statuses,
            unanswered=number - arrived,
        )

    async def _asked(self, number: int) -> list[str]:
        """Requests that wait for an answer, in as few cases as may be."""
        turn = asyncio.Semaphore(_LAUNCHES_AT_ONCE)

        async def case(asks: int) -> list[str]:
            async with turn:
                case_id = await self.counter.ready_for_launch()
                keys = [f"ask{one}" for one in range(asks)]
                plan = [{"key": key, "department": _DEPARTMENT, "role": "LEAD", "text": TEXT} for key in keys]
                await self.counter.leader.post(f"/v1/cases/{case_id}/launch", {"asks": plan})
                self.progress.advance(self.bar, asks)
            return [f"{case_id}.{key}" for key in keys]

        sizes = [min(_ASKS_A_CASE, number - first) for first in range(0, number, _ASKS_A_CASE)]
        return [request for asked in await asyncio.gather(*map(case, sizes)) for request in asked]

    async def _at_rest(self, cases: Sequence[str]) -> int:
        """Events in the histories of these cases, when none of them has grown for a while."""
        seen, quiet = -1, 0
        while quiet < _QUIET_LOOKS:
            await asyncio.sleep(0.5)
            handles = [self.client.get_workflow_handle(case_id) for case_id in cases]
            events = sum(one.history_length for one in [await handle.describe() for handle in handles])
            seen, quiet = events, quiet + 1 if events == seen else 0
        return seen

    async def _arrived(self, cases: Sequence[str], wanted: int) -> int:
        """Answers that their cases have, when it is all of them or waiting is over."""
        arrived, loop = 0, asyncio.get_running_loop()
        until = loop.time() + _MOST_SECONDS_TO_ARRIVE
        self._say("waiting for the cases", total=wanted)
        while arrived < wanted and loop.time() < until:
            await asyncio.sleep(1)
            shown = [await self.counter.leader.get(f"/v1/cases/{case_id}") for case_id in cases]
            rounds = [one["rounds"][-1] for case in shown for one in case["coordination"]["requests"]]
            arrived = sum(one["reply"] == "ACCEPTED" for one in rounds)
            self.progress.update(self.bar, completed=arrived)
        return arrived

    def _say(self, what: str, total: int | None = None) -> None:
        self.progress.reset(self.bar, description=what, total=total)


def _spent(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before


async def _bench(at: Stage, stack: AsyncExitStack, progress: Progress) -> Bench:
    engine = await stack.enter_async_context(child("bench.engine_process", str(at.product.data_dir), at.server.address))
    empty = await stack.enter_async_context(child("bench.empty_endpoint"))
    await _lift_limits(at.product)
    # The simulated departments take everything in and say nothing: we answer in their name
    await brief(engine.ready["simulators"], engine.ready["simulators_control"], None)
    counter = Counter.of(engine.ready["api"], at.product.data_dir)
    stack.push_async_callback(counter.close)
    secrets = json.loads((at.product.data_dir / SECRETS_FILE).read_bytes())
    client = await connect(BareSetup(rung="L8", address=at.server.address))
    secret = secrets[_DEPARTMENT]["webhook_secrets"][0]
    return Bench(counter, client, secret, engine, empty, progress, progress.add_task("starting", total=None))


async def _lift_limits(product: Settings) -> None:
    """What was agreed with a department bounds it to ten messages a second; here the door itself is measured."""
    async with open_store(product) as store, store.writing() as session:
        known = await session.directory.get(_DEPARTMENT)
        assert known is not None
        lifted = {"max_messages_per_minute": 60_000, "max_sends_per_minute": 60_000}
        await session.directory.save(known.model_copy(update=lifted))


async def measure(bursts: Sequence[int], duplicates: Sequence[int], progress: Progress) -> Report:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="liandong-bench-")))
        at = await stack.enter_async_context(stage(folder, 0))
        environment = await look_around(folder, at.server.pid)
        bench = await _bench(at, stack, progress)
        await bench.burst(10, 50)
        found = [await bench.burst(messages, share) for messages in bursts for share in duplicates]
        progress.reset(bench.bar, description="checking invariants", total=None)
        findings, _ = await check_invariants(
            at.product, CheckProgress(lambda number: progress.update(bench.bar, completed=number))
        )
    return Report(measured_at=datetime.now(UTC), environment=environment, bursts=tuple(found), findings=findings)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bursts", nargs="+", type=int, default=[10, 100, 1000], help="messages in a burst")
    parser.add_argument("--duplicates", nargs="+", type=int, default=[0, 50, 90], help="per cent that repeat another")
    parser.add_argument("--json", type=Path, help="raw samples; default: a file of its own in ./bench-results")
    given = parser.parse_args(arguments)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        report = asyncio.run(measure(given.bursts, given.duplicates, progress))
    path = given.json or Path("bench-results") / f"callbacks-{report.measured_at:%Y%m%dT%H%M%SZ}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8")
    show(report, Console(width=None if sys.stdout.isatty() else 140))
    print(f"raw samples: {path}")
    return 0 if report.valid else 1


if __name__ == "__main__":
    sys.exit(main())
