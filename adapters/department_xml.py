"""Departments with a SOAP service in a network of their own: we dial in to them, they never dial out."""

from collections.abc import Collection, Mapping, Sequence

from pydantic import JsonValue

from adapters import callback
from adapters.department_line import DepartmentLine, DepartmentLines
from adapters.department_message import dispatched
from adapters.department_reply import check_receipt, fail, succeeded
from adapters.http_client import HttpReply
from adapters.shared_poll import CannotAskTogether, Polled, SharedPolls
from adapters.soap_message import (
    CONTENT_TYPE,
    Fault,
    NotUnderstood,
    action,
    envelope,
    fields,
    part,
    read_body,
    read_reply,
    round_part,
    rounds_of,
)
from adapters.strict_xml import Element, MalformedXml, parse_xml
from domain.dispatch import Dispatch, Receipt, RoundRef, Withdrawal
from domain.ids import round_id
from domain.inbox import DepartmentMessage
from domain.ports import DepartmentRefusal, DepartmentUnavailable, TimeSource

_NAMES = {
    "request_id": "requestId",
    "round": "round",
    "idempotency_key": "idempotencyKey",
    "case_id": "caseId",
    "role": "role",
    "text": "text",
    "note": "note",
    "ruling": "ruling",
    "dispatched_at": "dispatchedAt",
    "due_at": "dueAt",
    "sign_due_at": "signDueAt",
    "urgent": "urgent",
}
_UNKNOWN = "unknown-request"
_ASK_AGAIN = (401, 403, 404, 408, 409, 425, 429)
_FAULT_STATUS = 500
_XML_TYPES = frozenset({"text/xml", "application/xml", "application/soap+xml"})


class XmlDepartment:
    """One question for all open rounds: the system is asked in batches, at the pace of the most urgent one."""

    def __init__(self, lines: DepartmentLines, time: TimeSource) -> None:
        self._lines = lines
        self._time = time
        self._polls = SharedPolls(time, together=self._replies, single=self._reply)

    async def deliver(self, dispatch: Dispatch) -> Receipt:
        line = await self._lines.line(dispatch.department.code)
        parts = submitted(dispatched(dispatch))
        with line.attempt():
            message = await self._say(line, "SubmitRequest", parts, kept_as=dispatch.idempotency_key)
            receipt = check_receipt(message.text_of("receipt"))
            return Receipt(delivered_at=self._time.now(), receipt=receipt)

    async def poll(self, ref: RoundRef) -> JsonValue | None:
        return await self._polls.poll(ref)

    async def withdraw(self, withdrawal: Withdrawal) -> None:
        line = await self._lines.line(withdrawal.department.code)
        parts = [
            part("requestId", withdrawal.request_id),
            part("round", withdrawal.round),
            part("reason", withdrawal.reason),
        ]
        with line.attempt():
            key = f"{round_id(withdrawal.request_id, withdrawal.round)}.withdrawn"
            await self._say(line, "CancelRequest", parts, kept_as=key, fine=(_UNKNOWN,))

    def parse_callback(self, department: str, headers: Mapping[str, str], body: bytes) -> DepartmentMessage:
        """Always refused as unsigned, unless the department was given a webhook secret to move over with."""
        return callback.receive(self._lines.secrets.of(department).accepted_secrets, headers, body)

    async def _reply(self, ref: RoundRef) -> JsonValue | None:
        found = (await self._ask([ref]))[round_id(ref.request_id, ref.round)]
        if isinstance(found, DepartmentUnavailable):
            raise found
        return found

    async def _replies(self, refs: Sequence[RoundRef]) -> Mapping[str, Polled]:
        try:
            return await self._ask(refs)
        except (_Malformed, DepartmentRefusal) as error:
            # One poisoned reply must not hold up the others
            raise CannotAskTogether(str(error)) from None

    async def _ask(self, refs: Sequence[RoundRef]) -> dict[str, Polled]:
        line = await self._lines.line(refs[0].department.code)
        rounds = [round_part(ref.request_id, ref.round) for ref in refs]
        with line.attempt():
            message = await self._say(line, "QueryReplies", rounds, ask_again=_ASK_AGAIN)
            asked = {round_id(ref.request_id, ref.round) for ref in refs}
            found = dict(_status(element) for element in rounds_of(message))
            if not asked <= found.keys():
                raise _Malformed("not-understood: the answer leaves a round out")
            return {key: found[key] for key in asked}

    async def _say(
        self,
        line: DepartmentLine,
        operation: str,
        parts: Sequence[str],
        *,
        kept_as: str = "",
        fine: Collection[str] = (),
        ask_again: Collection[int] = (),
    ) -> Element:
        """`kept_as`: id in the outbox; empty for questions."""
        authorization = line.secret.authorization
        if authorization is None:
            raise DepartmentUnavailable("secret: no bearer token for this department")
        headers = {
            "authorization": authorization,
            "content-type": CONTENT_TYPE,
            "accept": "text/xml",
            "soapaction": action(operation),
        }
        reply = await line.send("POST", "", headers, envelope(operation, parts), kept_as=kept_as)
        if not succeeded(reply) and not (reply.status == _FAULT_STATUS and _is_xml(reply)):
            fail(reply, self._time.now(), **({"try_again": ask_again} if ask_again else {}))
        found = _read(reply, operation)
        if isinstance(found, Element):
            return found
        if found.code in fine:
            return Element("", operation, {})
        if found.client:
            raise DepartmentRefusal("soap-client: the system will not take this message")
        raise DepartmentUnavailable("soap-server: the system cannot do this now")


def submitted(data: Mapping[str, JsonValue]) -> list[str]:
    """The parts of SubmitRequest."""
    inside = data["fields"]
    assert isinstance(inside, dict)
    parts = [part(name, data[key]) for key, name in _NAMES.items()]
    return [*parts, fields({name: str(text) for name, text in inside.items()})]


class _Malformed(DepartmentUnavailable):
    """The system answered, but nobody can read it."""


def _read(reply: HttpReply, operation: str) -> Element | Fault:
    if not reply.body:
        raise _Malformed("empty: success without a body")
    if not _is_xml(reply):
        raise _Malformed("content-type: success, but no XML")
    try:
        return read_body(parse_xml(reply.body), operation)
    except MalformedXml as error:
        raise _Malformed(f"malformed-xml: {error}") from None
    except NotUnderstood as error:
        raise _Malformed(f"not-understood: {error}") from None


def _status(element: Element) -> tuple[str, Polled]:
    attributes = element.attributes
    key = f"{attributes.get('requestId')}.r{attributes.get('number')}"
    stated = element.child("reply")
    match attributes.get("status"):
        case "pending":
            return key, None
        case "answered" if stated is not None:
            try:
                return key, read_reply(stated)
            except NotUnderstood as error:
                return key, _Malformed(f"not-understood: {error}")
        case "unknown":
            return key, DepartmentUnavailable("unknown-round: the system does not know a round that it took in")
    return key, _Malformed("not-understood: neither pending nor answered with a reply")


def _is_xml(reply: HttpReply) -> bool:
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in _XML_TYPES
