"""After the outcome on real processes: a follow-up begins by itself, and a rating outlives a killed worker."""

from uuid import uuid4

import pytest

from domain.follow_up_order import FollowUpOrder
from tests.server.waiting import until
from tests.server.world import Json, World

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(150)]

ADVICE: Json = {"decision": "RESOLVE_ON_SPOT", "cause": "UNAWARE", "advice": "请在一网通办平台申请"}


def registration() -> Json:
    return {
        "external_id": uuid4().hex,
        "title": "排水许可不会办",
        "request": "不知道在哪里申请",
        "requester": {"type": "individual", "name": "反映人乙", "resident_id": "310000195512310025"},
        "item": {"name": "排水许可"},
    }


async def closed(world: World) -> Json:
    """Case number and code of a case that was explained at the window."""
    made = (await world.post("clerk", "/v1/cases", registration())).json()
    path = f"/v1/cases/{made['case_id']}"
    contacted = await world.post("clerk", f"{path}/first-contact", {"channel": "counter"})
    triaged = await world.post("leader", f"{path}/triage", ADVICE)
    assert (contacted.status_code, triaged.status_code) == (200, 200), triaged.text
    return {"case_id": made["case_id"], "code": made["progress_code"]}


async def recorded(world: World, case_id: str, *, rated: bool = False) -> FollowUpOrder:
    """The follow-up as soon as the engine has recorded it."""

    async def look() -> FollowUpOrder | None:
        async with world.inside.store.reading() as session:
            order = await session.follow_ups.get(f"{case_id}.followup1")
        if order is None or order.snapshot is None or (rated and order.snapshot.rating is None):
            return None
        return order

    return await until(look, "the follow-up in the store")


async def test_a_follow_up_begins_by_itself_and_takes_a_rating_in_after_the_worker_is_back(world: World) -> None:
    known = await closed(world)
    await recorded(world, known["case_id"])
    await world.worker.kill()
    link = (await world.http.post("/v1/progress/rating-link", json=known)).json()
    rating = {"case_id": known["case_id"], "token": link["token"], "coordination": "DISSATISFIED"}
    rated = await world.http.post("/v1/ratings", json=rating, timeout=30)
    assert (rated.status_code, rated.json()["delivered"]) == (200, False), rated.text
    await world.worker.start()
    order = await recorded(world, known["case_id"], rated=True)
    assert order.snapshot is not None
    assert order.snapshot.review is not None, "a real-name bad review has its clock"
    again = await world.http.post("/v1/ratings", json=rating, timeout=30)
    assert again.json()["received_at"] == rated.json()["received_at"]
    await world.verified()


async def test_not_resolved_at_the_call_is_a_new_case_at_once(world: World) -> None:
    known = await closed(world)
    await recorded(world, known["case_id"])
    path = f"/v1/cases/{known['case_id']}/follow-up/call"
    called = await world.post("clerk", path, {"reached": True, "resolved": False}, key="call")
    assert called.status_code == 200, called.text
    told = (await world.http.post("/v1/progress", json=known)).json()
    (reopened,) = told["reopened_as"]
    now = await world.http.post("/v1/progress", json=known | {"case_id": reopened})
    assert (now.status_code, now.json()["reopened_from"]) == (200, known["case_id"])
    await world.verified()
