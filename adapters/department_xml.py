"""Departments with a SOAP service in a network of their own: we dial in to them, they never dial out."""

from collections.abc import Collection, Mapping, Sequence

from pydantic import JsonValue

from adapters import callback
from adapters.department_line import DepartmentLine, DepartmentLines, Named
from adapters.department_message import dispatched
from adapters.department_reply import Stated, check_receipt, fail, succeeded
from adapters.http_client import HttpReply
from adapters.kept_answers import KeptAnswers
from adapters.kept_exchange import Spoken
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
from domain.department_failure import DepartmentRefusal, DepartmentUnavailable
from domain.dispatch import Dispatch, Receipt, RoundRef, Withdrawal
from domain.ids import round_id
from domain.inbox import DepartmentMessage
from domain.ports import TimeSource
from domain.proof import Proof
from domain.reply import PolledReply

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
        self._answers = KeptAnswers()
        self._polls = SharedPolls(time, together=self._replies, single=self._reply)

    async def deliver(self, dispatch: Dispatch) -> Receipt:
        line = await self._lines.line(dispatch.department.code)
        parts = submitted(dispatched(dispatch))
        with line.attempt():
            named = Named(dispatch.idempotency_key, dispatch.idempotency_key)
            message, spoken = await self._say(line, "SubmitRequest", parts, named=named)
            receipt = check_receipt(message.text_of("receipt"))
            return Receipt(delivered_at=self._time.now(), receipt=receipt, proof=line.proof(spoken))

    async def poll(self, ref: RoundRef) -> PolledReply | None:
        return await self._polls.poll(ref)

    async def withdraw(self, withdrawal: Withdrawal) -> Proof | None:
        line = await self._lines.line(withdrawal.department.code)
        parts = [
            part("requestId", withdrawal.request_id),
            part("round", withdrawal.round),
            part("reason", withdrawal.reason),
        ]
        with line.attempt():
            named = Named(withdrawal.message_id, round_id(withdrawal.request_id, withdrawal.round))
            _, spoken = await self._say(line, "CancelRequest", parts, named=named, fine=(_UNKNOWN,))
            return line.proof(spoken)

    def parse_callback(self, department: str, headers: Mapping[str, str], body: bytes) -> DepartmentMessage:
        """Always refused as unsigned, unless the department was given a webhook secret to move over with."""
        return callback.receive(self._lines.secrets.of(department).accepted_secrets, headers, body)

    async def _reply(self, ref: RoundRef) -> PolledReply | None:
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

    async def _ask(self, refs: Sequence[RoundRef]) -> Mapping[str, Polled]:
        line = await self._lines.line(refs[0].department.code)
        rounds = [round_part(ref.request_id, ref.round) for ref in refs]
        asked = sorted(round_id(ref.request_id, ref.round) for ref in refs)
        async with self._answers.reading(line, asked):
            with line.attempt():
                message, spoken = await self._say(line, "QueryReplies", rounds, ask_again=_ASK_AGAIN)
                found = dict(_status(element) for element in rounds_of(message))
                if not found.keys() >= set(asked):
                    raise _Malformed("not-understood: the answer leaves a round out")
        return await self._answers.keep(line, spoken, {key: found[key] for key in asked})

    async def _say(
        self,
        line: DepartmentLine,
        operation: str,
        parts: Sequence[str],
        *,
        named: Named | None = None,
        fine: Collection[str] = (),
        ask_again: Collection[int] = (),
    ) -> tuple[Element, Spoken]:
        """`named`: a message of ours; None for questions."""
        authorization = line.secret.authorization
        if authorization is None:
            raise DepartmentUnavailable("secret: no bearer token for this department")
        headers = {
            "authorization": authorization,
            "content-type": CONTENT_TYPE,
            "accept": "text/xml",
            "soapaction": action(operation),
        }
        spoken = await self._exchange(line, headers, envelope(operation, parts), named)
        reply, proof = spoken.reply, line.proof(spoken) if named else None
        if not succeeded(reply) and not (reply.status == _FAULT_STATUS and _is_xml(reply)):
            fail(reply, self._time.now(), proof=proof, **({"try_again": ask_again} if ask_again else {}))
        found = _read(reply, operation)
        if isinstance(found, Element):
            return found, spoken
        if found.code in fine:
            return Element("", operation, {}), spoken
        if found.client:
            raise DepartmentRefusal("soap-client: the system will not take this message", proof=proof)
        raise DepartmentUnavailable("soap-server: the system cannot do this now")

    async def _exchange(
        self, line: DepartmentLine, headers: Mapping[str, str], content: bytes, named: Named | None
    ) -> Spoken:
        if named is None:
            return await line.ask("POST", "", headers, content)
        return await line.tell("POST", "", headers, content, named=named)


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


def _status(element: Element) -> tuple[str, Stated]:
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
