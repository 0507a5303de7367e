"""What integrators get is current, its examples are true, and the smallest department is a conforming one."""

import importlib.util
import json
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest

from adapters import department_message
from adapters.department_contract import Dispatched, Withdrawn
from adapters.soap_message import SERVICE, action
from adapters.webhook_signature import new_secret
from bootstrap.certification.run import Subject, certify
from bootstrap.certification.times import Times
from bootstrap.department_kit import FOLDER, files
from domain.codes import Technique
from simulators.server import serving
from tests.adapters.arrangement import dispatch, withdrawal_of
from tests.adapters.test_department_xml import REPLIES
from tests.bootstrap.conversation import DISSOLVE, conversation, recorded, ref
from tests.bootstrap.description import Xsd, body_of, openapi_operation

MADE = {".json", ".xsd", ".wsdl"}
ELEMENTS = {"SubmitRequest", "QueryReplies", "CancelRequest", "code"} | {
    f"{name}Response" for name in ("SubmitRequest", "QueryReplies", "CancelRequest")
}


def test_the_files_are_those_that_the_code_makes() -> None:
    """After a change that was meant: python -m bootstrap.department_kit"""
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir() if path.suffix in MADE}
    assert written == files()


def test_what_we_send_is_what_the_schemas_say() -> None:
    sent, now = dispatch(Technique.WEBHOOK), datetime.now(UTC)
    message = json.loads(department_message.written("request.dispatched", now, department_message.dispatched(sent)))
    read = Dispatched.model_validate_json(json.dumps(message))
    assert set(message["data"]) == set(type(read.data).model_fields) - {"reply_to"}
    over = department_message.withdrawn(withdrawal_of(sent))
    again = Withdrawn.model_validate_json(department_message.written("request.withdrawn", now, over))
    assert set(over) == set(type(again.data).model_fields)


def _example(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "technique", "optional"),
    [
        ("example_department", Technique.WEBHOOK, set()),
        ("example_polled", Technique.POLLED, {"together", "etag"}),
        ("example_soap", Technique.XML, set()),
    ],
)
async def test_the_smallest_departments_keep_the_contract(
    name: str, technique: Technique, optional: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = new_secret()
    for variable in ("SECRET", "TOKEN"):
        monkeypatch.setenv(variable, secret)
    async with serving(_example(name).app) as url:
        times = Times(patience=20, settle=0.3, pause=0.02)
        report = await certify(Subject(url, secret, technique, times))
    assert {finding.check for finding in report.findings if finding.optional} == optional
    assert [finding for finding in report.findings if not finding.passed and not finding.optional] == []


@pytest.mark.parametrize("technique", [Technique.POLLED, Technique.XML])
async def test_what_is_offered_is_what_is_described(technique: Technique) -> None:
    """The real adapter and the simulated department, held against the published OpenAPI, XSD and WSDL."""
    said = await conversation(technique)
    if technique is Technique.POLLED:
        document = json.loads((FOLDER / "polled.openapi.json").read_text(encoding="utf-8"))
        operations = [openapi_operation(document, exchange) for exchange in said]
        assert set(operations) == {"deliver", "ask", "ask_together", "withdraw"}
    else:
        judge = Xsd((FOLDER / "department.xsd").read_text(encoding="utf-8"))
        assert {judge.check(body_of(raw)) for one in said for raw in (one.request, one.response)} == ELEMENTS


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: str(reply["code"]))
async def test_every_reply_is_described(reply: dict[str, Any]) -> None:
    judge = Xsd((FOLDER / "department.xsd").read_text(encoding="utf-8"))
    async with recorded(Technique.XML, reply) as (adapter, exchanges):
        await adapter.deliver(DISSOLVE)
        polled = await adapter.poll(ref(DISSOLVE))
    assert polled is not None
    assert polled.reply == reply
    assert judge.check(body_of(exchanges[-1].response)) == "QueryRepliesResponse"


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ('<CancelRequest xmlns="{0}"><round>1</round></CancelRequest>', "requestId"),
        ('<CancelRequest xmlns="{0}"><requestId>x</requestId><round>1</round><reason/></CancelRequest>', "pattern"),
        ('<SubmitRequestResponse xmlns="{0}"><receipt></receipt></SubmitRequestResponse>', "minLength"),
        ('<SubmitRequestResponse xmlns="{0}"><receipt>1</receipt><x/></SubmitRequestResponse>', "x"),
        ('<QueryReplies xmlns="{0}"><round requestId="LD-2026-000001.a"/></QueryReplies>', "number"),
        ('<Else xmlns="{0}"/>', "Else"),
    ],
)
def test_the_judge_of_the_description_can_say_no(broken: str, why: str) -> None:
    judge = Xsd((FOLDER / "department.xsd").read_text(encoding="utf-8"))
    with pytest.raises(AssertionError, match=why):
        judge.check(f"<e><b>{broken.format(SERVICE)}</b></e>")


def test_the_service_has_the_operations_of_the_adapter() -> None:
    wsdl = ElementTree.fromstring((FOLDER / "department.wsdl").read_text(encoding="utf-8"))
    soap = "{http://schemas.xmlsoap.org/wsdl/soap/}operation"
    actions = {f'"{one.get("soapAction")}"' for one in wsdl.iter(soap)}
    assert actions == {action(name) for name in ("SubmitRequest", "QueryReplies", "CancelRequest")}
    elements = {
        part.get("element", "").removeprefix("l:") for part in wsdl.iter("{http://schemas.xmlsoap.org/wsdl/}part")
    }
    assert elements == ELEMENTS


def test_a_limit_is_published_as_departments_write_it() -> None:
    schema = json.loads(files()["callback.schema.json"])
    assert {"type", "object"} & {one.get("type") for one in schema["$defs"]["Limit"]["anyOf"]} == {"object"}
    assert schema["$defs"]["Limit"]["anyOf"][0]["type"] == "string"
