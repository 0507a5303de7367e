"""Departments that come, change their keys and leave while everything runs."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from httpx import Response

from adapters.webhook_signature import new_private_key, new_secret, public_key_of, sign
from domain.department import Department
from domain.disable_department import HandOverRound
from domain.person import PersonRole
from simulators.app import create_app
from simulators.department import Secrets
from simulators.server import serving
from tests.api.bodies import PLAN, launched, triaged
from tests.api.conftest import Desk

CALLBACKS = "/v1/departments/{code}/callbacks"
NEW: dict[str, Any] = {
    "code": "archive",
    "name_zh": "档案馆",
    "name_en": "Archives",
    "technique": "WEBHOOK",
    "base_url": "https://archive.example.org/liandong",
}


async def _admin(desk: Desk, method: str, path: str, body: dict[str, Any] | None = None) -> Response:
    async with desk.client(PersonRole.ADMIN) as admin:
        return await admin.request(method, f"/v1{path}", json=body)


async def _callback(desk: Desk, key: str, case_id: str, message_id: str, code: str = "market") -> Response:
    data = {"request_id": f"{case_id}.dissolve", "round": 1}
    body = json.dumps({"type": "request.acknowledged", "timestamp": "2023-01-03T10:00:00+08:00", "data": data})
    headers = sign(key, message_id, datetime.now(UTC), body)
    async with desk.client() as department:
        return await department.post(f"/v1/departments/{code}/callbacks", content=body, headers=headers)


async def test_an_added_department_takes_part_at_once(desk: Desk) -> None:
    added = await _admin(desk, "POST", "/departments", NEW)
    assert added.status_code == 201, added.text
    assert added.headers["cache-control"] == "no-store"
    secret = added.json()["keys"]["webhook_secret"]
    case_id = await triaged(desk)
    ask = {"key": "dissolve", "department": "archive", "role": "LEAD", "text": "查档", "reply_limit": "5 working_days"}
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        launch = await leader.post(f"/v1/cases/{case_id}/launch", json={"asks": [ask]})
    assert launch.status_code == 200, launch.text
    assert (await _callback(desk, secret, case_id, "m-1", "archive")).status_code == 200
    again = await _admin(desk, "POST", "/departments", NEW)
    assert (again.status_code, again.json()["code"]) == (409, "department-exists")


async def test_of_two_who_add_the_same_department_at_once_one_has_its_keys(desk: Desk) -> None:
    answers = await asyncio.gather(*(_admin(desk, "POST", "/departments", NEW) for _ in range(2)))
    assert sorted(one.status_code for one in answers) == [201, 409]
    (secret,) = [one.json()["keys"]["webhook_secret"] for one in answers if one.status_code == 201]
    async with desk.client() as department:
        body = json.dumps({"type": "request.acknowledged", "timestamp": "2023-01-03T10:00:00+08:00", "data": {}})
        headers = sign(secret, "m-1", datetime.now(UTC), body)
        answer = await department.post("/v1/departments/archive/callbacks", content=body, headers=headers)
    assert answer.status_code == 422, "the signature is good: it is the message that lacks something"


async def test_people_who_are_added_can_answer_at_once(desk: Desk) -> None:
    people = {name: value for name, value in NEW.items() if name != "base_url"}
    added = await _admin(desk, "POST", "/departments", people | {"technique": "PEOPLE", "mail": "archive@example.org"})
    assert added.status_code == 201, added.text
    assert added.json()["department"]["mail"] == "archive@example.org"
    officer = added.json()["officer"]
    headers = {"Authorization": f"Bearer {officer['token']}"}
    async with desk.client() as client:
        me = (await client.get("/v1/me", headers=headers)).json()
        inbox = await client.get("/v1/inbox", headers=headers)
    assert (me["person_id"], me["role"], me["department"]) == ("officer-archive", "department_officer", "archive")
    assert (inbox.status_code, inbox.json()["items"]) == (200, [])
    assert (await _admin(desk, "POST", "/departments", NEW | {"code": "fire"})).json()["officer"] is None


SETTINGS: dict[str, Any] = {
    "base_url": "https://market.example.org/liandong",
    "own_network": None,
    "mail": "market@example.org",
    "poll_seconds": 300,
    "poll_seconds_near_due": 30,
    "quiet": {"starts": "21:00", "ends": "07:00"},
    "sign_limit": "4 working_hours",
    "reply_limit": "3 working_days",
    "signs": False,
    "max_concurrency": 3,
    "max_sends_per_minute": 60,
    "max_messages_per_minute": 70,
}


async def test_every_setting_is_shown_and_a_change_leaves_alone_what_it_does_not_name(desk: Desk) -> None:
    names = {"name_zh": "市场监管局", "name_en": "Market", "technique": "WEBHOOK"}
    changed = await _admin(desk, "PUT", "/departments/market", names | SETTINGS)
    assert changed.status_code == 200, changed.text
    assert set(SETTINGS) | set(names) | {"code", "enabled"} == set(changed.json()), "each can be set"
    assert changed.json().items() >= SETTINGS.items()

    one = await _admin(desk, "PUT", "/departments/market", names | {"reply_limit": "2 working_days", "quiet": None})
    assert one.status_code == 200, one.text
    assert one.json().items() >= (SETTINGS | {"reply_limit": "2 working_days", "quiet": None}).items()
    assert (await _admin(desk, "GET", "/departments/market")).json() == one.json()
    wrong = await _admin(desk, "PUT", "/departments/market", names | {"poll_seconds": None})
    assert (wrong.status_code, wrong.json()["problems"][0]["field"]) == (422, "poll_seconds")


async def test_keys_are_shown_once_and_nowhere_else(desk: Desk) -> None:
    secret = (await _admin(desk, "POST", "/departments", NEW)).json()["keys"]["webhook_secret"]
    read = [await _admin(desk, "GET", path) for path in ("/departments/archive", "/departments", "/audit")]
    assert all(secret not in one.text for one in read)
    assert read[0].json()["base_url"] == NEW["base_url"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"base_url": "http://archive.example.org/"}, "base_url"),
        ({"base_url": "https://10.0.0.1/"}, "base_url"),
        ({"base_url": "https://169.254.169.254/", "own_network": "169.254.0.0/16"}, "base_url"),
        ({"base_url": ""}, "base_url"),
        ({"base_url": "http://127.0.0.1:8233/", "own_network": "127.0.0.0/8"}, "base_url"),
        ({"base_url": "https://archive.example.org/", "own_network": "127.0.0.1/32"}, "base_url"),
        ({"base_url": "http://[::1]:8233/", "own_network": "::1/128"}, "base_url"),
        ({"own_network": "0.0.0.0/0"}, "own_network"),
        ({"own_network": "here"}, "own_network"),
        ({"code": "A"}, "code"),
        ({"technique": "PIGEON"}, "technique"),
        ({"enabled": False}, "enabled"),
    ],
)
async def test_an_entry_that_breaks_a_rule_is_refused(desk: Desk, change: dict[str, Any], field: str) -> None:
    response = await _admin(desk, "POST", "/departments", NEW | change)
    assert response.status_code == 422, response.text
    assert field in response.json()["problems"][0]["field"]
    assert (await _admin(desk, "GET", "/departments/archive")).status_code == 404


async def test_during_a_rotation_both_keys_are_good_and_afterwards_only_the_new_one(desk: Desk) -> None:
    case_id, old = await launched(desk), desk.secrets["market"]
    rotated = await _admin(desk, "POST", "/departments/market/rotate-key", {"overlap_hours": 24})
    new = rotated.json()["webhook_secret"]
    assert rotated.json()["former_until"] is not None
    assert (await _callback(desk, old, case_id, "m-1")).status_code == 200
    assert (await _callback(desk, new, case_id, "m-2")).status_code == 200
    newest = (await _admin(desk, "POST", "/departments/market/rotate-key", {"overlap_hours": 0})).json()
    assert newest["former_until"] is None
    assert [
        (await _callback(desk, key, case_id, f"m-{key}")).status_code for key in (new, newest["webhook_secret"])
    ] == [
        401,
        200,
    ]


async def test_a_department_may_sign_with_its_own_key_and_ours_can_be_shown_to_others(desk: Desk) -> None:
    case_id, key = await launched(desk), new_private_key()
    body = {"shared": False, "asymmetric": True, "public_keys": [public_key_of(key)]}
    answer = await _admin(desk, "POST", "/departments/market/rotate-key", body)
    assert answer.json()["public_key"].startswith("whpk_")
    assert answer.json()["webhook_secret"] is None
    assert (await _callback(desk, key, case_id, "m-1")).status_code == 200
    assert (await _callback(desk, desk.secrets["market"], case_id, "m-2")).status_code == 200
    assert (await _callback(desk, new_private_key(), case_id, "m-3")).status_code == 401
    wrong = await _admin(desk, "POST", "/departments/market/rotate-key", {"public_keys": ["whpk_x"]})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "key-not-valid")


async def test_a_former_key_never_falls_off_before_its_time(desk: Desk) -> None:
    case_id, first = await launched(desk), desk.secrets["market"]
    both = {"asymmetric": True}
    for _ in range(3):
        assert (await _admin(desk, "POST", "/departments/market/rotate-key", both)).status_code == 200
    assert (await _callback(desk, first, case_id, "m-1")).status_code == 200, "it was promised for a day"
    refused = await _admin(desk, "POST", "/departments/market/rotate-key", both)
    assert (refused.status_code, refused.json()["code"]) == (409, "former-keys-in-use")
    assert (await _callback(desk, first, case_id, "m-2")).status_code == 200
    at_once = await _admin(desk, "POST", "/departments/market/rotate-key", {"overlap_hours": 0})
    assert at_once.status_code == 200


async def test_a_disabled_department_is_out_and_its_open_rounds_are_handed_over(desk: Desk) -> None:
    case_id = await launched(desk)
    await desk.project(case_id)
    answer = await _admin(desk, "POST", "/departments/market/disable", {"reason": "系统迁移"})
    assert answer.json() == {"code": "market", "handed_over": 1}
    (order,) = desk.engine.decisions.values()
    assert isinstance(order, HandOverRound)
    assert (order.request_id, order.round) == (f"{case_id}.dissolve", 1)
    assert (order.decided_by, order.reason) == ("user:admin", "系统迁移")
    assert (await _callback(desk, desk.secrets["market"], case_id, "m-1")).status_code == 401
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        preview = await leader.post(f"/v1/cases/{await triaged_again(desk)}/plan/preview", json=PLAN)
    assert preview.status_code == 422
    assert "department-enabled" in preview.text
    back = await _admin(desk, "POST", "/departments/market/enable", {"reason": "完成"})
    assert back.json()["enabled"] is True
    assert (await _callback(desk, desk.secrets["market"], case_id, "m-1")).status_code == 200


async def test_an_engine_that_is_away_does_not_keep_a_department_in(desk: Desk) -> None:
    case_id = await launched(desk)
    await desk.project(case_id)
    desk.engine.away = True
    answer = await _admin(desk, "POST", "/departments/market/disable", {"reason": "系统迁移"})
    assert (answer.status_code, answer.json()["handed_over"]) == (200, 0)


async def test_the_technique_of_a_department_stays(desk: Desk) -> None:
    entry = {name: value for name, value in NEW.items() if name != "code"}
    changed = await _admin(desk, "PUT", "/departments/market", entry | {"technique": "POLLED"})
    assert (changed.status_code, changed.json()["code"]) == (409, "technique-is-fixed")
    del entry["base_url"]
    changed = await _admin(desk, "PUT", "/departments/market", entry | {"reply_limit": "2 working_days"})
    assert (changed.status_code, changed.json().get("reply_limit")) == (200, "2 working_days"), changed.text


async def test_every_change_and_every_closed_door_stands_in_the_audit(desk: Desk) -> None:
    await _admin(desk, "POST", "/departments", NEW)
    await _admin(desk, "POST", "/departments/archive/rotate-key", {})
    await _admin(desk, "POST", "/departments/archive/disable", {"reason": "试"})
    async with desk.client(PersonRole.CLERK) as clerk, desk.client() as nobody:
        await clerk.post("/v1/departments", json=NEW)
        await clerk.get("/v1/cases/LD-2023-999999")
        await nobody.get("/v1/me")
        await nobody.post("/v1/departments/market/callbacks", content=b"{}")
    async with desk.client(PersonRole.AUDITOR) as auditor:
        records = (await auditor.get("/v1/audit")).json()["items"]
    told = [(one["kind"], one["actor"], one["subject"], one["data"].get("code")) for one in reversed(records)]
    assert told == [
        ("DEPARTMENT_ADDED", "user:admin", "archive", None),
        ("KEY_ROTATED", "user:admin", "archive", None),
        ("DEPARTMENT_DISABLED", "user:admin", "archive", None),
        ("REFUSED", "user:clerk", "/v1/departments", "not-your-role"),
        ("REFUSED", "user:clerk", "/v1/cases/{case_id}", "unknown-case"),
        ("REFUSED", "unknown", "/v1/me", "token-missing"),
        (
            "REFUSED",
            "unknown, claims to be department:market",
            "/v1/departments/{code}/callbacks",
            "signature-not-valid",
        ),
    ]


async def test_a_prober_does_not_fill_the_audit(desk: Desk) -> None:
    async with desk.client(PersonRole.CLERK) as clerk:
        for _ in range(150):
            await clerk.get("/v1/audit")
    async with desk.client(PersonRole.AUDITOR) as auditor:
        assert len((await auditor.get("/v1/audit", params={"limit": 500})).json()["items"]) == 120


@asynccontextmanager
async def simulated(desk: Desk, secret: str | None = None) -> AsyncIterator[None]:
    """The market department as a system that answers, at an address of this machine."""
    app = create_app({"market": Secrets(webhook_secrets=(secret or desk.secrets["market"],))})
    async with serving(app) as url:
        place = {"code": "market", "base_url": f"{url}/market", "own_network": "127.0.0.0/8"}
        # As the operator's own file names it: an administrator may not
        async with desk.store.writing() as session:
            await session.directory.save(Department.model_validate(NEW | place))
        yield


async def _checked(desk: Desk, secret: str | None = None) -> dict[str, bool | None]:
    async with desk.client(PersonRole.ADMIN) as admin, simulated(desk, secret):
        report = (await admin.post("/v1/departments/market/check")).json()
    assert report["passed"] is all(step["passed"] for step in report["steps"] if step["passed"] is not None)
    return {step["name"]: step["passed"] for step in report["steps"]}


async def test_a_check_shows_that_a_department_can_be_worked_with(desk: Desk) -> None:
    seen = await _checked(desk)
    assert seen == {"reachable": True, "tls": None, "clock": None, "signature": True, "refuses-strangers": True}


async def test_a_check_shows_a_key_that_was_never_installed(desk: Desk) -> None:
    seen = await _checked(desk, new_secret())
    assert (seen["reachable"], seen["signature"]) == (True, False)


async def test_a_check_of_nobody_and_of_people(desk: Desk) -> None:
    people = await _admin(desk, "POST", "/departments/culture/check")
    assert [step["passed"] for step in people.json()["steps"]] == [None]
    async with desk.client(PersonRole.ADMIN) as admin:
        async with simulated(desk):
            pass
        gone = (await admin.post("/v1/departments/market/check")).json()
    assert (gone["passed"], gone["steps"][0]["detail"][:8]) == (False, "connect:")


async def triaged_again(desk: Desk) -> str:
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        body = {
            "title": "另一件",
            "request": "另一件事",
            "requester": {"type": "individual", "name": "某人"},
            "item": {"name": "事项"},
        }
        case_id = (await leader.post("/v1/cases", json=body)).json()["case_id"]
        await leader.post(f"/v1/cases/{case_id}/triage", json={"decision": "COORDINATE", "cause": "CROSS_DEPT"})
    return str(case_id)
