"""Departments that take a signed JSON message and call back."""

from collections.abc import Mapping

from pydantic import JsonValue

from adapters import callback
from adapters.department_line import DepartmentLine, DepartmentLines, Named
from adapters.department_message import dispatched, withdrawn, written
from adapters.department_reply import fail, read_receipt, succeeded
from adapters.kept_exchange import Spoken
from adapters.webhook_signature import sign
from domain.department_failure import DepartmentUnavailable
from domain.dispatch import Dispatch, Receipt, RoundRef, Withdrawal
from domain.ids import round_id
from domain.inbox import DepartmentMessage
from domain.ports import TimeSource
from domain.proof import Proof
from domain.reply import PolledReply

_ALREADY_TAKEN = 409
_NOTHING_TO_WITHDRAW = (404, 409, 410)


class WebhookDepartment:
    """`public_url` is where departments reach our API."""

    def __init__(self, lines: DepartmentLines, time: TimeSource, public_url: str) -> None:
        self._lines = lines
        self._time = time
        self._public_url = public_url.rstrip("/")

    async def deliver(self, dispatch: Dispatch) -> Receipt:
        line = await self._lines.line(dispatch.department.code)
        reply_to = f"{self._public_url}/v1/departments/{dispatch.department.code}/callbacks"
        data = dispatched(dispatch) | {"reply_to": reply_to}
        with line.attempt():
            named = Named(dispatch.idempotency_key, dispatch.idempotency_key)
            spoken = await self._post(line, "/requests", named, ("request.dispatched", data))
            proof = line.proof(spoken)
            if not succeeded(spoken.reply, also=(_ALREADY_TAKEN,)):
                fail(spoken.reply, self._time.now(), proof=proof)
            return Receipt(delivered_at=self._time.now(), receipt=read_receipt(spoken.reply), proof=proof)

    async def poll(self, ref: RoundRef) -> PolledReply | None:
        raise TypeError(f"{ref.department.code} calls back and is never polled")

    async def withdraw(self, withdrawal: Withdrawal) -> Proof | None:
        line = await self._lines.line(withdrawal.department.code)
        named = Named(withdrawal.message_id, round_id(withdrawal.request_id, withdrawal.round))
        with line.attempt():
            message = ("request.withdrawn", withdrawn(withdrawal))
            spoken = await self._post(line, "/requests/withdrawn", named, message)
            if not succeeded(spoken.reply, also=_NOTHING_TO_WITHDRAW):
                fail(spoken.reply, self._time.now(), proof=line.proof(spoken))
            return line.proof(spoken)

    def parse_callback(self, department: str, headers: Mapping[str, str], body: bytes) -> DepartmentMessage:
        return callback.receive(self._lines.secrets.of(department).accepted_secrets, headers, body)

    async def _post(
        self, line: DepartmentLine, path: str, named: Named, message: tuple[str, dict[str, JsonValue]]
    ) -> Spoken:
        secrets = line.secret.signing_secrets
        if not secrets:
            raise DepartmentUnavailable("secret: no webhook secret for this department")
        kind, data = message
        now = self._time.now()
        body = written(kind, now, data)
        headers = sign(secrets, named.message_id, now, body) | {"content-type": "application/json"}
        return await line.tell("POST", path, headers, body.encode(), named=named)
