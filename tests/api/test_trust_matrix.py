"""Every route of the running application against every identity, with the exact status that each must get."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from adapters.webhook_signature import sign
from api.throttle import Throttle
from domain.person import PersonRole
from tests.api.bodies import launched
from tests.api.conftest import Desk, token
from tests.api.test_access import LINKED, OPEN, REQUESTERS, ROLES, SIGNED, _address, _body, _routes

ANONYMOUS, DISABLED, EXPIRED = "anonymous", "disabled", "expired"
MARKET, POLICE, OTHER_DOOR = "signed by market", "signed by police", "signed by police, at its own door"
STRANGERS = (ANONYMOUS, DISABLED, EXPIRED, MARKET, POLICE, OTHER_DOOR)
IDENTITIES = (*STRANGERS, *PersonRole)

_NO_CASE = 404
"""The address names a case that does not exist, or one that does not concern who asks: both look the same."""
ALLOWED = {
    ("POST", "/v1/cases"): 200,
    ("GET", "/v1/cases"): 200,
    ("GET", "/v1/departments"): 200,
    ("POST", "/v1/departments"): 422,
    ("GET", "/v1/departments/{code}"): 200,
    ("PUT", "/v1/departments/{code}"): 422,
    ("POST", "/v1/departments/{code}/rotate-key"): 200,
    ("POST", "/v1/departments/{code}/check"): 200,
    ("POST", "/v1/departments/{code}/disable"): 422,
    ("POST", "/v1/departments/{code}/enable"): 422,
    ("GET", "/v1/audit"): 200,
    ("POST", "/v1/cases/{case_id}/dishonesty-repair"): 422,
    ("POST", "/v1/cases/{case_id}/materials/{material_id}/clear"): 422,
    ("GET", "/v1/calendar"): 200,
    ("GET", "/v1/me"): 200,
    ("GET", "/metrics"): 200,
    ("GET", "/v1/inbox"): 200,
    ("GET", "/v1/inbox/{request_id}"): 404,
    ("POST", "/v1/inbox/{request_id}/acknowledge"): 404,
    ("POST", "/v1/inbox/{request_id}/reply"): 404,
}
"""What those get whom the route opens to, sent nothing but an empty object where the body is not at issue."""


def expected(route: tuple[str, str], identity: str) -> int:
    if route in OPEN:
        return 200
    if route in SIGNED:
        return {MARKET: 200, OTHER_DOOR: 404}.get(identity, 401)
    if route in LINKED:
        # The link itself is the credential; one that nobody mailed opens nothing for anybody
        return 404
    if route in REQUESTERS:
        # What the body holds is the credential. Nobody with a token of ours may rate, whoever it is.
        return 403 if _bearer(identity) and route[1] != "/v1/progress" else 422
    if identity in STRANGERS:
        return 401
    if PersonRole(identity) not in ROLES[route]:
        return 403
    return ALLOWED.get(route, _NO_CASE)


def routes(desk: Desk) -> Iterator[tuple[str, str]]:
    yield from sorted(_routes(desk))


async def test_a_route_without_an_expectation_fails(desk: Desk) -> None:
    found = set(routes(desk))
    assert found == set(ROLES) | OPEN | SIGNED | LINKED | REQUESTERS
    assert set(ALLOWED) <= found
    assert {path for _, path in set(ROLES) - set(ALLOWED)} <= {p for _, p in found if "{case_id}" in p}, (
        "a route without a case needs its own expected status in ALLOWED"
    )


@pytest.mark.parametrize("identity", IDENTITIES)
async def test_every_route_answers_every_identity_as_the_table_says(desk: Desk, identity: str) -> None:
    case_id = await launched(desk)
    desk.app.state.throttle = Throttle(tokens_a_minute=10_000, signatures_a_minute=10_000)
    wrong = []
    async with desk.client() as client:
        for number, route in enumerate(routes(desk)):
            method, path = route
            signed = _signed(desk, identity, case_id, number)
            address = _address(path).replace("LD-2023-000001", "LD-2023-999999")
            if identity == OTHER_DOOR:
                address = address.replace("/market/", "/police/")
            content = signed[0] if route in SIGNED else _content(method, path)
            headers = {"Idempotency-Key": "1", "Content-Type": "application/json"} | signed[1] | _bearer(identity)
            response = await client.request(method, address, content=content, headers=headers)
            if response.status_code != expected(route, identity):
                wrong.append(f"{method} {path}: {response.status_code}, expected {expected(route, identity)}")
    assert not wrong, "\n".join(wrong)


async def test_spoofed_headers_open_nothing(desk: Desk) -> None:
    spoofed = {
        "X-Forwarded-For": "127.0.0.1",
        "X-Forwarded-User": "admin",
        "X-User": "admin",
        "X-Remote-User": "admin",
        "Forwarded": "for=127.0.0.1",
        "Cookie": f"token={token(PersonRole.ADMIN)}",
    }
    desk.app.state.throttle = Throttle(tokens_a_minute=10_000)
    async with desk.client() as nobody:
        for method, path in sorted(ROLES):
            response = await nobody.request(method, _address(path), headers=spoofed)
            assert response.status_code == 401, (method, path)


async def test_what_is_foreign_and_what_is_missing_look_the_same_to_a_department(desk: Desk) -> None:
    case_id = await launched(desk)
    answers = []
    for request in (f"{case_id}.dissolve", f"{case_id}.nothing", "LD-2023-999999.dissolve"):
        body = _message(request)
        headers = sign(desk.secrets["police"], f"m-{request}", datetime.now(UTC), body)
        async with desk.client() as police:
            answers.append(await police.post("/v1/departments/police/callbacks", content=body, headers=headers))
    assert {one.status_code for one in answers} == {404}
    assert len({one.text for one in answers}) == 1
    assert len({tuple(sorted(one.headers)) for one in answers}) == 1


def _bearer(identity: str) -> dict[str, str]:
    holder = identity if identity in (DISABLED, EXPIRED) or identity in set(PersonRole) else None
    return {"Authorization": f"Bearer {token(holder)}"} if holder else {}


def _signed(desk: Desk, identity: str, case_id: str, number: int) -> tuple[str, dict[str, str]]:
    body = _message(f"{case_id}.dissolve")
    by = {MARKET: "market", POLICE: "police", OTHER_DOOR: "police"}.get(identity)
    headers = sign(desk.secrets[by], f"m-{number}", datetime.now(UTC), body) if by else {}
    return body, headers


def _message(request: str) -> str:
    data = {"request_id": request, "round": 1}
    return json.dumps({"type": "request.acknowledged", "timestamp": "2023-01-03T10:00:00+08:00", "data": data})


def _content(method: str, path: str) -> bytes | None:
    return json.dumps(_body(path)).encode() if method in ("POST", "PUT") else None
