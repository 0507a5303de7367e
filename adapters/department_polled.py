"""Departments that keep our request and are asked for the answer; they never call us."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from pydantic import JsonValue

from adapters import callback
from adapters.department_line import DepartmentLine, DepartmentLines
from adapters.department_message import dispatched, written
from adapters.department_reply import fail, read_poll, read_polls, read_receipt, succeeded
from adapters.http_client import HttpReply
from adapters.shared_poll import CannotAskTogether, Polled, SharedPolls
from domain.dispatch import Dispatch, Receipt, RoundRef, Withdrawal
from domain.ids import round_id
from domain.inbox import DepartmentMessage
from domain.ports import DepartmentUnavailable, TimeSource

_NOT_MODIFIED = 304
_NO_SUCH_QUESTION = (400, 404, 405, 410, 414, 422, 501)
_ALONE_SECONDS = 3600.0
_LONGEST_ETAG = 200
_ALREADY_TAKEN = 409
_NOTHING_TO_WITHDRAW = (404, 409, 410)
_ASK_AGAIN = (401, 403, 404, 408, 409, 425, 429)
"""A replaced token or a restored backup must not end a round that the department already has."""


@dataclass(frozen=True)
class _Said:
    """The last answer of a system that names its answers."""

    wanted: list[str]
    etag: str
    found: Mapping[str, Polled]


class PolledDepartment:
    def __init__(self, lines: DepartmentLines, time: TimeSource) -> None:
        self._lines = lines
        self._time = time
        self._polls = SharedPolls(time, together=self._replies, single=self._reply)
        self._said: dict[str, _Said] = {}

    async def deliver(self, dispatch: Dispatch) -> Receipt:
        line = await self._lines.line(dispatch.department.code)
        with line.attempt():
            message = written("request.dispatched", self._time.now(), dispatched(dispatch))
            reply = await _send(line, "PUT", _path(dispatch.request_id, dispatch.round), message)
            if not succeeded(reply, also=(_ALREADY_TAKEN,)):
                fail(reply, self._time.now())
            return Receipt(delivered_at=self._time.now(), receipt=read_receipt(reply))

    async def poll(self, ref: RoundRef) -> JsonValue | None:
        return await self._polls.poll(ref)

    async def _reply(self, ref: RoundRef) -> JsonValue | None:
        line = await self._lines.line(ref.department.code)
        with line.attempt():
            reply = await _send(line, "GET", _path(ref.request_id, ref.round), None)
            if not succeeded(reply):
                fail(reply, self._time.now(), try_again=_ASK_AGAIN)
            return read_poll(reply)

    async def withdraw(self, withdrawal: Withdrawal) -> None:
        line = await self._lines.line(withdrawal.department.code)
        with line.attempt():
            reply = await _send(line, "DELETE", _path(withdrawal.request_id, withdrawal.round), None)
            if not succeeded(reply, also=_NOTHING_TO_WITHDRAW):
                fail(reply, self._time.now())

    async def _replies(self, refs: Sequence[RoundRef]) -> Mapping[str, Polled]:
        """One question for many rounds. A system that says the same as before may say so in one line (ETag)."""
        line = await self._lines.line(refs[0].department.code)
        wanted = sorted(round_id(ref.request_id, ref.round) for ref in refs)
        said = self._said.get(line.code)
        known = said if said is not None and said.wanted == wanted else None
        with line.attempt():
            headers = {"if-none-match": known.etag} if known is not None else {}
            reply = await _send(line, "GET", "/requests", None, headers=headers, query={"rounds": ",".join(wanted)})
            if reply.status == _NOT_MODIFIED and known is not None:
                return known.found
            if reply.status in _NO_SUCH_QUESTION:
                raise CannotAskTogether("the system answers one question at a time", seconds=_ALONE_SECONDS)
            if not succeeded(reply):
                fail(reply, self._time.now(), try_again=_ASK_AGAIN)
        try:
            found = read_polls(reply, wanted)
        except DepartmentUnavailable as error:
            # One poisoned reply must not hold up the others
            raise CannotAskTogether(str(error)) from None
        etag = reply.headers.get("etag")
        if etag and len(etag) <= _LONGEST_ETAG and etag.isascii() and etag.isprintable():
            self._said[line.code] = _Said(wanted, etag, found)
        return found

    def parse_callback(self, department: str, headers: Mapping[str, str], body: bytes) -> DepartmentMessage:
        """Always refused as unsigned, unless the department was given a webhook secret to move over with."""
        return callback.receive(self._lines.secrets.of(department).accepted_secrets, headers, body)


def _path(request_id: str, round_number: int) -> str:
    return f"/requests/{quote(request_id, safe='')}/rounds/{round_number}"


async def _send(
    line: DepartmentLine,
    method: str,
    path: str,
    message: str | None,
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> HttpReply:
    authorization = line.secret.authorization
    if authorization is None:
        raise DepartmentUnavailable("secret: no bearer token for this department")
    sent = {"authorization": authorization, **(headers or {})}
    if message is None:
        return await line.send(method, path, sent, None, query=query)
    return await line.send(method, path, sent | {"content-type": "application/json"}, message.encode())
