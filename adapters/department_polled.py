"""Departments that keep our request and are asked for the answer; they never call us."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from adapters import callback
from adapters.department_line import DepartmentLine, DepartmentLines, Named
from adapters.department_message import dispatched, written
from adapters.department_reply import fail, read_poll, read_polls, read_receipt, succeeded
from adapters.kept_answers import KeptAnswers
from adapters.shared_poll import CannotAskTogether, Polled, SharedPolls
from domain.department_failure import DepartmentUnavailable
from domain.dispatch import Dispatch, Receipt, RoundRef, Withdrawal
from domain.ids import round_id
from domain.inbox import DepartmentMessage
from domain.ports import TimeSource
from domain.proof import Proof
from domain.reply import PolledReply

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
        self._answers = KeptAnswers()
        self._said: dict[str, _Said] = {}

    async def deliver(self, dispatch: Dispatch) -> Receipt:
        line = await self._lines.line(dispatch.department.code)
        with line.attempt():
            message = written("request.dispatched", self._time.now(), dispatched(dispatch))
            headers = _authorized(line) | {"content-type": "application/json"}
            named = Named(dispatch.idempotency_key, dispatch.idempotency_key)
            path = _path(dispatch.request_id, dispatch.round)
            spoken = await line.tell("PUT", path, headers, message.encode(), named=named)
            proof = line.proof(spoken)
            if not succeeded(spoken.reply, also=(_ALREADY_TAKEN,)):
                fail(spoken.reply, self._time.now(), proof=proof)
            return Receipt(delivered_at=self._time.now(), receipt=read_receipt(spoken.reply), proof=proof)

    async def poll(self, ref: RoundRef) -> PolledReply | None:
        return await self._polls.poll(ref)

    async def _reply(self, ref: RoundRef) -> PolledReply | None:
        line = await self._lines.line(ref.department.code)
        key = round_id(ref.request_id, ref.round)
        async with self._answers.reading(line, [key]):
            with line.attempt():
                spoken = await line.ask("GET", _path(ref.request_id, ref.round), _authorized(line), None)
                if not succeeded(spoken.reply):
                    fail(spoken.reply, self._time.now(), try_again=_ASK_AGAIN)
                stated = read_poll(spoken.reply)
        return await self._answers.keep_one(line, spoken, key, stated)

    async def withdraw(self, withdrawal: Withdrawal) -> Proof | None:
        line = await self._lines.line(withdrawal.department.code)
        named = Named(withdrawal.message_id, round_id(withdrawal.request_id, withdrawal.round))
        with line.attempt():
            path = _path(withdrawal.request_id, withdrawal.round)
            spoken = await line.tell("DELETE", path, _authorized(line), None, named=named)
            if not succeeded(spoken.reply, also=_NOTHING_TO_WITHDRAW):
                fail(spoken.reply, self._time.now(), proof=line.proof(spoken))
            return line.proof(spoken)

    async def _replies(self, refs: Sequence[RoundRef]) -> Mapping[str, Polled]:
        """One question for many rounds. A system that says the same as before may say so in one line (ETag)."""
        line = await self._lines.line(refs[0].department.code)
        wanted = sorted(round_id(ref.request_id, ref.round) for ref in refs)
        said = self._said.get(line.code)
        known = said if said is not None and said.wanted == wanted else None
        with line.attempt():
            headers = _authorized(line) | ({"if-none-match": known.etag} if known is not None else {})
            spoken = await line.ask("GET", "/requests", headers, None, query={"rounds": ",".join(wanted)})
            reply = spoken.reply
            if reply.status == _NOT_MODIFIED and known is not None:
                return known.found
            if reply.status in _NO_SUCH_QUESTION:
                raise CannotAskTogether("the system answers one question at a time", seconds=_ALONE_SECONDS)
            if not succeeded(reply):
                fail(reply, self._time.now(), try_again=_ASK_AGAIN)
        try:
            async with self._answers.reading(line, wanted):
                stated = read_polls(reply, wanted)
        except DepartmentUnavailable as error:
            # One poisoned reply must not hold up the others
            raise CannotAskTogether(str(error)) from None
        found = await self._answers.keep(line, spoken, stated)
        etag = reply.headers.get("etag")
        if etag and len(etag) <= _LONGEST_ETAG and etag.isascii() and etag.isprintable():
            self._said[line.code] = _Said(wanted, etag, found)
        return found

    def parse_callback(self, department: str, headers: Mapping[str, str], body: bytes) -> DepartmentMessage:
        """Always refused as unsigned, unless the department was given a webhook secret to move over with."""
        return callback.receive(self._lines.secrets.of(department).accepted_secrets, headers, body)


def _path(request_id: str, round_number: int) -> str:
    return f"/requests/{quote(request_id, safe='')}/rounds/{round_number}"


def _authorized(line: DepartmentLine) -> dict[str, str]:
    authorization = line.secret.authorization
    if authorization is None:
        raise DepartmentUnavailable("secret: no bearer token for this department")
    return {"authorization": authorization}
