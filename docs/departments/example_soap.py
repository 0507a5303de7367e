"""A department with a SOAP service, as small as it can be. Nothing of the engine is needed to run it.

TOKEN=… uvicorn example_soap:app --port 9000     (needs fastapi and uvicorn)
liandong certify http://127.0.0.1:9000 --technique xml --secret …
"""

import hmac
import os
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from fastapi import FastAPI, HTTPException, Request, Response

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SERVICE = "urn:liandong:department:1"
app = FastAPI()
rounds: dict[str, dict[str, Any]] = {}  # a real department keeps them in its database


class Refused(Exception):
    """Blames the message: it will never be taken."""


@app.post("/")
async def service(request: Request) -> Response:
    shown = request.headers.get("authorization", "").encode()
    if not hmac.compare_digest(shown, f"Bearer {os.environ['TOKEN']}".encode()):
        raise HTTPException(401)
    try:
        message = read(await request.body())
        said = {"SubmitRequest": submit, "QueryReplies": query, "CancelRequest": cancel}[local(message)](message)
    except (Refused, LookupError, ValueError, expat.ExpatError) as error:
        code = str(error) if isinstance(error, Refused) else "not-understood"
        blamed = "<faultcode>soap:Client</faultcode><faultstring>refused</faultstring>"
        return envelope(f'<soap:Fault>{blamed}<detail><code xmlns="{SERVICE}">{code}</code></detail></soap:Fault>', 500)
    return envelope(f'<{local(message)}Response xmlns="{SERVICE}">{said}</{local(message)}Response>', 200)


def submit(message: ElementTree.Element) -> str:
    """The same key again gets the first receipt and starts nothing new."""
    key, asked = text(message, "idempotencyKey"), text(message, "text")
    round_ = rounds.setdefault(key, {"receipt": f"A-{len(rounds) + 1:06d}", "asked": asked, "reply": ""})
    return f"<receipt>{escape(round_['receipt'])}</receipt>"


def query(message: ElementTree.Element) -> str:
    return "".join(told(one.get("requestId", ""), one.get("number", "")) for one in message)


def told(request_id: str, number: str) -> str:
    """Pending until somebody has decided; from then on always the same answer."""
    named = f"requestId={quoteattr(request_id)} number={quoteattr(number)}"
    round_ = rounds.get(f"{request_id}.r{number}")
    if round_ is None:
        return f'<round {named} status="unknown"/>'
    if not round_["reply"]:
        round_["reply"] = "<code>ACCEPTED</code><note>已办理</note>"  # here a person decides, later
        return f'<round {named} status="pending"/>'
    return f'<round {named} status="answered"><reply>{round_["reply"]}</reply></round>'


def cancel(message: ElementTree.Element) -> str:
    if f"{text(message, 'requestId')}.r{text(message, 'round')}" not in rounds:
        raise Refused("unknown-request")
    return ""


def read(body: bytes) -> ElementTree.Element:
    """The one message in the envelope. A document type is refused before anything of it is expanded or fetched."""

    def refuse(*_: object) -> None:
        raise Refused("document-type")

    guard = expat.ParserCreate()
    guard.StartDoctypeDeclHandler = refuse
    guard.Parse(body, True)
    found = ElementTree.fromstring(body).find(f"{{{SOAP}}}Body")
    if found is None or len(found) != 1:
        raise Refused("no-message")
    return found[0]


def local(message: ElementTree.Element) -> str:
    return message.tag.removeprefix(f"{{{SERVICE}}}")


def text(message: ElementTree.Element, name: str) -> str:
    found = message.find(f"{{{SERVICE}}}{name}")
    if found is None:
        raise Refused("incomplete")
    return found.text or ""


def envelope(inside: str, status: int) -> Response:
    whole = f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Body>{inside}</soap:Body></soap:Envelope>'
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>{whole}', status, media_type="text/xml")
