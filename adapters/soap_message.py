"""SOAP 1.1 messages to and from departments' XML systems: written by hand, read strictly."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from pydantic import JsonValue

from adapters.strict_xml import Element

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
SERVICE = "urn:liandong:department:1"
CONTENT_TYPE = "text/xml; charset=utf-8"
_LISTS = frozenset({"materials", "deferred", "channels"})
"""Parts of a reply that may stand several times; everything else stands once."""


class NotUnderstood(ValueError):
    """Well-formed, but not what this service says."""


@dataclass(frozen=True)
class Fault:
    """A SOAP fault; `client` blames our message, everything else the system itself."""

    client: bool
    code: str


def action(operation: str) -> str:
    return f'"{SERVICE}#{operation}"'


def envelope(operation: str, parts: Iterable[str]) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soap:Envelope xmlns:soap="{ENVELOPE}"><soap:Body><{operation} xmlns="{SERVICE}">'
        f"{''.join(parts)}</{operation}></soap:Body></soap:Envelope>"
    ).encode()


def part(name: str, value: object) -> str:
    """Nothing for None. What XML 1.0 cannot carry is replaced, so that one sign does not stop a request."""
    if value is None:
        return ""
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return f"<{name}>{escape(_carried(text))}</{name}>"


def fields(values: dict[str, str]) -> str:
    inside = "".join(
        f"<field name={quoteattr(_carried(name))}>{escape(_carried(text))}</field>" for name, text in values.items()
    )
    return f"<fields>{inside}</fields>"


def round_part(request_id: str, number: int) -> str:
    return f'<round requestId={quoteattr(request_id)} number="{number}"/>'


def read_body(root: Element, operation: str) -> Element | Fault:
    """The answer to `operation`. Raises NotUnderstood."""
    if (root.namespace, root.name) != (ENVELOPE, "Envelope"):
        raise NotUnderstood("no SOAP 1.1 envelope")
    bodies = [child for child in root.children if (child.namespace, child.name) == (ENVELOPE, "Body")]
    if len(bodies) != 1 or len(bodies[0].children) != 1:
        raise NotUnderstood("no body with one message")
    message = bodies[0].children[0]
    if (message.namespace, message.name) == (ENVELOPE, "Fault"):
        blamed = (message.text_of("faultcode") or "").rpartition(":")[2]
        detail = message.child("detail")
        code = (detail.text_of("code") if detail else None) or ""
        return Fault(client=blamed == "Client", code=code)
    if (message.namespace, message.name) != (SERVICE, f"{operation}Response"):
        raise NotUnderstood("the answer to another message")
    return message


def read_reply(element: Element) -> JsonValue:
    """A department's reply as the value that every technique hands on; judged later, like all replies."""
    if not element.children:
        return element.text.strip()
    found: dict[str, JsonValue] = {}
    for child in element.children:
        value = read_reply(child)
        if child.name in _LISTS:
            known = found.setdefault(child.name, [])
            assert isinstance(known, list)
            known.append(value)
        elif child.name in found:
            raise NotUnderstood("a reply names a part twice")
        else:
            found[child.name] = value
    return found


def rounds_of(message: Element) -> Sequence[Element]:
    return [child for child in message.children if child.name == "round"]


def _carried(text: str) -> str:
    return "".join(sign if _legal(ord(sign)) else "\ufffd" for sign in text)


def _legal(code: int) -> bool:
    if code < 0x20:
        return code in (0x9, 0xA, 0xD)
    return not 0xD800 <= code <= 0xDFFF and code not in (0xFFFE, 0xFFFF)
