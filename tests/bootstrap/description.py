"""Holds messages against the published descriptions: as much of XML Schema and OpenAPI as those use."""

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import jsonschema_rs

from tests.bootstrap.conversation import Exchange

_XS = "{http://www.w3.org/2001/XMLSchema}"
_PRIMITIVE = {
    "xs:string": r"[\s\S]*",
    "xs:boolean": r"true|false|1|0",
    "xs:positiveInteger": r"\+?0*[1-9]\d*",
    "xs:date": r"\d{4}-\d\d-\d\d",
    "xs:dateTime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
}


def body_of(raw: str) -> str:
    return raw.partition("\n\n")[2]


class Xsd:
    """Raises AssertionError, naming what is wrong, for an element that the schema does not allow."""

    def __init__(self, text: str) -> None:
        self._schema = ElementTree.fromstring(text)
        self._space = self._schema.get("targetNamespace", "")
        self._types = {one.get("name", ""): one for one in self._schema if one.tag.endswith("Type")}

    def check(self, envelope: str) -> str:
        """The local name of the one message in an envelope; of a fault, that of its detail."""
        message = ElementTree.fromstring(envelope)[0][0]
        detail = message.find("detail")
        message = message if detail is None else detail[0]
        name = message.tag.removeprefix(f"{{{self._space}}}")
        declared = [one for one in self._schema.findall(f"{_XS}element") if one.get("name") == name]
        assert declared, f"{name} is not declared"
        self._element(message, declared[0])
        return name

    def _element(self, found: ElementTree.Element, declared: ElementTree.Element) -> None:
        inline = declared.find(f"{_XS}complexType")
        if inline is not None:
            self._complex(found, inline)
            return
        kind = declared.get("type", "")
        named = self._types.get(kind.removeprefix("l:"))
        if named is not None and named.tag == f"{_XS}complexType":
            self._complex(found, named)
        else:
            assert len(found) == 0, f"{found.tag} has parts"
            self._simple(found.text or "", kind)

    def _complex(self, found: ElementTree.Element, kind: ElementTree.Element) -> None:
        extension = kind.find(f"{_XS}simpleContent/{_XS}extension")
        holder = kind if extension is None else extension
        if extension is not None:
            self._simple(found.text or "", extension.get("base", ""))
        allowed = {one.get("name", ""): one for one in holder.findall(f"{_XS}attribute")}
        assert found.attrib.keys() <= allowed.keys(), f"attributes {found.attrib}"
        for name, one in allowed.items():
            assert name in found.attrib or one.get("use") != "required", f"{name} is missing"
            if name in found.attrib:
                self._simple(found.get(name, ""), one.get("type", ""))
        self._sequence(list(found), list(kind.find(f"{_XS}sequence") or ()))

    def _sequence(self, children: list[ElementTree.Element], particles: list[ElementTree.Element]) -> None:
        for particle in particles:
            name, count = f"{{{self._space}}}{particle.get('name')}", 0
            most = particle.get("maxOccurs", "1")
            other = particle.tag == f"{_XS}any"
            while children and (
                not children[0].tag.startswith(f"{{{self._space}}}") if other else children[0].tag == name
            ):
                if not other:
                    self._element(children[0], particle)
                children, count = children[1:], count + 1
            assert count >= int(particle.get("minOccurs", "1")), f"{name} is missing"
            assert most == "unbounded" or count <= int(most), f"{name} stands {count} times"
        assert not children, f"{children[0].tag} is not expected here"

    def _simple(self, text: str, kind: str) -> None:
        if kind in _PRIMITIVE:
            assert re.fullmatch(_PRIMITIVE[kind], text), f"{text!r} is no {kind}"
            return
        restriction = self._types[kind.removeprefix("l:")].find(f"{_XS}restriction")
        assert restriction is not None
        self._simple(text, restriction.get("base", ""))
        choices = [one.get("value") for one in restriction.findall(f"{_XS}enumeration")]
        assert not choices or text in choices, f"{text!r} is none of {choices}"
        for facet in restriction:
            name, value = facet.tag.removeprefix(_XS), facet.get("value", "")
            assert _keeps(text, name, value), f"{text!r} breaks {name} {value}"


def _keeps(text: str, facet: str, value: str) -> bool:
    match facet:
        case "pattern":
            return re.fullmatch(value, text) is not None
        case "minLength":
            return len(text) >= int(value)
        case "maxLength":
            return len(text) <= int(value)
    return facet == "enumeration"


def openapi_operation(document: dict[str, Any], exchange: Exchange) -> str:
    """The operation that an exchange is, with its bodies, parameters and status as the document has them."""
    method, target, _ = exchange.request.splitlines()[0].split()
    url = urlsplit(target)
    path = next(
        one for one in document["paths"] if re.fullmatch(f"/archive{re.sub(r'{[^}]+}', '[^/]+', one)}", url.path)
    )
    operation = document["paths"][path][method.lower()]
    assert set(parse_qs(url.query)) <= {one["name"] for one in operation.get("parameters", ())}
    assert "authorization: Bearer " in exchange.request
    status = exchange.response.splitlines()[0].split()[1]
    _conforms(document, operation.get("requestBody", {}), body_of(exchange.request))
    _conforms(document, operation["responses"][status], body_of(exchange.response))
    return str(operation["operationId"])


def _conforms(document: dict[str, Any], described: dict[str, Any], body: str) -> None:
    content = described.get("content", {}).get("application/json")
    if content is not None:
        schema = {**content["schema"], "components": document["components"]}
        jsonschema_rs.validate(schema, json.loads(body))
