"""Bad input is refused at the edge, with field and rule; the value is never repeated and nothing is stored."""

from typing import Any

import pytest

from domain.person import PersonRole
from tests.api.bodies import PLAN, REASON, REGISTRATION, TRIAGE, changed, launched, triaged
from tests.api.conftest import Desk

SECRET = "9d1f-never-repeat-me"
CYCLE = changed(PLAN, "asks.0.after", ["licence"])

REGISTRATIONS: list[tuple[dict[str, Any], str, str]] = [
    (changed(REGISTRATION, "item", {}), "item.name", "missing"),
    (changed(REGISTRATION, "item", {"name": "  "}), "item.name", "not-blank"),
    (changed(REGISTRATION, "item", {"name": ""}), "item.name", "string-too-short"),
    (changed(REGISTRATION, "title", 5), "title", "string-type"),
    (changed(REGISTRATION, "title", "x" * 201), "title", "string-too-long"),
    (changed(REGISTRATION, "title", "两\n行"), "title", "one-line"),
    (changed(REGISTRATION, "request", "nul\x00"), "request", "no-control-characters"),
    (changed(REGISTRATION, "request", ["text"]), "request", "string-type"),
    (changed(REGISTRATION, "stage", "CLOSED"), "stage", "extra-forbidden"),
    (changed(REGISTRATION, "requester.verified", True), "requester.verified", "extra-forbidden"),
    (changed(REGISTRATION, "requester.type", SECRET), "requester.type", "enum"),
    (changed(REGISTRATION, "requester.resident_id", "310000199001010011"), "requester.resident_id", "resident-id"),
    (changed(REGISTRATION, "requester.uscc", "91310000ABAAMA001X"), "requester.uscc", "uscc"),
    (changed(REGISTRATION, "wish_date", "2023-01-20T10:00:00"), "wish_date", "date-not-understood"),
    (changed(REGISTRATION, "wish_date", "2023-02-30"), "wish_date", "date-not-understood"),
    (changed(REGISTRATION, "wish_date", 1674172800), "wish_date", "date-not-text"),
    (changed(REGISTRATION, "wish_date", "1674172800"), "wish_date", "date-not-understood"),
    (changed(REGISTRATION, "category", SECRET), "category", "known-category"),
    (changed(REGISTRATION, "source", "Window!"), "source", "string-pattern-mismatch"),
    ([], "body", "model-attributes-type"),  # type: ignore[list-item]
]

PLANS: list[tuple[dict[str, Any], str, str]] = [
    (changed(PLAN, "asks.0.department", "nowhere"), "asks.0.department", "known-department"),
    (CYCLE, "asks", "no-cycle"),
    (changed(PLAN, "asks.0.after", ["nobody"]), "asks.0.after", "known-key"),
    (changed(PLAN, "asks.2.key", "dissolve"), "asks.2.key", "unique-key"),
    (changed(PLAN, "asks.0.reply_limit", "0 working_days"), "asks.0.reply_limit", "limit-not-positive"),
    (changed(PLAN, "asks.0.reply_limit", "-1 hours"), "asks.0.reply_limit", "limit-not-positive"),
    (changed(PLAN, "asks.0.reply_limit", "999 working_days"), "asks.0.reply_limit", "limit-beyond-horizon"),
    (changed(PLAN, "asks.0.reply_limit", "2999-01-01"), "asks.0.reply_limit", "limit-beyond-horizon"),
    (changed(PLAN, "asks.0.reply_limit", "soon"), "asks.0.reply_limit", "limit-not-understood"),
    (changed(PLAN, "asks.0.reply_limit", "2023-01-20T10:00:00"), "asks.0.reply_limit", "limit-not-understood"),
    (changed(PLAN, "asks.0.reply_limit", 5), "asks.0.reply_limit", "limit-not-text"),
    (changed(PLAN, "asks.0.reply_limit", {"unit": "hours", "amount": 5}), "asks.0.reply_limit", "limit-not-text"),
    (changed(PLAN, "asks.0.reply_limit", "5 fortnights"), "asks.0.reply_limit.unit", "enum"),
    (changed(PLAN, "asks.0.due_at", "2023-01-01T00:00:00Z"), "asks.0.due_at", "extra-forbidden"),
    (changed(PLAN, "asks.0.fields", {"request": "x"}), "asks.0.fields", "extra-forbidden"),
    (changed(PLAN, "asks.0.required", "yes"), "asks.0.required", "bool-type"),
    (changed(PLAN, "asks.0.required", 1), "asks.0.required", "bool-type"),
    (changed(PLAN, "asks.0.key", "A B"), "asks.0.key", "string-pattern-mismatch"),
    (changed(PLAN, "asks.0.sees", ["password"]), "asks.0.sees", "known-field"),
    (changed(PLAN, "asks.1.party", None), "asks.1.party", "party-named"),
    ({"asks": []}, "asks", "too-short"),
    ({"asks": [PLAN["asks"][0]] * 51}, "asks", "too-long"),
]

NO_ZONE = "2023-01-20T10:00:00"
"""Eight hours apart, depending on who reads it."""
MATERIAL = "materials/LD-2023-000001.dissolve-m1"
ROUND = REASON | {"round": 1}
DECISIONS: list[tuple[str, dict[str, Any], str, str]] = [
    ("close", REASON | {"outcome": "LAWFULLY_REFUSED"}, "legal_basis", "negative-answer-incomplete"),
    ("close", {"outcome": "DONE"}, "reason", "missing"),
    ("requests/owner/extend", ROUND | {"limit": "0 hours"}, "limit", "limit-not-positive"),
    ("requests/owner/extend", REASON | {"limit": "1 hours"}, "round", "missing"),
    ("requests/owner/extend", REASON | {"limit": "1 hours", "round": True}, "round", "int-type"),
    ("requests/owner/extend", REASON | {"limit": "1 hours", "round": "1"}, "round", "int-type"),
    ("requests/owner/withdraw", ROUND | {"decided_by": "user:me"}, "decided_by", "extra-forbidden"),
    (
        "requests/owner/external-answer",
        ROUND | {"reply": {"code": "REFUSED", "reason": "不同意", "remedy": "协商"}},
        "reply.REFUSED.legal_basis",
        "missing",
    ),
    ("requests/owner/external-answer", ROUND | {"reply": {"code": SECRET}}, "reply", "union-tag-invalid"),
    ("requests/owner/external-answer", ROUND | {"reply": {"code": "ACCEPTED", "x": 1}}, "reply.ACCEPTED.x",
     "extra-forbidden"),
    ("supplement", REASON | {"received_at": NO_ZONE}, "received_at", "timezone-aware"),
    ("supplement", REASON | {"received_at": 1674180000}, "received_at", "moment-not-text"),
    (f"{MATERIAL}/submit", REASON | {"channel": "POST", "received_at": NO_ZONE}, "received_at", "timezone-aware"),
    (f"{MATERIAL}/file?received_at={NO_ZONE}", {}, "received_at", "timezone-aware"),
]  # fmt: skip


def _check(response: Any, field: str, rule: str) -> None:
    assert response.status_code == 422, response.text
    problem = response.json()
    found = {(one["field"], one["rule"]) for one in problem["problems"]}
    assert (field, rule) in found, found
    assert all(one["detail"] for one in problem["problems"])
    assert SECRET not in response.text


@pytest.mark.parametrize(("body", "field", "rule"), REGISTRATIONS)
async def test_registration(desk: Desk, body: dict[str, Any], field: str, rule: str) -> None:
    async with desk.client(PersonRole.CLERK) as clerk:
        _check(await clerk.post("/v1/cases", json=body), field, rule)
        assert (await clerk.get("/v1/cases")).json()["items"] == []


@pytest.mark.parametrize("way", ["plan/preview", "launch"])
async def test_plans(desk: Desk, way: str) -> None:
    case_id = await triaged(desk)
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        for body, field, rule in PLANS:
            _check(await leader.post(f"/v1/cases/{case_id}/{way}", json=body), field, rule)
        assert (await leader.get(f"/v1/cases/{case_id}")).json()["stage"] == "TRIAGED"
    assert not desk.engine.launches
    async with desk.store.reading() as session:
        assert await session.intents.get(case_id) is None


async def test_decisions(desk: Desk) -> None:
    case_id = await launched(desk)
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        for path, body, field, rule in DECISIONS:
            url = f"/v1/cases/{case_id}/{path}"
            _check(await leader.post(url, json=body, headers={"Idempotency-Key": "1"}), field, rule)
        bad_key = await leader.post(f"/v1/cases/{case_id}/withdraw", json=REASON, headers={"Idempotency-Key": " "})
    assert bad_key.json()["problems"][0]["field"] == "Idempotency-Key"
    assert not desk.engine.decisions


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"decision": "COORDINATE"}, "cause"),
        ({"cause": "UNAWARE", "decision": "PERHAPS"}, "decision"),
        ({"cause": "UNAWARE", "decision": "RESOLVE_ON_SPOT"}, "advice"),
        ({"cause": "OUT_OF_SCOPE", "decision": "REFER_OUT"}, "refer_to"),
        (TRIAGE | {"category": SECRET}, "category"),
    ],
)
async def test_triage(desk: Desk, body: dict[str, Any], field: str) -> None:
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        case_id = (await leader.post("/v1/cases", json=REGISTRATION)).json()["case_id"]
        response = await leader.post(f"/v1/cases/{case_id}/triage", json=body)
        assert (await leader.get(f"/v1/cases/{case_id}")).json()["stage"] == "REGISTERED"
    assert response.status_code == 422
    assert field in {one["field"] for one in response.json()["problems"]}
    assert SECRET not in response.text


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1000000000", "limit"),
        ("stage=OPENED", "stage"),
        ("overdue=perhaps", "overdue"),
        ("staeg=CLOSED", "staeg"),
        ("cursor=%27%20OR%201%3D1", "cursor"),
        ("waiting_on=%27;--", "waiting_on"),
    ],
)
async def test_filters(desk: Desk, query: str, field: str) -> None:
    async with desk.client(PersonRole.CLERK) as clerk:
        response = await clerk.get(f"/v1/cases?{query}")
    assert response.status_code == 422, response.text
    assert response.json()["problems"][0]["field"] == field


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"null", 422),
        (b'{"title": NaN}', 422),
        (b'{"title": "\\ud800"}', 422),
        (b"\xff\xfe", 422),
        (b'{"title": "\xff"}', 422),
        (b"[" * 100_000, 422),
        (b'{"title": 1' + b"0" * 5_000 + b"}", 422),
    ],
)
async def test_poison(desk: Desk, raw: bytes, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    async with desk.client(PersonRole.CLERK) as clerk:
        response = await clerk.post("/v1/cases", content=raw, headers=headers)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_body_of_another_kind_is_refused(desk: Desk) -> None:
    async with desk.client(PersonRole.CLERK) as clerk:
        response = await clerk.post("/v1/cases", content=b"{}", headers={"Content-Type": "text/plain"})
    assert response.status_code == 422


@pytest.mark.parametrize("case_id", ["LD-2023-1", "..%2f..", "LD-2023-000001%00", "x" * 500])
async def test_a_case_number_that_is_none(desk: Desk, case_id: str) -> None:
    async with desk.client(PersonRole.CLERK) as clerk:
        response = await clerk.get(f"/v1/cases/{case_id}")
    assert response.status_code in (404, 422)
