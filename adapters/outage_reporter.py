"""Tells a case of an outage by technique: a Temporal client, wherever the worker stands."""

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from adapters.case_engine import RPC_TIMEOUT, translated
from domain.outage import OutageNote
from workflows.case_coordination import CaseCoordination


class TemporalOutageReporter:
    """The port `OutageReporter` over one Temporal namespace."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def report(self, case_id: str, note: OutageNote) -> None:
        case = self._client.get_workflow_handle_for(CaseCoordination.run, case_id)
        async with translated(RPC_TIMEOUT):
            try:
                await case.signal(CaseCoordination.department_outage, note, rpc_timeout=RPC_TIMEOUT)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
