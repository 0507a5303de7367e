"""XSD and WSDL of the service that an XML department offers; replies follow the models that judge them."""

from collections.abc import Iterator
from graphlib import TopologicalSorter
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape

from adapters.shared_poll import MOST_AT_ONCE
from adapters.soap_message import SERVICE, action
from domain.codes import ReplyCode, Role
from domain.ids import CASE_ID, REQUEST_ID
from domain.reply import REPLY

Json = dict[str, Any]
OPERATIONS = ("SubmitRequest", "QueryReplies", "CancelRequest")
_WRITTEN_AS_TEXT = frozenset({"Limit"})
"""Written like `5 working_days`."""


def xsd() -> str:
    definitions: Json = REPLY.json_schema()["$defs"]
    kinds = {
        one["properties"]["code"]["const"]: one for one in definitions.values() if "code" in one.get("properties", {})
    }
    promise = definitions["MaterialPromise"]
    parts = "".join(_element(name, one, required=False) for name, one in _parts(list(kinds.values())))
    promised = "".join(
        _element(name, one, required=name in promise["required"]) for name, one in promise["properties"].items()
    )
    listed = [name for name, one in sorted(definitions.items()) if "enum" in one and f'"l:{name}"' in parts + promised]
    return _SCHEMA.format(
        service=SERVICE,
        request_id=escape(REQUEST_ID.strip("^$")),
        case_id=escape(CASE_ID.strip("^$")),
        most=MOST_AT_ONCE,
        role=_choice("Role", [role.value for role in Role]),
        codes=_choice("ReplyCode", [code.value for code in ReplyCode]),
        lists="".join(_choice(name, definitions[name]["enum"]) for name in listed),
        needs="; ".join(f"{code}: {', '.join(_needed(one)) or '–'}" for code, one in sorted(kinds.items())),
        parts=parts,
        promise=promised,
    )


def wsdl() -> str:
    return _SERVICE.format(
        service=SERVICE,
        messages="".join(_MESSAGES.format(name=name) for name in OPERATIONS),
        ports="".join(_PORT.format(name=name) for name in OPERATIONS),
        bindings="".join(_BINDING.format(name=name, action=action(name).strip('"')) for name in OPERATIONS),
    )


def _needed(kind: Json) -> list[str]:
    return [name for name in kind["required"] if name != "code"]


def _parts(kinds: list[Json]) -> Iterator[tuple[str, Json]]:
    """Every part that some reply has, in an order that keeps that of each model; the note comes last."""
    before: TopologicalSorter[str] = TopologicalSorter()
    found: Json = {}
    for kind in kinds:
        names = [name for name in kind["properties"] if name not in ("code", "note")]
        found |= kind["properties"]
        for earlier, later in pairwise(["code", *names, "note"]):
            before.add(later, earlier)
    yield from ((name, found[name]) for name in before.static_order() if name != "code")


def _element(name: str, schema: Json, *, required: bool) -> str:
    inner, most = (schema["items"], schema.get("maxItems", "unbounded")) if "items" in schema else (schema, 1)
    least = "" if required else ' minOccurs="0"'
    several = "" if most == 1 else f' maxOccurs="{most}"'
    return f'      <xs:element name="{name}" type="{_type(inner)}"{least}{several}/>\n'


def _type(schema: Json) -> str:
    if "$ref" in schema:
        named = str(schema["$ref"]).rpartition("/")[2]
        return "xs:string" if named in _WRITTEN_AS_TEXT else f"l:{named}"
    if schema.get("type") == "boolean":
        return "xs:boolean"
    if schema.get("format") == "date":
        return "xs:date"
    if "maxLength" in schema:
        return "l:Text" if schema.get("minLength") else "l:Note"
    return "xs:string"


def _choice(name: str, values: list[str]) -> str:
    inside = "".join(f'      <xs:enumeration value="{escape(value)}"/>\n' for value in values)
    return _CHOICE.format(name=name, inside=inside)


_CHOICE = """\
  <xs:simpleType name="{name}">
    <xs:restriction base="xs:string">
{inside}    </xs:restriction>
  </xs:simpleType>
"""

_SCHEMA = """\
<?xml version="1.0" encoding="UTF-8"?>
<!-- Made by `python -m bootstrap.department_kit`. Later versions add elements of other namespaces only. -->
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:l="{service}" targetNamespace="{service}"
           elementFormDefault="qualified">
  <xs:simpleType name="RequestId">
    <xs:restriction base="xs:string"><xs:pattern value="{request_id}"/></xs:restriction>
  </xs:simpleType>
  <xs:simpleType name="CaseId">
    <xs:restriction base="xs:string"><xs:pattern value="{case_id}"/></xs:restriction>
  </xs:simpleType>
  <xs:simpleType name="Receipt">
    <xs:restriction base="xs:string"><xs:minLength value="1"/><xs:maxLength value="200"/></xs:restriction>
  </xs:simpleType>
  <xs:simpleType name="Text">
    <xs:restriction base="xs:string"><xs:minLength value="1"/><xs:maxLength value="4000"/></xs:restriction>
  </xs:simpleType>
  <xs:simpleType name="Note">
    <xs:restriction base="xs:string"><xs:maxLength value="4000"/></xs:restriction>
  </xs:simpleType>
  <xs:simpleType name="Status">
    <xs:restriction base="xs:string">
      <xs:enumeration value="pending"/>
      <xs:enumeration value="answered"/>
      <xs:enumeration value="unknown"/>
    </xs:restriction>
  </xs:simpleType>
{role}{codes}{lists}
  <xs:element name="SubmitRequest">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="requestId" type="l:RequestId"/>
        <xs:element name="round" type="xs:positiveInteger"/>
        <xs:element name="idempotencyKey" type="xs:string"/>
        <xs:element name="caseId" type="l:CaseId"/>
        <xs:element name="role" type="l:Role"/>
        <xs:element name="text" type="xs:string"/>
        <xs:element name="note" type="xs:string"/>
        <xs:element name="ruling" type="xs:string" minOccurs="0"/>
        <xs:element name="dispatchedAt" type="xs:dateTime"/>
        <xs:element name="dueAt" type="xs:dateTime" minOccurs="0"/>
        <xs:element name="signDueAt" type="xs:dateTime" minOccurs="0"/>
        <xs:element name="urgent" type="xs:boolean"/>
        <xs:element name="fields" type="l:Fields"/>
        <xs:any namespace="##other" processContents="lax" minOccurs="0" maxOccurs="unbounded"/>
      </xs:sequence>
    </xs:complexType>
  </xs:element>
  <xs:complexType name="Fields">
    <xs:sequence>
      <xs:element name="field" type="l:Field" minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence>
  </xs:complexType>
  <xs:complexType name="Field">
    <xs:simpleContent>
      <xs:extension base="xs:string"><xs:attribute name="name" type="xs:string" use="required"/></xs:extension>
    </xs:simpleContent>
  </xs:complexType>
  <xs:element name="SubmitRequestResponse">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="receipt" type="l:Receipt"/>
      </xs:sequence>
    </xs:complexType>
  </xs:element>
  <xs:element name="QueryReplies">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="round" type="l:AskedRound" maxOccurs="{most}"/>
      </xs:sequence>
    </xs:complexType>
  </xs:element>
  <xs:complexType name="AskedRound">
    <xs:attribute name="requestId" type="l:RequestId" use="required"/>
    <xs:attribute name="number" type="xs:positiveInteger" use="required"/>
  </xs:complexType>
  <xs:element name="QueryRepliesResponse">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="round" type="l:ToldRound" maxOccurs="{most}"/>
      </xs:sequence>
    </xs:complexType>
  </xs:element>
  <xs:complexType name="ToldRound">
    <xs:sequence>
      <xs:element name="reply" type="l:Reply" minOccurs="0"/>
    </xs:sequence>
    <xs:attribute name="requestId" type="l:RequestId" use="required"/>
    <xs:attribute name="number" type="xs:positiveInteger" use="required"/>
    <xs:attribute name="status" type="l:Status" use="required"/>
    <xs:attribute name="answeredAt" type="xs:dateTime"/>
  </xs:complexType>
  <xs:complexType name="Reply">
    <xs:annotation><xs:documentation>{needs}</xs:documentation></xs:annotation>
    <xs:sequence>
      <xs:element name="code" type="l:ReplyCode"/>
{parts}    </xs:sequence>
  </xs:complexType>
  <xs:complexType name="MaterialPromise">
    <xs:sequence>
{promise}    </xs:sequence>
  </xs:complexType>
  <xs:element name="CancelRequest">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="requestId" type="l:RequestId"/>
        <xs:element name="round" type="xs:positiveInteger"/>
        <xs:element name="reason" type="xs:string"/>
      </xs:sequence>
    </xs:complexType>
  </xs:element>
  <xs:element name="CancelRequestResponse">
    <xs:complexType/>
  </xs:element>
  <xs:element name="code" type="xs:string"/>
</xs:schema>
"""

_SERVICE = """\
<?xml version="1.0" encoding="UTF-8"?>
<!-- Made by `python -m bootstrap.department_kit`. SOAP 1.1, document/literal, over HTTP with Authorization: Bearer. -->
<wsdl:definitions name="Department" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"
                  xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:l="{service}" targetNamespace="{service}">
  <wsdl:types>
    <xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
      <xs:import namespace="{service}" schemaLocation="department.xsd"/>
    </xs:schema>
  </wsdl:types>
  <wsdl:message name="Fault"><wsdl:part name="code" element="l:code"/></wsdl:message>
{messages}  <wsdl:portType name="Department">
{ports}  </wsdl:portType>
  <wsdl:binding name="DepartmentSoap" type="l:Department">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
{bindings}  </wsdl:binding>
  <wsdl:service name="Department">
    <wsdl:port name="Department" binding="l:DepartmentSoap">
      <soap:address location="https://department.example.org/liandong"/>
    </wsdl:port>
  </wsdl:service>
</wsdl:definitions>
"""
_MESSAGES = """\
  <wsdl:message name="{name}"><wsdl:part name="message" element="l:{name}"/></wsdl:message>
  <wsdl:message name="{name}Response"><wsdl:part name="message" element="l:{name}Response"/></wsdl:message>
"""
_PORT = """\
    <wsdl:operation name="{name}">
      <wsdl:input message="l:{name}"/>
      <wsdl:output message="l:{name}Response"/>
      <wsdl:fault name="Fault" message="l:Fault"/>
    </wsdl:operation>
"""
_BINDING = """\
    <wsdl:operation name="{name}">
      <soap:operation soapAction="{action}"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input>
      <wsdl:output><soap:body use="literal"/></wsdl:output>
      <wsdl:fault name="Fault"><soap:fault name="Fault" use="literal"/></wsdl:fault>
    </wsdl:operation>
"""
