"""Bodies that are in order, and the way of a case through the public API."""

import copy
from typing import Any

from domain.person import PersonRole
from tests.api.conftest import Desk

REGISTRATION: dict[str, Any] = {
    "external_id": "HK-2023-0017",
    "title": "新店地址被占用",
    "request": "希望春节前开业",
    "requester": {
        "type": "enterprise",
        "name": "某餐饮有限公司",
        "contact": "021-55550000",
        "resident_id": "310000199001010010",
        "uscc": "91310000ABAAMA001R",
        "health": "不适合",
    },
    "item": {"name": "食品经营许可"},
    "category": "several-departments",
    "wish_date": "2023-01-20",
}
TRIAGE: dict[str, Any] = {"decision": "COORDINATE", "cause": "CROSS_DEPT"}
PLAN: dict[str, Any] = {
    "asks": [
        {"key": "dissolve", "department": "market", "role": "LEAD", "text": "办理简易注销", "sees": ["request"]},
        {"key": "owner", "kind": "EXTERNAL", "role": "EXTERNAL", "party": "物业", "text": "联系原租户"},
        {"key": "licence", "department": "market", "text": "营业执照", "after": ["dissolve", "owner"]},
    ]
}
REASON: dict[str, Any] = {"reason": "现场核实"}
CASE = "LD-2023-000001"


def changed(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of the body with another value at a dotted path."""
    copied = copy.deepcopy(body)
    place: Any = copied
    *before, last = path.split(".")
    for part in before:
        place = place[int(part)] if part.isdigit() else place[part]
    place[last] = value
    return copied


async def registered(desk: Desk) -> str:
    async with desk.client(PersonRole.CLERK) as clerk:
        response = await clerk.post("/v1/cases", json=REGISTRATION)
    assert response.status_code == 201, response.text
    case_id: str = response.json()["case_id"]
    return case_id


async def triaged(desk: Desk) -> str:
    case_id = await registered(desk)
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        response = await leader.post(f"/v1/cases/{case_id}/triage", json=TRIAGE)
    assert response.status_code == 200, response.text
    return case_id


async def launched(desk: Desk) -> str:
    case_id = await triaged(desk)
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        response = await leader.post(f"/v1/cases/{case_id}/launch", json=PLAN)
    assert response.status_code in (200, 202), response.text
    return case_id
