"""The requester's own doors: number and code in the body, one answer for every failure, ratings by private link."""

import datetime as dt
from typing import Any

import pytest
from httpx import AsyncClient

from domain.person import PersonRole
from services.order_follow_ups import order_follow_ups
from tests.api.bodies import CASE, REGISTRATION
from tests.api.conftest import Desk

ADVICE = {"decision": "RESOLVE_ON_SPOT", "cause": "UNAWARE", "advice": "请在一网通办平台申请"}
SATISFIED = {"coordination": "SATISFIED", "item": "DISSATISFIED", "comment": "很快"}


async def registered(desk: Desk, external_id: str = "HK-1") -> dict[str, str]:
    async with desk.client(PersonRole.CLERK) as clerk:
        made = (await clerk.post("/v1/cases", json=REGISTRATION | {"external_id": external_id})).json()
    return {"case_id": made["case_id"], "code": made["progress_code"]}


async def closed(desk: Desk, external_id: str = "HK-1") -> dict[str, str]:
    known = await registered(desk, external_id)
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        assert (await leader.post(f"/v1/cases/{known['case_id']}/triage", json=ADVICE)).status_code == 200
    await order_follow_ups(desk.office)
    return known


async def linked(requester: AsyncClient, known: dict[str, str]) -> dict[str, Any]:
    response = await requester.post("/v1/progress/rating-link", json=known)
    assert response.status_code == 200, response.text
    return {"case_id": known["case_id"], "token": response.json()["token"]}


def wrong(code: str) -> str:
    """A well-formed code, and not this one: two characters changed so that the check character still holds."""
    alphabet = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
    first, second = alphabet.index(code[0]), alphabet.index(code[1])
    changed = alphabet[(first + 2) % 31] + alphabet[(second - 1) % 31]
    return changed + code[2:]


async def test_the_code_is_told_once_and_opens_the_own_case(desk: Desk) -> None:
    known = await registered(desk)
    async with desk.client(PersonRole.CLERK) as clerk:
        again = await clerk.post("/v1/cases", json=REGISTRATION | {"external_id": "HK-1"})
        read = await clerk.get(f"/v1/cases/{known['case_id']}")
    assert (again.status_code, again.json()["progress_code"]) == (200, None)
    assert "progress_code" not in read.json()
    async with desk.client() as requester:
        shown = await requester.post("/v1/progress", json=known)
        sloppy = await requester.post("/v1/progress", json=known | {"code": known["code"].replace("-", " ").lower()})
    assert shown.status_code == sloppy.status_code == 200
    told = shown.json()
    assert told["now"]["zh"] == "已登记，等待值班长研判"
    assert told["next_contact_by"] == "2023-01-04T09:00:00Z"
    assert "2023-01-04 17:00" in told["next_contact"]["zh"]
    for personal in ("某餐饮有限公司", "021-55550000", "310000199001010010", "不适合"):
        assert personal not in shown.text


async def test_wrong_code_unknown_case_and_locked_case_get_one_answer(desk: Desk) -> None:
    known = await registered(desk)
    guess = {"case_id": known["case_id"], "code": wrong(known["code"])}
    async with desk.client() as requester:
        first = await requester.post("/v1/progress", json=guess)
        unknown = await requester.post("/v1/progress", json=guess | {"case_id": "LD-2023-999999"})
        for _ in range(9):
            await requester.post("/v1/progress", json=guess)
        locked = await requester.post("/v1/progress", json=known)
        desk.wall.at += dt.timedelta(minutes=15)
        opened = await requester.post("/v1/progress", json=known)
    assert first.status_code == unknown.status_code == locked.status_code == 404
    assert first.json() == unknown.json() == locked.json()
    assert opened.status_code == 200


async def test_a_slip_of_the_hand_is_told_and_costs_no_attempt(desk: Desk) -> None:
    known = await registered(desk)
    slip = known["code"][:-1] + ("3" if known["code"][-1] == "2" else "2")
    swapped = known["code"][1] + known["code"][0] + known["code"][2:]
    async with desk.client() as requester:
        for typed in [slip, "x", "0000-0000-0"] * 5 + ([swapped] if swapped != known["code"] else []):
            response = await requester.post("/v1/progress", json=known | {"code": typed})
            assert (response.status_code, response.json()["code"]) == (422, "progress-code-mistyped")
            assert typed not in response.text or len(typed) < 3
        assert (await requester.post("/v1/progress", json=known)).status_code == 200


async def test_a_new_code_replaces_the_old_one_and_is_on_record(desk: Desk) -> None:
    known = await registered(desk)
    async with desk.client(PersonRole.CLERK) as clerk:
        issued = await clerk.post(f"/v1/cases/{known['case_id']}/progress-code")
        timeline = await clerk.get(f"/v1/cases/{known['case_id']}/timeline")
    assert issued.status_code == 201
    assert issued.json()["progress_code"] not in timeline.text
    assert "PROGRESS_CODE_ISSUED" in timeline.text
    async with desk.client() as requester:
        assert (await requester.post("/v1/progress", json=known)).status_code == 404
        fresh = known | {"code": issued.json()["progress_code"]}
        assert (await requester.post("/v1/progress", json=fresh)).status_code == 200


async def test_the_requester_rates_once_with_the_private_link(desk: Desk) -> None:
    known = await closed(desk)
    async with desk.client() as requester:
        before = (await requester.post("/v1/progress", json=known)).json()
        link = await linked(requester, known)
        rated = await requester.post("/v1/ratings", json=link | SATISFIED)
        again = await requester.post("/v1/ratings", json=link | SATISFIED)
        other = await requester.post("/v1/ratings", json=link | SATISFIED | {"coordination": "VERY_SATISFIED"})
        after = (await requester.post("/v1/progress", json=known)).json()
    assert before["rating"]["state"] == "open"
    assert before["outcome"]["label"]["zh"] == "已解释说明"
    assert before["outcome"]["reason"] == ADVICE["advice"]
    assert (rated.status_code, rated.json()) == (200, again.json())
    assert rated.json()["delivered"] is True
    assert (other.status_code, other.json()["code"]) == (409, "already-rated")
    assert after["rating"]["state"] == "rated"
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        state = (await leader.get(f"/v1/cases/{known['case_id']}/follow-ups")).json()["items"][0]["state"]
    assert (state["rating"]["coordination"], state["rating"]["item"]) == ("SATISFIED", "DISSATISFIED")


@pytest.mark.parametrize("role", list(PersonRole))
async def test_staff_can_neither_rate_nor_get_a_link(desk: Desk, role: PersonRole) -> None:
    known = await closed(desk)
    async with desk.client() as requester:
        link = await linked(requester, known)
    async with desk.client(role) as staff:
        for path, body in (("/v1/ratings", link | SATISFIED), ("/v1/progress/rating-link", known)):
            response = await staff.post(path, json=body)
            assert (response.status_code, response.json()["code"]) == (403, "staff-never-rate")
    assert desk.follow_ups.snapshots[f"{known['case_id']}.followup1"].rating is None


async def test_somebody_elses_link_looks_like_none(desk: Desk) -> None:
    first, second = await closed(desk), await closed(desk, "HK-2")
    async with desk.client() as requester:
        link = await linked(requester, first)
        foreign = await requester.post("/v1/ratings", json=link | SATISFIED | {"case_id": second["case_id"]})
        unknown = await requester.post("/v1/ratings", json=link | SATISFIED | {"token": "lr_" + "0" * 43})
    assert foreign.status_code == 404
    assert foreign.json() == unknown.json()


async def test_outside_its_window_there_is_no_rating(desk: Desk) -> None:
    early = await registered(desk, "HK-0")
    known = await closed(desk)
    async with desk.client() as requester:
        too_early = await requester.post("/v1/progress/rating-link", json=early)
        link = await linked(requester, known)
        desk.wall.at += dt.timedelta(days=60)
        too_late = await requester.post("/v1/ratings", json=link | SATISFIED)
        told = (await requester.post("/v1/progress", json=known)).json()
    assert (too_early.status_code, too_early.json()["code"]) == (409, "not-rateable-yet")
    assert (too_late.status_code, too_late.json()["code"]) == (409, "rating-closed")
    assert told["rating"]["state"] == "closed"


@pytest.mark.parametrize(
    "change", [{"coordination": "BEST"}, {"coordination": 5}, {"token": "short"}, {"case_id": "1"}, {"staff": True}]
)
async def test_a_malformed_rating_is_refused(desk: Desk, change: dict[str, Any]) -> None:
    async with desk.client() as requester:
        body = {"case_id": CASE, "token": "lr_" + "0" * 43} | SATISFIED | change
        assert (await requester.post("/v1/ratings", json=body)).status_code == 422


async def test_a_reopened_matter_is_read_with_the_same_code(desk: Desk) -> None:
    known = await closed(desk)
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        body = {"cause": "NEW_EVIDENCE", "reason": "补充证明", "new_evidence": "新的租赁备案证明"}
        reopened = await leader.post(f"/v1/cases/{known['case_id']}/reopen", json=body)
        first = await leader.get(f"/v1/cases/{known['case_id']}")
    assert reopened.status_code == 201, reopened.text
    second = reopened.json()
    assert (second["lineage"]["reopened_from"], second["lineage"]["generation"]) == (known["case_id"], 2)
    assert first.json()["lineage"]["reopened_as"] == [second["case_id"]]
    async with desk.client() as requester:
        old = (await requester.post("/v1/progress", json=known)).json()
        new = (await requester.post("/v1/progress", json=known | {"case_id": second["case_id"]})).json()
    assert old["reopened_as"] == [second["case_id"]]
    assert new["reopened_from"] == known["case_id"]


async def test_not_resolved_at_the_call_opens_the_matter_again(desk: Desk) -> None:
    known = await closed(desk)
    async with desk.client(PersonRole.CLERK) as clerk:
        path, key = f"/v1/cases/{known['case_id']}/follow-up/call", {"Idempotency-Key": "1"}
        call = {"reached": True, "resolved": False}
        said = [(await clerk.post(path, json=call, headers=key)).status_code for _ in range(2)]
        case = (await clerk.get(f"/v1/cases/{known['case_id']}")).json()
    assert said == [200, 200]
    assert len(case["lineage"]["reopened_as"]) == 1
