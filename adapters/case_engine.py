"""The durable engine by technique: a Temporal client."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDReusePolicy
from temporalio.converter import ActivitySerializationContext
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from domain.any_decision import AnyDecision
from domain.dispatch import DepartmentNote, RoundRef
from domain.errors import conflict, not_found, unavailable
from domain.ids import round_id
from domain.launch import CaseLaunch, CaseResult
from domain.public_text import PublicText
from domain.reply import RawAnswer
from domain.snapshot import CaseSnapshot
from domain.task_queue import ENGINE_QUEUE
from workflows.case_coordination import CaseCoordination
from workflows.refusal import read_refusal
from workflows.search_attributes import at_start

RPC_TIMEOUT = timedelta(seconds=10)
"""No call waits longer for the engine; what was not confirmed is repeated by the relay."""
HEALTH_TIMEOUT = timedelta(seconds=3)
_ENDED_BADLY = "ExecutionStatus IN ('Failed', 'Terminated', 'TimedOut', 'Canceled')"
_STUCK = "(ExecutionStatus = 'Running' AND TemporalReportedProblems IS NOT NULL)"
"""Older clusters do not know the attribute."""

_log = logging.getLogger(__name__)


class TemporalCaseEngine:
    """The port `CaseEngine` over one Temporal namespace."""

    def __init__(self, client: Client, *, rpc_timeout: timedelta = RPC_TIMEOUT) -> None:
        self._client = client
        self._rpc_timeout = rpc_timeout
        self._tells_who_is_stuck = True

    async def start(self, launch: CaseLaunch) -> None:
        departments = ", ".join(launch.plan.departments) or "–"
        async with translated(self._rpc_timeout):
            try:
                await self._client.start_workflow(
                    CaseCoordination.run,
                    launch,
                    id=launch.case_id,
                    task_queue=ENGINE_QUEUE,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    search_attributes=at_start(launch),
                    static_summary=PublicText(f"{launch.cause.value} · {departments}"),
                    rpc_timeout=self._rpc_timeout,
                )
            except WorkflowAlreadyStartedError:
                return

    async def complete_round(self, ref: RoundRef, answer: RawAnswer) -> bool:
        activity_id = round_id(ref.request_id, ref.round)
        waiting = self._client.get_async_activity_handle(workflow_id=ref.case_id, run_id=None, activity_id=activity_id)
        handle = waiting.with_context(self._sealed_for(ref, activity_id))
        async with translated(self._rpc_timeout):
            try:
                await handle.complete(answer.model_dump(mode="json"), rpc_timeout=self._rpc_timeout)
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return False
                raise
        return True

    async def note(self, note: DepartmentNote, case_id: str) -> bool:
        async with translated(self._rpc_timeout):
            try:
                await self._handle(case_id).signal(
                    CaseCoordination.department_note, note, rpc_timeout=self._rpc_timeout
                )
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return False
                raise
        return True

    async def decide(self, case_id: str, decision: AnyDecision) -> CaseSnapshot:
        async with translated(self._rpc_timeout, missing=case_id):
            try:
                after: CaseSnapshot = await self._handle(case_id).execute_update(
                    CaseCoordination.decide,
                    decision,
                    id=decision.command_id,
                    rpc_timeout=self._rpc_timeout,
                )
                return after
            except WorkflowUpdateFailedError as error:
                if isinstance(error.cause, ApplicationError) and (refusal := read_refusal(error.cause)) is not None:
                    raise refusal from error
                raise

    async def snapshot(self, case_id: str) -> CaseSnapshot:
        async with translated(self._rpc_timeout, missing=case_id):
            return await self._handle(case_id).query(CaseCoordination.snapshot, rpc_timeout=self._rpc_timeout)

    async def result(self, case_id: str) -> CaseResult | None:
        handle = self._handle(case_id)
        async with translated(self._rpc_timeout, missing=case_id):
            described = await handle.describe(rpc_timeout=self._rpc_timeout)
            if described.status is WorkflowExecutionStatus.RUNNING:
                return None
            return await handle.result(rpc_timeout=self._rpc_timeout)

    async def failing_cases(self) -> Sequence[str]:
        async with translated(self._rpc_timeout):
            if not self._tells_who_is_stuck:
                return await self._listed(_ENDED_BADLY)
            try:
                return await self._listed(f"{_ENDED_BADLY} OR {_STUCK}")
            except RPCError as error:
                if error.status is not RPCStatusCode.INVALID_ARGUMENT:
                    raise
                ended = await self._listed(_ENDED_BADLY)
            self._tells_who_is_stuck = False
            _log.warning("this Temporal does not know TemporalReportedProblems: cases that are stuck are not found")
            return ended

    async def _listed(self, how: str) -> list[str]:
        wanted = f"WorkflowType IN ('CaseCoordination', 'FollowUp') AND ({how})"
        return [one.id async for one in self._client.list_workflows(wanted, rpc_timeout=self._rpc_timeout)]

    async def keeps_history_for(self) -> timedelta:
        wanted = DescribeNamespaceRequest(namespace=self._client.namespace)
        async with translated(self._rpc_timeout):
            told = await self._client.workflow_service.describe_namespace(wanted, timeout=self._rpc_timeout)
        return told.config.workflow_execution_retention_ttl.ToTimedelta()

    async def ready(self) -> str | None:
        within = min(self._rpc_timeout, HEALTH_TIMEOUT)
        try:
            async with _reached(within):
                serving = await self._client.service_client.check_health(timeout=within)
        except RPCError as error:
            return f"Temporal does not answer: {error.status.name}"
        return None if serving else "Temporal answers that it is not serving"

    def _sealed_for(self, ref: RoundRef, activity_id: str) -> ActivitySerializationContext:
        """Completing by id names no case to the payload codec by itself."""
        return ActivitySerializationContext(
            namespace=self._client.namespace,
            activity_id=activity_id,
            activity_type="await_reply",
            activity_task_queue=ref.department.task_queue,
            workflow_id=ref.case_id,
            workflow_type="CaseCoordination",
            is_local=False,
        )

    def _handle(self, case_id: str) -> WorkflowHandle[CaseCoordination, CaseResult]:
        return self._client.get_workflow_handle_for(CaseCoordination.run, case_id)


@asynccontextmanager
async def translated(within: timedelta, *, missing: str | None = None) -> AsyncIterator[None]:
    """Turn the client's errors into ours; what is unknown to us passes through."""
    try:
        async with _reached(within):
            yield
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND and missing is not None:
            raise not_found("case-not-running", f"the engine has no coordination of {missing}") from error
        if error.status in _AWAY:
            raise unavailable("engine-unavailable", "the engine is away; what was ordered stays ordered") from error
        raise
    except WorkflowQueryFailedError as error:
        # Our queries only read a state: it was the worker that failed, by being too busy or by a mistake of ours
        raise unavailable("engine-unavailable", "the engine could not look at the case just now; ask again") from error
    except WorkflowUpdateRPCTimeoutOrCancelledError as error:
        raise unavailable("engine-unavailable", "not confirmed in time; repeat with the same key") from error
    except WorkflowFailureError as error:
        # The run ended without a result: failed, terminated or cancelled by an operator. `failing_cases` names it.
        raise conflict("coordination-failed", "the engine ended the coordination without a result") from error


@asynccontextmanager
async def _reached(within: timedelta) -> AsyncIterator[None]:
    """A lazy client that has never reached its server yet tells so by a bare RuntimeError, and tries anew each time.

    Its calls wait for each other while one of them connects, which no timeout of a call bounds.
    """
    try:
        async with asyncio.timeout(within.total_seconds()):
            yield
    except TimeoutError as error:
        raise RPCError("no answer in time", RPCStatusCode.DEADLINE_EXCEEDED, b"") from error
    except RuntimeError as error:
        if not str(error).startswith(_NEVER_REACHED):
            raise
        raise RPCError(str(error), RPCStatusCode.UNAVAILABLE, b"") from error


_NEVER_REACHED = "Failed client connect"
_AWAY = frozenset(
    {
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.ABORTED,
    }
)
