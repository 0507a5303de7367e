"""Departments that take a signed JSON message and call back."""

from collections.abc import Mapping

from pydantic import JsonValue

from adapters import callback
from adapters.department_line import DepartmentLine, DepartmentLines
from adapters.department_message import dispatched, withdrawn, written
from adapters.department_reply import fail, read_receipt, succeeded
from adapters.http_client import HttpReply
from adapters.webhook_signature import sign
from domain.dispatch import Dispatch, Receipt, RoundRef, Withdrawal
from domain.ids import round_id
from domain.inbox import DepartmentMessage
from domain.ports import DepartmentUnavailable, TimeSource

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
            reply = await self._post(line, "/requests", dispatch.idempotency_key, ("request.dispatched", data))
            if not succeeded(reply, also=(_ALREADY_TAKEN,)):
                fail(reply, self._time.now())
            return Receipt(delivered_at=self._time.now(), receipt=read_receipt(reply))

    async def poll(self, ref: RoundRef) -> JsonValue | None:
        raise TypeError(f"{ref.department.code} calls back and is never polled")

    async def withdraw(self, withdrawal: Withdrawal) -> None:
        line = await self._lines.line(withdrawal.department.code)
        key = f"{round_id(withdrawal.request_id, withdrawal.round)}.withdrawn"
        with line.attempt():
            message = ("request.withdrawn", withdrawn(withdrawal))
            reply = await self._post(line, "/requests/withdrawn", key, message)
            if not succeeded(reply, also=_NOTHING_TO_WITHDRAW):
                fail(reply, self._time.now())

    def parse_callback(self, department: str, headers: Mapping[str, str], body: bytes) -> DepartmentMessage:
        return callback.receive(self._lines.secrets.of(department).accepted_secrets, headers, body)

    async def _post(
        self, line: DepartmentLine, path: str, message_id: str, message: tuple[str, dict[str, JsonValue]]
    ) -> HttpReply:
        secrets = line.secret.signing_secrets
        if not secrets:
            raise DepartmentUnavailable("secret: no webhook secret for this department")
        kind, data = message
        now = self._time.now()
        body = written(kind, now, data)
        headers = sign(secrets, message_id, now, body) | {"content-type": "application/json"}
        return await line.send("POST", path, headers, body.encode())
