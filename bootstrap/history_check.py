"""What Temporal holds of cases and follow-ups, against today's code and the bounds of a run (I12, I13)."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Interceptor

from bootstrap.workers import WORKFLOWS, replayer
from domain.errors import unavailable
from domain.invariants import Finding

MOST_EVENTS: Final = 4_096
MOST_BYTES: Final = 4_000_000
_CALL: Final = timedelta(seconds=10)
_NAMES: Final = ", ".join(f"'{workflow.__name__}'" for workflow in WORKFLOWS)


async def check_histories(
    client: Client, interceptor: Interceptor, sample: int, replayed: Callable[[int, int], None]
) -> tuple[Finding, ...]:
    """Measure every history, and replay `sample` of them, drawn by chance, as the engine's worker would.

    `replayed` is called with the number done and the number drawn. Raises UNAVAILABLE.
    """
    try:
        found = [run async for run in client.list_workflows(f"WorkflowType IN ({_NAMES})", rpc_timeout=_CALL)]
        findings = [finding for run in found for finding in _too_large(run)]
        drawn = random.sample(found, min(sample, len(found)))
        production = replayer(client.data_converter, [interceptor])
        for number, run in enumerate(drawn, start=1):
            try:
                history = await client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history(rpc_timeout=_CALL)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
                # Its time was over a moment ago
                continue
            outcome = await production.replay_workflow(history, raise_on_replay_failure=False)
            if (failure := outcome.replay_failure) is not None:
                findings.append(
                    _finding(run, invariant="I12", detail=f"its history does not run on this code: {failure}")
                )
            replayed(number, len(drawn))
    except RPCError as error:
        raise unavailable("engine-unavailable", "the engine went away while histories were read") from error
    return tuple(findings)


def _too_large(run: WorkflowExecution) -> list[Finding]:
    size = run.raw_info.history_size_bytes
    if run.history_length <= MOST_EVENTS and size <= MOST_BYTES:
        return []
    grown = f"its history has grown to {run.history_length} events and {size} bytes"
    return [_finding(run, invariant="I13", detail=grown)]


def _finding(run: WorkflowExecution, *, invariant: str, detail: str) -> Finding:
    return Finding(invariant=invariant, case_id=run.id, detail=detail[:300])
