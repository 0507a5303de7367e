"""The API describes itself: complete, stable, with examples that are true, and readable without any network."""

import json
import os
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from httpx import AsyncClient, Response
from pydantic import TypeAdapter

from api.openapi import EXAMPLES
from api.operation_text import OPERATIONS
from domain.person import PersonRole
from services.order_follow_ups import order_follow_ups
from tests.api.bodies import PLAN, REASON, REGISTRATION, TRIAGE
from tests.api.conftest import Desk
from tests.api.handed_in import coordinated, hand_in
from tests.api.test_decisions import MATERIAL, PROPOSAL
from tests.api.test_departments import NEW as ARCHIVE
from tests.api.test_departments import simulated
from tests.api.test_inbox import Post, dispatch_of


def _operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(method, path, one) for path, methods in document["paths"].items() for method, one in methods.items()]


async def test_every_operation_is_described_in_both_languages(desk: Desk) -> None:
    document = desk.app.openapi()
    operations = _operations(document)
    names = [operation["operationId"] for _, _, operation in operations]
    assert set(names) == OPERATIONS.keys()
    assert len(set(names)) == len(names)
    for method, path, operation in operations:
        where = (method, path)
        assert re.search(r"[\u4e00-\u9fff].* · [A-Z]", operation["summary"]), where
        assert re.fullmatch(r"[^\n]*[\u4e00-\u9fff][^\n]*。\n\n.*[a-z].*", operation["description"], re.DOTALL), where
        assert operation["tags"], where
        if path == "/v1/departments/{code}/callbacks":
            assert operation["security"] == [{"department": []}], where
        elif path.startswith("/v1/progress") or path == "/v1/ratings":
            # The code or the link in body or headers is the credential
            assert "security" not in operation, where
        elif path.startswith("/v1/links"):
            assert operation["security"] == [{"link": []}], where
        elif path.startswith("/v1") or path == "/metrics":
            assert operation["security"] == [{"person": []}], where
            assert "401" in operation["responses"], where
    assert set(document["components"]["securitySchemes"]) == {"person", "department", "link"}


async def test_every_error_is_declared_as_a_problem(desk: Desk) -> None:
    document = desk.app.openapi()
    for method, path, operation in _operations(document):
        for status, response in operation["responses"].items():
            kept = status == "409" and path.endswith(("/callbacks", "/acknowledge", "/reply"))
            own_shape = kept or (path, status) == ("/health/ready", "503")
            if int(status) >= 400 and not own_shape:
                assert response["content"] == {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                }, (method, path, status)
    assert "HTTPValidationError" not in json.dumps(document)


async def test_every_body_and_response_has_an_example(desk: Desk) -> None:
    document = desk.app.openapi()
    schemas = document["components"]["schemas"]
    for method, path, operation in _operations(document):
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for holder in bodies + list(operation["responses"].values()):
            for media in holder["content"].values():
                schema = media.get("schema", {})
                name = schema.get("$ref", "").rsplit("/", 1)[-1]
                has = media.get("examples") or media.get("example") or schemas.get(name, {}).get("examples")
                assert has, (method, path, name)


async def test_the_examples_of_bodies_are_accepted(desk: Desk) -> None:
    document = desk.app.openapi()
    example = {name: schema["examples"] for name, schema in document["components"]["schemas"].items()
               if name.endswith("Body") and "examples" in schema}  # fmt: skip
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        registered = await leader.post("/v1/cases", json=example["RegistrationBody"][0])
        assert registered.status_code == 201, registered.text
        case = f"/v1/cases/{registered.json()['case_id']}"
        for path, name in (
            ("first-contact", "FirstContactBody"), ("triage", "TriageBody"), ("plan/preview", "PlanBody"),
            ("launch", "PlanBody"), ("requests/licence/reassign", "ReassignBody"),
            ("requests/licence/ask-again", "AskAgainBody"), ("requests/licence/extend", "ExtendBody"),
            ("requests/licence/withdraw", "RequestDecisionBody"),
            ("requests/owner/external-answer", "ExternalAnswerBody"),
            ("requests/dissolve/pause", "PauseBody"), ("requests/dissolve/designate", "DesignateBody"),
            ("requests/dissolve/convene-conference", "ConveneBody"), ("asks", "AddAskBody"),
            ("supplement-notice", "SupplementNoticeBody"), ("supplement", "SupplementBody"),
            ("escalate", "EscalateBody"), ("weigh", "WeighBody"), ("proposals", "ProposeBody"),
            (f"proposals/{PROPOSAL}/confirm", "ConfirmBody"), (f"materials/{MATERIAL}/submit", "SubmitBody"),
            (f"materials/{MATERIAL}/extend", "ExtendMaterialBody"),
            ("requests/licence/deferral/approve", "ApproveDeferralBody"),
            ("requests/licence/deferral/fail", "FailDeferralBody"),
            ("requests/licence/deferral/extend-rectification", "ExtendRectificationBody"),
            ("withdraw", "WithdrawCaseBody"), ("close", "CloseBody"),
        ):  # fmt: skip
            response = await leader.post(f"{case}/{path}", json=example[name][0], headers={"Idempotency-Key": path})
            assert response.status_code == 200, (path, response.text)


async def test_the_examples_of_responses_are_what_the_api_says(desk: Desk) -> None:
    """Run with LIANDONG_WRITE_EXAMPLES=1 to write them anew after a change that was meant."""
    real = await _responses(desk)
    if os.environ.get("LIANDONG_WRITE_EXAMPLES"):
        EXAMPLES.write_text(json.dumps(real, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    written: dict[str, Any] = TypeAdapter(dict[str, Any]).validate_json(EXAMPLES.read_bytes())
    assert written.keys() == real.keys()
    for name in real:
        assert _form(written[name]) == _form(real[name]), name


async def _responses(desk: Desk) -> dict[str, Any]:
    plan = {"asks": PLAN["asks"][:2]}
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        registration = REGISTRATION | {"requester": {"type": "enterprise", "name": "某餐饮有限公司"}}
        case = f"/v1/cases/{(await leader.post('/v1/cases', json=registration)).json()['case_id']}"
        await leader.post(f"{case}/first-contact", json={"channel": "phone"})
        await leader.post(f"{case}/triage", json=TRIAGE)
        found = {"PlanPreviewShown": await leader.post(f"{case}/plan/preview", json=plan)}
        found["CaseShown"] = await leader.post(f"{case}/launch", json=plan)
        headers = {"Idempotency-Key": "1"}
        found["CoordinationShown"] = await leader.post(
            f"{case}/requests/owner/withdraw", json=REASON | {"round": 1}, headers=headers
        )
        addresses = {
            "CasePageShown": "/v1/cases", "TimelineShown": f"{case}/timeline", "ClocksShown": f"{case}/clocks",
            "DepartmentsShown": "/v1/departments", "CalendarShown": "/v1/calendar", "PersonShown": "/v1/me",
            "Alive": "/health/live", "Readiness": "/health/ready",
        }  # fmt: skip
        found |= {name: await leader.get(address) for name, address in addresses.items()}
        found |= await _after_outcome(desk, leader)
    await Post(desk).adapter.deliver(dispatch_of(case.rpartition("/")[2]))
    async with desk.client(PersonRole.DEPARTMENT_OFFICER) as officer:
        found["InboxShown"] = await officer.get("/v1/inbox")
        found["InboxItemShown"] = await officer.get(f"/v1/inbox/{case.rpartition('/')[2]}.dissolve")
    found |= await _administration(desk)
    found["HandedInShown"] = await hand_in(desk, await coordinated(desk))
    bodies: dict[str, Any] = {name: response.json() for name, response in sorted(found.items())}
    # Keys of the real kind, which open nothing
    bodies["RegisteredShown"]["progress_code"] = bodies["ProgressCodeShown"]["progress_code"] = "7K3M-W9PD-4"
    bodies["RatingLinkShown"]["token"] = "lr_" + "0" * 43
    for keys in (bodies["DepartmentAddedShown"]["keys"], bodies["KeysShown"]):
        keys["webhook_secret"] = "whsec_" + "A" * 32
    bodies["AuditShown"]["items"] = bodies["AuditShown"]["items"][:2]
    bodies["CalendarShown"]["years"] = bodies["CalendarShown"]["years"][:1]
    bodies["DepartmentsShown"]["items"] = bodies["DepartmentsShown"]["items"][:2]
    return bodies


async def _after_outcome(desk: Desk, leader: AsyncClient) -> dict[str, Response]:
    registration = REGISTRATION | {"external_id": "HK-2023-0018"}
    found = {"RegisteredShown": await leader.post("/v1/cases", json=registration)}
    made = found["RegisteredShown"].json()
    known = {"case_id": made["case_id"], "code": made["progress_code"]}
    case = f"/v1/cases/{known['case_id']}"
    await leader.post(f"{case}/triage", json={"decision": "RESOLVE_ON_SPOT", "cause": "UNAWARE", "advice": "网上申请"})
    await order_follow_ups(desk.office)
    key = {"Idempotency-Key": "call"}
    found["FollowUpStateShown"] = await leader.post(f"{case}/follow-up/call", json={"reached": False}, headers=key)
    async with desk.client() as requester:
        found["RatingLinkShown"] = await requester.post("/v1/progress/rating-link", json=known)
        rating = {"case_id": known["case_id"], "token": found["RatingLinkShown"].json()["token"]}
        rated = await requester.post("/v1/ratings", json=rating | {"coordination": "SATISFIED"})
        found["RatingReceivedShown"] = rated
        found["ProgressShown"] = await requester.post("/v1/progress", json=known)
    found["FollowUpsShown"] = await leader.get(f"{case}/follow-ups")
    found["ProgressCodeShown"] = await leader.post(f"{case}/progress-code")
    return found


async def _administration(desk: Desk) -> dict[str, Response]:
    async with desk.client(PersonRole.ADMIN) as admin, simulated(desk):
        path = "/v1/departments/archive"
        return {
            "DepartmentAddedShown": await admin.post("/v1/departments", json=ARCHIVE),
            "DepartmentEntryShown": await admin.get(path),
            "KeysShown": await admin.post(f"{path}/rotate-key", json={}),
            "CheckShown": await admin.post("/v1/departments/market/check"),
            "DisabledShown": await admin.post(f"{path}/disable", json={"reason": "系统迁移"}),
            "AuditShown": await admin.get("/v1/audit"),
        }


def _form(value: Any) -> Any:
    """Names and kinds, without the values: hashes and dates may change."""
    if isinstance(value, dict):
        return {name: _form(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_form(part) for part in value]
    return type(value).__name__


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


async def test_the_page_needs_nothing_from_outside(desk: Desk) -> None:
    async with desk.client() as anybody:
        page = await anybody.get("/docs")
        style = await anybody.get("/docs/style.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "style-src 'self'" in page.headers["content-security-policy"]
    parsed = _Page()
    parsed.feed(page.text)
    identities = {attributes["id"] for _, attributes in parsed.found if "id" in attributes}
    for tag, attributes in parsed.found:
        assert tag != "script"
        assert not {name for name in attributes if name == "style" or name.startswith("on")}
        for name in ("href", "src"):
            target = attributes.get(name)
            if target is not None:
                assert target.startswith(("/", "#")), target
                assert not target.startswith("#") or target[1:] in identities, target
    for operation in ("register_case", "launch_case", "department_callback", "submit_material_file"):
        assert operation in identities


@pytest.mark.parametrize(
    "word", ["登记案件", "Register a case", "Idempotency-Key", "5 working_days", "webhook-signature"]
)
async def test_the_page_shows(desk: Desk, word: str) -> None:
    async with desk.client() as anybody:
        assert word in (await anybody.get("/docs")).text


async def test_the_page_shows_no_raw_marks_and_says_what_success_means(desk: Desk) -> None:
    async with desk.client() as anybody:
        page = (await anybody.get("/docs")).text
    written = re.sub(r"<pre>.*?</pre>", "", page, flags=re.DOTALL)
    assert "`" not in written
    assert not re.search(r">\s*\* ", written)
    assert "Successful Response" not in written
