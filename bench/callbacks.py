"""Bursts of answers against the running product: how long an acknowledgement takes, and what a repetition costs.

python -m bench.callbacks [--bursts 10,100,1000] [--duplicates 0,50,90]

The product runs as it ships, on a Temporal development server of its own. Acknowledgements are ratios to an empty
FastAPI endpoint that gets the same bodies in the same run; events are those in the histories of the cases. A run ends
with the invariant checker.
"""

import argparse
import asyncio
import json
import math
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table
from temporalio.client import Client

from adapters.webhook_signature import sign
from bench.bare_worker import BareSetup, connect
from bench.bursts import Burst, quantile
from bench.children import child
from bench.office import Counter, brief
from bench.policy import TEXT
from bench.stage import Stage, stage
from bootstrap.first_start import SECRETS_FILE
from bootstrap.invariant_check import check_invariants
from bootstrap.open_store import open_store
from bootstrap.settings import Settings
from domain.invariants import Finding

_DEPARTMENT = "market"
_ASKS_A_CASE = 25
_CONNECTIONS = 32
_QUIET_LOOKS = 6
"""So often in a row, half a second apart, no history grew: everything that was set in motion has come to rest."""
Send = Callable[[str, str], Awaitable[tuple[float, int]]]
"""Message id and request to seconds and status."""


@dataclass
class Bench:
    counter: Counter
    client: Client
    secret: str
    product: httpx.AsyncClient
    empty: httpx.AsyncClient

    async def burst(self, answers: int, duplicates: int) -> Burst:
        """`duplicates` per cent of all sends repeat an earlier message."""
        requests = await self._asked(answers)
        cases = sorted({request.partition(".")[0] for request in requests})
        sends = math.ceil(answers / (1 - duplicates / 100))
        order = [*requests, *random.choices(requests, k=sends - answers)]
        random.shuffle(order)
        before = await self._at_rest(cases)
        empty = await _played(order, self._sender(self.empty))
        told = await _played(order, self._sender(self.product))
        after = await self._at_rest(cases)
        # Once more, each of them: the histories have come to rest, so whatever they grow now comes from repetitions
        again = await _played(requests, self._sender(self.product))
        waits, idle = sorted(wait for wait, _ in told), sorted(wait for wait, _ in empty)
        return Burst(
            answers=answers,
            duplicates=duplicates,
            p50=quantile(waits, 0.5),
            p99=quantile(waits, 0.99),
            empty_p50=quantile(idle, 0.5),
            empty_p99=quantile(idle, 0.99),
            added=after - before,
            added_by_repetitions=await self._at_rest(cases) - after,
            refused=sum(status not in (200, 202) for _, status in [*told, *again]),
            unanswered=answers - await self._answered(cases),
        )

    async def _asked(self, number: int) -> list[str]:
        """Requests that wait for an answer, in as few cases as may be."""
        requests: list[str] = []
        while len(requests) < number:
            case_id = await self.counter.ready_for_launch()
            keys = [f"ask{one}" for one in range(min(_ASKS_A_CASE, number - len(requests)))]
            asks = [{"key": key, "department": _DEPARTMENT, "role": "LEAD", "text": TEXT} for key in keys]
            await self.counter.leader.post(f"/v1/cases/{case_id}/launch", {"asks": asks})
            requests += [f"{case_id}.{key}" for key in keys]
        return requests

    async def _at_rest(self, cases: Sequence[str]) -> int:
        """Events in the histories of these cases, when none of them has grown for a while."""
        seen, quiet = -1, 0
        while quiet < _QUIET_LOOKS:
            await asyncio.sleep(0.5)
            described = [await self.client.get_workflow_handle(case_id).describe() for case_id in cases]
            events = sum(one.history_length for one in described)
            seen, quiet = events, quiet + 1 if events == seen else 0
        return seen

    async def _answered(self, cases: Sequence[str]) -> int:
        shown = [await self.counter.leader.get(f"/v1/cases/{case_id}") for case_id in cases]
        rounds = [one["rounds"][-1] for case in shown for one in case["coordination"]["requests"]]
        return sum(one["reply"] == "ACCEPTED" for one in rounds)

    def _sender(self, client: httpx.AsyncClient) -> Send:
        async def send(message_id: str, request: str) -> tuple[float, int]:
            reply = {"code": "ACCEPTED", "note": "可以办理"}
            data = {"request_id": request, "round": 1, "reply": reply}
            body = json.dumps({"type": "request.replied", "timestamp": "2026-01-01T00:00:00Z", "data": data})
            headers = sign(self.secret, message_id, datetime.now(UTC), body) | {"content-type": "application/json"}
            began = time.perf_counter()
            response = await client.post(f"/v1/departments/{_DEPARTMENT}/callbacks", content=body, headers=headers)
            return time.perf_counter() - began, response.status_code

        return send


async def _played(order: Sequence[str], send: Send) -> list[tuple[float, int]]:
    gate = asyncio.Semaphore(_CONNECTIONS)

    async def one(request: str) -> tuple[float, int]:
        async with gate:
            return await send(f"m-{request}", request)

    return await asyncio.gather(*(one(request) for request in order))


async def _bench(at: Stage, stack: AsyncExitStack) -> Bench:
    engine = await stack.enter_async_context(child("bench.engine_process", str(at.product.data_dir), at.server.address))
    empty = await stack.enter_async_context(child("bench.empty_endpoint"))
    await _lift_limits(at.product)
    # The simulated departments take everything in and say nothing: we answer in their name
    await brief(engine.ready["simulators"], None)
    counter = Counter.of(engine.ready["api"], at.product.data_dir)
    stack.push_async_callback(counter.close)
    secrets = json.loads((at.product.data_dir / SECRETS_FILE).read_bytes())
    # The servers close a connection that was idle for five seconds: the clients let go of it before
    limits = httpx.Limits(max_connections=_CONNECTIONS, keepalive_expiry=2)
    clients = []
    for url in (engine.ready["api"], empty.ready["api"]):
        client = httpx.AsyncClient(base_url=url, trust_env=False, timeout=60, limits=limits)
        clients.append(await stack.enter_async_context(client))
    engine_client = await connect(BareSetup(rung="L8", address=at.server.address))
    return Bench(counter, engine_client, secrets[_DEPARTMENT]["webhook_secrets"][0], *clients)


async def _lift_limits(product: Settings) -> None:
    """What was agreed with a department bounds it to ten messages a second; here the door itself is measured."""
    async with open_store(product) as store, store.writing() as session:
        known = await session.directory.get(_DEPARTMENT)
        assert known is not None
        lifted = {"max_messages_per_minute": 60_000, "max_sends_per_minute": 60_000}
        await session.directory.save(known.model_copy(update=lifted))


def _show(bursts: Sequence[Burst], findings: Sequence[Finding]) -> None:
    table = Table(title="Callbacks: acknowledgement as a multiple of an empty endpoint, same run")
    for name in ("answers", "duplicates %", "p50 ms", "p99 ms", "p50 ×", "p99 ×", "events/answer", "by repetitions"):
        table.add_column(name, justify="right")
    for one in bursts:
        table.add_row(*one.cells())
    console = Console(width=120)
    console.print(table)
    for finding in findings:
        console.print(f"✗ {finding.invariant} {finding.case_id}: {finding.detail}")
    sound = all(one.sound for one in bursts) and not findings
    told = "✓ every answer arrived, repetitions added no event, no broken invariant"
    console.print(told if sound else "✗ these figures are void")


async def run(bursts: Sequence[int], duplicates: Sequence[int]) -> tuple[list[Burst], tuple[Finding, ...]]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="liandong-bench-")))
        at = await stack.enter_async_context(stage(folder, 0))
        bench = await _bench(at, stack)
        await bench.burst(5, 0)
        found = [await bench.burst(answers, share) for answers in bursts for share in duplicates]
        findings, _ = await check_invariants(at.product, lambda _: None)
        return found, findings


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bursts", default="10,100,1000", help="answers in a burst")
    parser.add_argument("--duplicates", default="0,50,90", help="per cent of the sends that repeat another")
    chosen = parser.parse_args(arguments)
    numbers = [[int(part) for part in text.split(",")] for text in (chosen.bursts, chosen.duplicates)]
    found, findings = asyncio.run(run(*numbers))
    _show(found, findings)
    return 0 if all(one.sound for one in found) and not findings else 1


if __name__ == "__main__":
    raise SystemExit(main())
