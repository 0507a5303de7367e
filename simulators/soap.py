"""The XML technique: a SOAP 1.1 service that takes requests in and is asked for the replies."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NoReturn
from xml.etree import ElementTree
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from fastapi import Request
from fastapi.responses import Response
from pydantic import JsonValue

from simulators.department import Round, SimulatedDepartment
from simulators.fault import broken
from simulators.journal import Received
from simulators.taking_in import deliver, replied, withdraw

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_SERVICE = "urn:liandong:department:1"
_MEDIA = "text/xml"
_FIELDS = {
    "requestId": "request_id",
    "round": "round",
    "idempotencyKey": "idempotency_key",
    "caseId": "case_id",
    "role": "role",
    "text": "text",
    "note": "note",
    "ruling": "ruling",
    "dispatchedAt": "dispatched_at",
    "dueAt": "due_at",
    "signDueAt": "sign_due_at",
    "urgent": "urgent",
}


async def answer(department: SimulatedDepartment, request: Request, entry: Received) -> Response:
    """One message in, one message out; the operation stands in the body, SOAPAction must agree with it."""
    try:
        message = _read(await request.body())
    except (ElementTree.ParseError, expat.ExpatError, _NoMessage):
        return replied(entry, _fault("Client", "not-understood"))
    operation = message.tag.removeprefix(f"{{{_SERVICE}}}")
    if request.headers.get("soapaction") != f'"{_SERVICE}#{operation}"':
        return replied(entry, _fault("Client", "wrong-action"))
    try:
        match operation:
            case "SubmitRequest":
                return await _submit(department, message, entry)
            case "QueryReplies":
                return await _query(department, message, entry)
            case "CancelRequest":
                return _cancel(department, message, entry)
    except (KeyError, ValueError):
        return replied(entry, _fault("Client", "incomplete"))
    return replied(entry, _fault("Client", "unknown-operation"))


class _NoMessage(Exception):
    """Well-formed perhaps, but no SOAP message; or a document type, which no message has."""


def _read(body: bytes) -> ElementTree.Element:
    """The one message in the body. ElementTree would expand what a document type declares, so none is let in."""
    guard = expat.ParserCreate()
    guard.StartDoctypeDeclHandler = _no_document_type
    guard.Parse(body, True)
    found = ElementTree.fromstring(body).find(f"{{{_SOAP}}}Body")
    if found is None or len(found) != 1:
        raise _NoMessage
    return found[0]


def _no_document_type(*_: object) -> NoReturn:
    raise _NoMessage


async def _submit(department: SimulatedDepartment, message: ElementTree.Element, entry: Received) -> Response:
    said = _texts(message)
    data: dict[str, JsonValue] = {name: said.get(tag) for tag, name in _FIELDS.items()}
    data["round"], data["urgent"] = int(said["round"]), said.get("urgent") == "true"
    data["note"] = said.get("note") or ""
    inside = message.find(f"{{{_SERVICE}}}fields")
    data["fields"] = {field.get("name", ""): field.text or "" for field in (inside if inside is not None else ())}
    plain = await deliver(department, entry, data, said["idempotencyKey"])
    if plain.status_code not in (200, 409) or entry.outcome not in ("200", "409"):
        return plain
    receipt = str(json.loads(bytes(plain.body))["receipt"])
    return replied(entry, _said("SubmitRequest", f"<receipt>{escape(receipt)}</receipt>"))


async def _query(department: SimulatedDepartment, message: ElementTree.Element, entry: Received) -> Response:
    entry.type = "poll"
    parts: list[str] = []
    for asked in message:
        request_id, number = asked.get("requestId", ""), asked.get("number", "")
        entry.request_id, entry.idempotency_key = request_id, f"{request_id}.r{number}"
        round_ = department.rounds.get(f"{request_id}.r{number}")
        if round_ is not None:
            round_.polls += 1
            fault = round_.behaviour.poll_fault
            if fault is not None and round_.polls <= round_.behaviour.faulty_polls:
                entry.outcome = fault.value
                return await broken(fault)
        parts.append(_round(request_id, number, round_))
    return replied(entry, _said("QueryReplies", "".join(parts)))


def _cancel(department: SimulatedDepartment, message: ElementTree.Element, entry: Received) -> Response:
    said = _texts(message)
    plain = withdraw(department, entry, said["requestId"], int(said["round"]))
    if plain.status_code == 404:
        return _fault("Client", "unknown-request")
    return _said("CancelRequest", "")


def _round(request_id: str, number: str, round_: Round | None) -> str:
    named = f"requestId={quoteattr(request_id)} number={quoteattr(number)}"
    if round_ is None:
        return f'<round {named} status="unknown"/>'
    found = round_.answer(datetime.now(UTC))
    if found is None:
        return f'<round {named} status="pending"/>'
    at, reply = found
    return f'<round {named} status="answered" answeredAt="{at.isoformat()}">{_written("reply", reply)}</round>'


def _written(name: str, value: JsonValue) -> str:
    if isinstance(value, list):
        return "".join(_written(name, one) for one in value)
    if isinstance(value, Mapping):
        return f"<{name}>{''.join(_written(key, one) for key, one in value.items())}</{name}>"
    return f"<{name}>{escape('' if value is None else str(value))}</{name}>"


def _texts(message: ElementTree.Element) -> dict[str, str]:
    return {child.tag.removeprefix(f"{{{_SERVICE}}}"): child.text or "" for child in message}


def _said(operation: str, inside: str) -> Response:
    return _envelope(f'<{operation}Response xmlns="{_SERVICE}">{inside}</{operation}Response>', 200)


def _fault(blamed: str, code: str) -> Response:
    inside = f"<faultcode>soap:{blamed}</faultcode><faultstring>as it says</faultstring>"
    detail = f'<detail><code xmlns="{_SERVICE}">{code}</code></detail>'
    return _envelope(f"<soap:Fault>{inside}{detail}</soap:Fault>", 500)


def _envelope(inside: str, status: int) -> Response:
    text = f'<soap:Envelope xmlns:soap="{_SOAP}"><soap:Body>{inside}</soap:Body></soap:Envelope>'
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>{text}', status_code=status, media_type=_MEDIA)
