"""A case through the public API, from the counter to a decision."""

import json

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.ids import case_of
from domain.person import PersonRole
from store.tables.cases import SerialRow
from tests.api.bodies import PLAN, REASON, REGISTRATION, TRIAGE, changed, launched, registered, triaged
from tests.api.conftest import Desk


async def test_registering_twice_is_one_case(desk: Desk) -> None:
    async with desk.client(PersonRole.CLERK) as clerk:
        first = await clerk.post("/v1/cases", json=REGISTRATION)
        again = await clerk.post("/v1/cases", json=REGISTRATION)
        other = await clerk.post("/v1/cases", json=changed(REGISTRATION, "title", "另一件事"))
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert first.json()["case_id"] == again.json()["case_id"]
    assert first.headers["location"] == f"/v1/cases/{first.json()['case_id']}"
    assert first.json()["first_contact"]["due_at"] == "2023-01-04T09:00:00Z"
    assert other.json()["code"] == "already-registered-differently"


async def test_a_case_goes_from_the_counter_to_its_launch(desk: Desk) -> None:
    case_id = await registered(desk)
    async with desk.client(PersonRole.CLERK) as clerk, desk.client(PersonRole.DUTY_LEADER) as leader:
        contact = await clerk.post(f"/v1/cases/{case_id}/first-contact", json={"channel": "phone"})
        triage = await leader.post(f"/v1/cases/{case_id}/triage", json=TRIAGE)
        preview = await leader.post(f"/v1/cases/{case_id}/plan/preview", json=PLAN)
        assert not desk.engine.launches
        launch = await leader.post(f"/v1/cases/{case_id}/launch", json=PLAN)
        again = await leader.post(f"/v1/cases/{case_id}/launch", json=PLAN)
        case = await leader.get(f"/v1/cases/{case_id}")
        clocks = await leader.get(f"/v1/cases/{case_id}/clocks")
        timeline = await leader.get(f"/v1/cases/{case_id}/timeline")
    assert contact.json()["first_contact"]["channel"] == "phone"
    assert triage.json()["stage"] == "TRIAGED"
    dissolve = preview.json()["asks"][0]
    assert dissolve["due"]["at"] == "2023-01-10T09:00:00Z"
    assert dissolve["due"]["lines"][-1]["instant"] == dissolve["due"]["at"]
    assert preview.json()["plan"]["asks"][0]["reply_limit"] == "5 working_days"
    assert (launch.status_code, again.status_code) == (200, 200)
    assert launch.json()["stage"] == "COORDINATING"
    assert list(desk.engine.launches) == [case_id]
    assert [one["key"] for one in case.json()["coordination"]["requests"]] == ["dissolve", "owner", "licence"]
    assert clocks.json()["clocks"][0]["clock"]["kind"] == "first_contact"
    kinds = [fact["kind"] for fact in timeline.json()["facts"]]
    assert kinds[:4] == ["REGISTERED", "FIRST_CONTACT", "TRIAGED", "LAUNCH_REQUESTED"]
    assert timeline.json()["facts"][1]["previous_hash"] == timeline.json()["facts"][0]["hash"]


async def test_a_launch_without_engine_stays_ordered(desk: Desk) -> None:
    case_id = await triaged(desk)
    desk.engine.away = True
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        launch = await leader.post(f"/v1/cases/{case_id}/launch", json=PLAN)
        case = await leader.get(f"/v1/cases/{case_id}")
        decision = await leader.post(f"/v1/cases/{case_id}/withdraw", json=REASON, headers={"Idempotency-Key": "1"})
    assert launch.status_code == 202
    assert launch.json()["stage"] == case.json()["stage"] == "LAUNCHING"
    assert decision.status_code == 503
    assert int(decision.headers["retry-after"]) > 0


async def test_lists_have_pages_and_filters(desk: Desk) -> None:
    async with desk.client(PersonRole.CLERK) as clerk:
        for number in range(5):
            body = changed(REGISTRATION, "external_id", f"X-{number}")
            assert (await clerk.post("/v1/cases", json=body)).status_code == 201
        seen: list[str] = []
        cursor: str | None = None
        while True:
            query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = (await clerk.get("/v1/cases", params=query)).json()
            seen += [line["case_id"] for line in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        overdue = await clerk.get("/v1/cases", params={"overdue": True})
        desk.wall.at = desk.wall.at.replace(day=6)
        overdue_later = await clerk.get("/v1/cases", params={"overdue": True})
        mine = await clerk.get("/v1/cases", params={"mine": True})
    assert seen == [f"LD-2023-00000{number}" for number in (5, 4, 3, 2, 1)]
    assert (len(overdue.json()["items"]), len(overdue_later.json()["items"])) == (0, 5)
    assert len(mine.json()["items"]) == 5


async def test_mine_are_the_cases_that_a_clerk_registered(desk: Desk) -> None:
    async with desk.client(PersonRole.CLERK) as clerk, desk.client(PersonRole.DUTY_LEADER) as leader:
        own = (await clerk.post("/v1/cases", json=REGISTRATION)).json()["case_id"]
        other = changed(REGISTRATION, "external_id", "X-9")
        assert (await leader.post("/v1/cases", json=other)).status_code == 201
        mine = await clerk.get("/v1/cases", params={"mine": True})
        owned = await clerk.get("/v1/cases", params={"mine": True, "owner": "duty_leader"})
    assert [line["case_id"] for line in mine.json()["items"]] == [own]
    assert owned.json()["items"] == []


async def test_a_department_is_a_filter(desk: Desk) -> None:
    case_id = await launched(desk)
    launch = desk.engine.launches[case_id]
    async with desk.store.writing() as session:
        await session.cases.project((await desk.engine.snapshot(launch.case_id)).model_copy(update={"version": 99}))
    async with desk.client(PersonRole.DEPARTMENT_OFFICER) as officer, desk.client(PersonRole.SUPERVISOR) as supervisor:
        everything = await officer.get("/v1/cases")
        named = await officer.get("/v1/cases", params={"department": "market"})
        foreign = await officer.get("/v1/cases", params={"department": "police"})
        market = await supervisor.get("/v1/cases", params={"department": "market"})
        nobody = await supervisor.get("/v1/cases", params={"department": "water"})
        wrong = await supervisor.get("/v1/cases", params={"department": "Robert'); DROP TABLE"})
    for shown in (everything, named, market):
        assert [line["case_id"] for line in shown.json()["items"]] == [case_id]
    assert foreign.json()["items"] == nobody.json()["items"] == []
    assert wrong.status_code == 422


@pytest.mark.parametrize("name", ["waiting_on", "department"])
async def test_a_department_that_is_not_in_the_directory_is_refused_with_those_that_are(desk: Desk, name: str) -> None:
    """An empty list would say that nobody waits."""
    async with desk.client(PersonRole.SUPERVISOR) as supervisor, desk.client(PersonRole.DEPARTMENT_OFFICER) as officer:
        refused = await supervisor.get("/v1/cases", params={name: "nowhere"})
        hidden = await officer.get("/v1/cases", params={name: "nowhere"})
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown-department"), refused.text
    (problem,) = refused.json()["problems"]
    assert problem["field"] == name
    assert "housing, market" in refused.json()["detail"]
    assert (hidden.status_code, hidden.json()["items"]) == (200, [])


async def test_a_case_number_that_is_none_is_refused_with_what_one_looks_like(desk: Desk) -> None:
    async with desk.client(PersonRole.SUPERVISOR) as supervisor:
        refused = await supervisor.get("/v1/cases/LD-1")
    (problem,) = refused.json()["problems"]
    assert (refused.status_code, problem["field"]) == (422, "case_id")
    assert "LD-2026-000001" in problem["detail"]


async def test_mine_are_the_cases_of_the_duty_leader(desk: Desk) -> None:
    case_id = await launched(desk)
    async with desk.client(PersonRole.DUTY_LEADER) as leader, desk.client("other_leader") as other:
        mine = await leader.get("/v1/cases", params={"mine": True})
        theirs = await other.get("/v1/cases", params={"mine": True})
        both = await leader.get("/v1/cases", params={"mine": True, "owner": "other_leader"})
    assert [line["case_id"] for line in mine.json()["items"]] == [case_id]
    assert theirs.json()["items"] == []
    assert (both.status_code, both.json()["problems"][0]["field"]) == (422, "owner")


async def test_personal_data_is_masked_unless_one_handles_the_case(desk: Desk) -> None:
    case_id = await launched(desk)
    secret = ("021-55550000", "310000199001010010", "不适合", "某餐饮有限公司")
    for who in ("clerk", "duty_leader", "other_leader", "auditor", "supervisor", "department_officer"):
        async with desk.client(who) as reader:
            texts = [(await reader.get(f"/v1/cases/{case_id}{part}")).text for part in ("", "/timeline", "/clocks")]
            texts.append((await reader.get("/v1/cases")).text)
        shown = json.loads(texts[0])["requester"]
        if who in ("clerk", "duty_leader"):
            assert shown["name"] == "某餐饮有限公司"
            assert not shown["masked"]
        else:
            assert not any(value in text for value in secret for text in texts), who
    async with desk.client("auditor") as auditor:
        shown = (await auditor.get(f"/v1/cases/{case_id}")).json()["requester"]
    assert shown["masked"]
    assert shown["name"] == "某**"
    assert shown["resident_id"].startswith("3*")
    assert shown["uscc"] == "91310000ABAAMA001R"


async def test_a_department_officer_gets_its_own_requests_only(desk: Desk) -> None:
    case_id = await launched(desk)
    async with desk.client(PersonRole.DEPARTMENT_OFFICER) as officer:
        case = (await officer.get(f"/v1/cases/{case_id}")).json()
    assert [one["key"] for one in case["coordination"]["requests"]] == ["dissolve", "licence"]
    assert case["request"] == REGISTRATION["request"]
    assert case["requester"]["contact"] is None
    assert case["first_contact"] is None, "neither when the window called nor when it should have"


async def test_a_year_may_have_more_than_999_999_cases(desk: Desk) -> None:
    async with AsyncSession(desk.store._writer) as session, session.begin():
        session.add(SerialRow(year=2023, last=999_999))
    case_id = await launched(desk)
    assert case_id == "LD-2023-1000000"
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        shown = await leader.get(f"/v1/cases/{case_id}")
        extended = await leader.post(
            f"/v1/cases/{case_id}/requests/dissolve/extend",
            json={"reason": "现场核实", "round": 1, "limit": "2 working_days"},
            headers={"idempotency-key": "k-1"},
        )
    assert (shown.status_code, extended.status_code) == (200, 200), extended.text
    assert case_of(f"{case_id}.dissolve") == case_id
