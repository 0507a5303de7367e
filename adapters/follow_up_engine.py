"""Follow-ups by technique: a Temporal client."""

from datetime import timedelta

from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from adapters.case_engine import RPC_TIMEOUT, translated
from domain.errors import not_found
from domain.follow_up import AnyFollowUpCommand, FollowUpLaunch, FollowUpSnapshot
from domain.public_text import PublicText
from domain.task_queue import ENGINE_QUEUE
from workflows.follow_up import FollowUp
from workflows.refusal import read_refusal
from workflows.search_attributes import CAUSE, OUTCOME, URGENCY


class TemporalFollowUpEngine:
    """The port `FollowUpEngine` over one Temporal namespace."""

    def __init__(self, client: Client, *, rpc_timeout: timedelta = RPC_TIMEOUT) -> None:
        self._client = client
        self._rpc_timeout = rpc_timeout

    async def start(self, launch: FollowUpLaunch) -> None:
        async with translated(self._rpc_timeout):
            try:
                await self._client.start_workflow(
                    FollowUp.run,
                    launch,
                    id=launch.follow_up_id,
                    task_queue=ENGINE_QUEUE,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    search_attributes=_attributes(launch),
                    static_summary=PublicText(f"follow-up {launch.number} · {launch.outcome.value}"),
                    rpc_timeout=self._rpc_timeout,
                )
            except WorkflowAlreadyStartedError:
                return

    async def act(self, follow_up_id: str, command: AnyFollowUpCommand) -> FollowUpSnapshot:
        async with translated(self._rpc_timeout):
            try:
                after: FollowUpSnapshot = await self._handle(follow_up_id).execute_update(
                    FollowUp.act, command, id=command.command_id, rpc_timeout=self._rpc_timeout
                )
            except WorkflowUpdateFailedError as error:
                if isinstance(error.cause, ApplicationError) and (refusal := read_refusal(error.cause)) is not None:
                    raise refusal from error
                raise
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    raise not_found("follow-up-not-running", "the follow-up has ended or was never begun") from error
                raise
        return after

    async def snapshot(self, follow_up_id: str) -> FollowUpSnapshot:
        async with translated(self._rpc_timeout):
            try:
                return await self._handle(follow_up_id).query(FollowUp.snapshot, rpc_timeout=self._rpc_timeout)
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    raise not_found("follow-up-not-running", "the follow-up has ended or was never begun") from error
                raise

    def _handle(self, follow_up_id: str) -> WorkflowHandle[FollowUp, FollowUpSnapshot]:
        return self._client.get_workflow_handle_for(FollowUp.run, follow_up_id)


def _attributes(launch: FollowUpLaunch) -> TypedSearchAttributes:
    pairs = [SearchAttributePair(URGENCY, launch.urgency.value), SearchAttributePair(OUTCOME, launch.outcome.value)]
    if launch.cause is not None:
        pairs.append(SearchAttributePair(CAUSE, launch.cause.value))
    return TypedSearchAttributes(pairs)
