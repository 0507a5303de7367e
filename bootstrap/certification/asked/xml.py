"""The XML technique, spoken as the product speaks it, and wrongly on purpose."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from adapters.department_xml import submitted
from adapters.http_client import HttpCall, HttpReply
from adapters.soap_message import (
    CONTENT_TYPE,
    Fault,
    NotUnderstood,
    action,
    envelope,
    part,
    read_body,
    read_reply,
    round_part,
    rounds_of,
)
from adapters.strict_xml import Element, MalformedXml, parse_xml
from bootstrap.certification.asked.heard import Credential, Heard, Kind, Together, Wire, by_status, http, unreadable
from bootstrap.certification.finding import said
from bootstrap.certification.request import Request

XML_TYPES = ("text/xml", "application/xml", "application/soap+xml")
_UNKNOWN = "unknown-request"
_LATER = '<later xmlns="urn:liandong:department:later"><nested>1</nested></later>'
_DECLARED = '<?xml version="1.0" encoding="UTF-8"?>'


@dataclass
class Xml:
    wire: Wire
    url: str

    async def deliver(self, request: Request, credential: Credential = Credential.RIGHT) -> Heard:
        return await self._submit(self._message(request), credential)

    async def ask(self, request: Request, credential: Credential = Credential.RIGHT) -> Heard:
        found = await self._say("QueryReplies", [round_part(request.request_id, request.number)], credential)
        if isinstance(found, Heard):
            return found
        heard = dict(_status(one) for one in rounds_of(found)).get(request.round)
        return heard or unreadable("应答遗漏了所问的轮次", "the answer leaves the round out")

    async def withdraw(self, request: Request, credential: Credential = Credential.RIGHT) -> Heard:
        parts = [part("requestId", request.request_id), part("round", request.number), part("reason", "联调测试结束")]
        found = await self._say("CancelRequest", parts, credential)
        return found if isinstance(found, Heard) else Heard(Kind.TAKEN, http(200))

    async def ask_together(self, requests: Sequence[Request], etag: str | None = None) -> Together:
        assert etag is None
        parts = [round_part(request.request_id, request.number) for request in requests]
        found = await self._say("QueryReplies", parts, Credential.RIGHT)
        if isinstance(found, Heard):
            return Together(200, unreadable=found.seen)
        return Together(200, dict(_status(one) for one in rounds_of(found)))

    async def deliver_spoilt(self, request: Request) -> Mapping[str, Heard]:
        whole = self._message(request)
        bodies = {
            "<a": b"<a",
            "no envelope": b"<SubmitRequest/>",
            "no SubmitRequest": envelope("DropRequest", []),
            "no idempotencyKey": whole.replace(b"idempotencyKey>", b"somethingElse>"),
        }
        return {name: await self._submit(body, Credential.RIGHT) for name, body in bodies.items()}

    async def deliver_declared(self, request: Request) -> Mapping[str, Heard]:
        """Messages with a document type, which a careless parser expands or fetches."""
        plain = self._message(request).decode().removeprefix(_DECLARED)
        types = {
            "<!ENTITY>": '<!DOCTYPE x [<!ENTITY e "expanded">]>',
            "<!ENTITY SYSTEM>": '<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:9/e">]>',
            "<!DOCTYPE>": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
        }
        heard = {}
        for name, declared in types.items():
            body = plain.replace("</text>", "&e;</text>") if "ENTITY" in declared else plain
            heard[name] = await self._submit(f"{_DECLARED}{declared}{body}".encode(), Credential.RIGHT)
        return heard

    def _message(self, request: Request) -> bytes:
        return envelope("SubmitRequest", [*submitted(request.dispatched()), *([_LATER] if request.extra else [])])

    async def _submit(self, body: bytes, credential: Credential) -> Heard:
        reply = await self._post("SubmitRequest", body, credential)
        found = _read(reply, "SubmitRequest")
        if isinstance(found, Heard):
            return found
        receipt = found.text_of("receipt") or ""
        if not 1 <= len(receipt) <= 200 or not receipt.isprintable():
            return unreadable("应答中没有 receipt", "no receipt in the answer")
        return Heard(Kind.TAKEN, http(reply.status), receipt=receipt)

    async def _say(self, operation: str, parts: Iterable[str], credential: Credential) -> Element | Heard:
        return _read(await self._post(operation, envelope(operation, parts), credential), operation)

    async def _post(self, operation: str, body: bytes, credential: Credential) -> HttpReply:
        headers = {"content-type": CONTENT_TYPE, "accept": "text/xml", "soapaction": action(operation)}
        return await self.wire.send(operation, HttpCall("POST", self.url, headers, body), credential)


def _read(reply: HttpReply, operation: str) -> Element | Heard:
    """The answer to an operation, or what stands in its place."""
    faulty = reply.status == 500
    if not 200 <= reply.status < 300 and not faulty:
        return Heard(by_status(reply.status), http(reply.status))
    try:
        found = read_body(parse_xml(reply.body), operation)
    except (MalformedXml, NotUnderstood) as error:
        if faulty:
            return Heard(Kind.BUSY, said("HTTP 500，不是 SOAP 故障", "HTTP 500 without a SOAP fault"))
        return unreadable(f"应答无法读懂（{error}）", f"the answer cannot be read ({error})")
    return _fault(found) if isinstance(found, Fault) else found


def _fault(fault: Fault) -> Heard:
    if fault.client and fault.code == _UNKNOWN:
        return Heard(Kind.UNKNOWN, said("故障 unknown-request", "the fault unknown-request"))
    if fault.client:
        return Heard(Kind.REFUSED, said("soap:Client 故障", "a fault with soap:Client"))
    return Heard(Kind.BUSY, said("非 soap:Client 的故障", "a fault that does not blame soap:Client"))


def _status(element: Element) -> tuple[str, Heard]:
    attributes, reply = element.attributes, element.child("reply")
    key = f"{attributes.get('requestId')}.r{attributes.get('number')}"
    status = attributes.get("status", "")[:60]
    if status == "pending":
        return key, Heard(Kind.PENDING, said("pending", "pending"))
    if status == "unknown":
        return key, Heard(Kind.UNKNOWN, said("unknown", "unknown"))
    if status == "answered" and reply is not None:
        try:
            stated: JsonValue = read_reply(reply)
        except NotUnderstood as error:
            return key, unreadable(f"reply 无法读懂（{error}）", f"the reply cannot be read ({error})")
        return key, Heard(Kind.ANSWERED, said("answered", "answered"), reply=stated)
    return key, unreadable(
        f"status 为 “{status}”，既非 pending、unknown，也非带 reply 的 answered",
        f'status "{status}": neither pending, unknown nor answered with a reply',
    )
