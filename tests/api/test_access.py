"""Every route against everybody: nothing opens without credentials, and each role opens exactly what the table says."""

import re
from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from api.throttle import Throttle
from domain.person import PersonRole
from services.authenticate import token_hash
from tests.api.bodies import CASE, PLAN, REASON, REGISTRATION, TRIAGE
from tests.api.conftest import Desk, token
from tests.api.test_decisions import DECISIONS, MATERIAL, PROPOSAL

CLERK, LEADER, OFFICER = PersonRole.CLERK, PersonRole.DUTY_LEADER, PersonRole.DEPARTMENT_OFFICER
SUPERVISOR, AUDITOR, ADMIN = PersonRole.SUPERVISOR, PersonRole.AUDITOR, PersonRole.ADMIN

OPEN = {("GET", "/health/live"), ("GET", "/health/ready"), ("GET", "/docs"), ("GET", "/docs/style.css"),
        ("GET", "/openapi.json")}  # fmt: skip
SIGNED = {("POST", "/v1/departments/{code}/callbacks")}
# Case number and code, or a private link, in body or headers: tests/api/test_progress.py, test_hand_in.py
REQUESTERS = {("POST", "/v1/progress"), ("POST", "/v1/progress/rating-link"), ("POST", "/v1/ratings"),
              ("POST", "/v1/progress/materials/{material}/file")}  # fmt: skip
LINKED = {("GET", "/v1/links/{token}"), ("POST", "/v1/links/{token}/acknowledge"), ("POST", "/v1/links/{token}/reply")}

READERS = {CLERK, LEADER, OFFICER, SUPERVISOR, AUDITOR}
DECIDERS = {LEADER, SUPERVISOR}
ROLES: dict[tuple[str, str], set[PersonRole]] = {
    ("POST", "/v1/cases"): {CLERK, LEADER},
    ("GET", "/v1/cases"): READERS,
    ("GET", "/v1/cases/{case_id}"): READERS,
    ("POST", "/v1/cases/{case_id}/first-contact"): {CLERK, LEADER},
    ("POST", "/v1/cases/{case_id}/triage"): {LEADER},
    ("POST", "/v1/cases/{case_id}/plan/preview"): {LEADER},
    ("POST", "/v1/cases/{case_id}/launch"): {LEADER},
    ("GET", "/v1/cases/{case_id}/timeline"): READERS,
    ("GET", "/v1/cases/{case_id}/clocks"): READERS,
    ("POST", "/v1/cases/{case_id}/requests/{key}/reassign"): DECIDERS,
    ("POST", "/v1/cases/{case_id}/requests/{key}/ask-again"): DECIDERS,
    ("POST", "/v1/cases/{case_id}/requests/{key}/extend"): DECIDERS,
    ("POST", "/v1/cases/{case_id}/requests/{key}/withdraw"): DECIDERS,
    ("POST", "/v1/cases/{case_id}/requests/{key}/external-answer"): {CLERK, LEADER, SUPERVISOR},
    ("POST", "/v1/cases/{case_id}/requests/{key}/answer-extension"): DECIDERS,
    ("POST", "/v1/cases/{case_id}/requests/{key}/pause"): DECIDERS,
    ("POST", "/v1/cases/{case_id}/requests/{key}/resume"): DECIDERS,
    ("POST", "/v1/cases/{case_id}/requests/{key}/proceed"): DECIDERS,
    ("POST", "/v1/cases/{case_id}/requests/{key}/convene-conference"): DECIDERS,
    ("POST", "/v1/cases/{case_id}/requests/{key}/designate"): DECIDERS,
    ("POST", "/v1/cases/{case_id}/requests/{key}/deferral/approve"): {LEADER},
    ("POST", "/v1/cases/{case_id}/requests/{key}/deferral/fail"): {LEADER},
    ("POST", "/v1/cases/{case_id}/requests/{key}/deferral/extend-rectification"): {LEADER},
    ("GET", "/v1/cases/{case_id}/requests/{key}/commitment-letter"): {CLERK, LEADER},
    ("POST", "/v1/cases/{case_id}/asks"): DECIDERS,
    ("POST", "/v1/cases/{case_id}/supplement-notice"): DECIDERS,
    ("GET", "/v1/cases/{case_id}/supplement-notice"): {CLERK, LEADER},
    ("POST", "/v1/cases/{case_id}/supplement"): {CLERK, LEADER, SUPERVISOR},
    ("POST", "/v1/cases/{case_id}/minutes"): DECIDERS,
    ("POST", "/v1/cases/{case_id}/escalate"): DECIDERS,
    ("POST", "/v1/cases/{case_id}/weigh"): DECIDERS,
    ("POST", "/v1/cases/{case_id}/proposals"): {LEADER},
    ("POST", "/v1/cases/{case_id}/proposals/{proposal_id}/confirm"): DECIDERS,
    ("POST", "/v1/cases/{case_id}/materials/{material_id}/submit"): {CLERK, LEADER, SUPERVISOR},
    ("POST", "/v1/cases/{case_id}/materials/{material_id}/extend"): DECIDERS,
    ("POST", "/v1/cases/{case_id}/materials/{material_id}/clear"): {SUPERVISOR},
    ("POST", "/v1/cases/{case_id}/materials/{material_id}/file"): {CLERK, LEADER, SUPERVISOR},
    ("GET", "/v1/cases/{case_id}/materials/{material_id}/file"): READERS - {AUDITOR},
    ("GET", "/v1/cases/{case_id}/supplement/{material}/file"): READERS - {AUDITOR},
    ("POST", "/v1/cases/{case_id}/dishonesty-repair"): DECIDERS,
    ("POST", "/v1/cases/{case_id}/withdraw"): DECIDERS,
    ("POST", "/v1/cases/{case_id}/close"): DECIDERS,
    ("GET", "/v1/cases/{case_id}/follow-ups"): {CLERK, LEADER, SUPERVISOR, AUDITOR},
    ("POST", "/v1/cases/{case_id}/follow-up/call"): {CLERK, LEADER},
    ("POST", "/v1/cases/{case_id}/follow-up/review-contact"): {CLERK, LEADER},
    ("POST", "/v1/cases/{case_id}/follow-up/treatment"): {LEADER, SUPERVISOR},
    ("POST", "/v1/cases/{case_id}/follow-up/rectified"): {LEADER, SUPERVISOR},
    ("POST", "/v1/cases/{case_id}/reopen"): {LEADER},
    ("POST", "/v1/cases/{case_id}/progress-code"): {CLERK, LEADER},
    ("GET", "/v1/inbox"): {OFFICER},
    ("GET", "/v1/inbox/{request_id}"): {OFFICER},
    ("POST", "/v1/inbox/{request_id}/acknowledge"): {OFFICER},
    ("POST", "/v1/inbox/{request_id}/reply"): {OFFICER},
    ("GET", "/v1/departments"): set(PersonRole),
    ("POST", "/v1/departments"): {ADMIN},
    ("GET", "/v1/departments/{code}"): {ADMIN},
    ("PUT", "/v1/departments/{code}"): {ADMIN},
    ("POST", "/v1/departments/{code}/rotate-key"): {ADMIN},
    ("POST", "/v1/departments/{code}/check"): {ADMIN},
    ("POST", "/v1/departments/{code}/disable"): {ADMIN},
    ("POST", "/v1/departments/{code}/enable"): {ADMIN},
    ("GET", "/v1/audit"): {ADMIN, AUDITOR},
    ("GET", "/v1/calendar"): set(PersonRole),
    ("GET", "/v1/me"): set(PersonRole),
    ("GET", "/metrics"): {ADMIN, SUPERVISOR, AUDITOR},
}


def _routes(desk: Desk) -> Iterator[tuple[str, str]]:
    for context in iter_route_contexts(desk.app.routes):
        path = context.path_format or ""
        for method in context.methods or {"GET"}:
            if method != "HEAD":
                yield method, path


def _body(path: str) -> dict[str, object]:
    bodies = {"/v1/cases": REGISTRATION, "triage": TRIAGE, "preview": PLAN, "launch": PLAN}
    bodies["first-contact"] = {"channel": "phone"}
    bodies |= {"call": {"reached": False}, "review-contact": {"note": "已联系"}, "rectified": REASON}
    bodies |= {"treatment": REASON | {"treatment": "EXPLAIN"}, "reopen": REASON | {"cause": "NOT_RESOLVED"}}
    if path.endswith("/reply"):
        return {"reply": {"code": "ACCEPTED"}}
    last = path.rsplit("/", 1)[-1]
    for decision, extra in DECISIONS.items():
        if path.endswith(f"/{_pattern(decision)}"):
            # A "no" has a signature of its own, below
            return REASON | ({"outcome": "DONE"} if decision == "close" else extra)
    return bodies.get(path, bodies.get(last, {}))


def _pattern(decision: str) -> str:
    asks = decision.replace(MATERIAL, "{material_id}").replace(PROPOSAL, "{proposal_id}")
    return re.sub(r"requests/\w+/", "requests/{key}/", asks)


def _address(path: str) -> str:
    path = path.replace("{material_id}", MATERIAL).replace("{proposal_id}", PROPOSAL)
    return (
        path.replace("{case_id}", CASE)
        .replace("{material}", "n-0123456789abcdef")
        .replace("{key}", "dissolve")
        .replace("{code}", "market")
        .replace("{request_id}", f"{CASE}.dissolve")
    )


async def test_the_tables_name_every_route(desk: Desk) -> None:
    assert set(_routes(desk)) == set(ROLES) | OPEN | SIGNED | LINKED | REQUESTERS
    assert any(isinstance(context.original_route, APIRoute) for context in iter_route_contexts(desk.app.routes))


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer wrong", "Basic Y2xlcms6Y2xlcms=", "Bearer " + "x" * 9999]
)
async def test_nothing_opens_without_credentials(desk: Desk, authorization: str | None) -> None:
    desk.app.state.throttle = Throttle(tokens_a_minute=1_000)
    headers = {"Idempotency-Key": "1"} | ({} if authorization is None else {"Authorization": authorization})
    async with desk.client() as nobody:
        for method, path in sorted(ROLES):
            json = _body(path) if method in ("POST", "PUT") else None
            response = await nobody.request(method, _address(path), json=json, headers=headers)
            assert response.status_code == 401, (method, path)
            assert response.headers["www-authenticate"] == "Bearer"
            assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("who", ["disabled", "expired"])
async def test_disabled_people_and_expired_tokens_look_unknown(desk: Desk, who: str) -> None:
    async with desk.client(who) as client:
        response = await client.get("/v1/me")
        unknown = await client.get("/v1/me", headers={"Authorization": "Bearer nobody"})
    assert response.status_code == 401
    assert response.json() == unknown.json()


async def test_disabling_takes_effect_at_once(desk: Desk) -> None:
    async with desk.client(CLERK) as clerk:
        assert (await clerk.get("/v1/me")).status_code == 200
        async with desk.store.writing() as session:
            person = await session.people.by_token(token_hash(token(CLERK)), desk.wall.now())
            assert person is not None
            await session.people.save(person.model_copy(update={"enabled": False}))
        assert (await clerk.get("/v1/me")).status_code == 401


@pytest.mark.parametrize("role", list(PersonRole))
async def test_each_role_opens_what_the_table_says(desk: Desk, role: PersonRole) -> None:
    async with desk.client(role) as client:
        for (method, path), allowed in sorted(ROLES.items()):
            json = _body(path) if method in ("POST", "PUT") else None
            response = await client.request(method, _address(path), json=json, headers={"Idempotency-Key": "1"})
            refused = response.status_code == 403
            assert refused == (role not in allowed), (method, path, response.text)
            assert response.status_code < 500, (method, path, response.text)
            if refused:
                assert response.json()["code"] == "not-your-role"


async def test_the_wrong_role_is_refused_before_the_body_is_judged(desk: Desk) -> None:
    async with desk.client(AUDITOR) as auditor:
        response = await auditor.post("/v1/cases", json={"nonsense": True})
    assert response.status_code == 403


@pytest.mark.parametrize("body", [b"{", b'{"a":' * 5_000, b"\xff", b"[" + b"9" * 5_000 + b"]"])
async def test_a_stranger_is_told_nothing_about_a_malformed_body(desk: Desk, body: bytes) -> None:
    json = {"Content-Type": "application/json", "Idempotency-Key": "1"}
    async with desk.client() as nobody, desk.client("wrong") as wrong, desk.client(CLERK) as clerk:
        for path in ("/v1/cases", f"/v1/cases/{CASE}/triage", f"/v1/cases/{CASE}/close"):
            missing = await nobody.post(path, content=body, headers=json)
            unknown = await wrong.post(path, content=body, headers=json)
            assert (missing.status_code, missing.json()["code"]) == (401, "token-missing")
            assert (unknown.status_code, unknown.json()["code"]) == (401, "unknown-token")
        known = await clerk.post("/v1/cases", content=body, headers=json)
    assert (known.status_code, known.json()["code"]) == (422, "invalid-input")


async def test_only_the_duty_leader_signs_a_no(desk: Desk) -> None:
    body = REASON | DECISIONS["close"]
    async with desk.client(SUPERVISOR) as supervisor:
        response = await supervisor.post(f"/v1/cases/{CASE}/close", json=body, headers={"Idempotency-Key": "1"})
    assert response.status_code == 403


async def test_a_foreign_case_and_a_missing_one_look_the_same(desk: Desk) -> None:
    async with desk.client(CLERK) as clerk, desk.client(OFFICER) as officer:
        case_id = (await clerk.post("/v1/cases", json=REGISTRATION)).json()["case_id"]
        foreign = await officer.get(f"/v1/cases/{case_id}")
        missing = await officer.get("/v1/cases/LD-2023-999999")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json() == missing.json()


async def test_me_tells_what_the_role_allows(desk: Desk) -> None:
    async with desk.client(CLERK) as clerk:
        me = (await clerk.get("/v1/me")).json()
    assert (me["person_id"], me["role"]) == ("clerk", "clerk")
    assert set(me["may"]) == {
        "REGISTER", "RECORD_CONTACT", "READ", "LIST", "ANSWER_EXTERNAL", "ISSUE_PROGRESS_CODE", "FOLLOW_UP",
        "READ_FOLLOW_UP", "RECORD_MATERIAL", "READ_MATERIAL", "READ_LETTER",
    }  # fmt: skip
