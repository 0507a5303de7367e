"""The same case, sent and launched several times at once, is one case with one run."""

import asyncio

import pytest

from domain.codes import CaseStage
from domain.fact import FactKind
from domain.launch import CaseLaunch
from tests.server.case import ask, registration, triaged
from tests.server.world import World

pytestmark = [
    pytest.mark.server,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(120, func_only=True),
]

AT_ONCE = 6


async def test_the_same_matter_registered_at_once_is_one_case(world: World) -> None:
    body = registration("twice-at-once")

    replies = await asyncio.gather(*(world.post("clerk", "/v1/cases", body) for _ in range(AT_ONCE)))

    assert sorted(one.status_code for one in replies) == [200] * (AT_ONCE - 1) + [201]
    assert len({one.json()["case_id"] for one in replies}) == 1
    await world.verified()


async def test_the_same_case_launched_at_once_and_again_has_one_run(world: World) -> None:
    case = await triaged(world, ask("one", "market"), ask("two", "police"))

    replies = await asyncio.gather(*(case.launch() for _ in range(AT_ONCE)))
    launch = CaseLaunch.model_validate_json((await case.intent()).launch_json)
    await asyncio.gather(*(world.inside.office.engine.start(launch) for _ in range(AT_ONCE)))
    await case.delivered()
    for key, department in (("one", "market"), ("two", "police")):
        assert (await world.call_back(department, case.reply(key))).status_code == 200
    await case.closed()
    after_the_end = await case.launch()
    await world.inside.office.engine.start(launch)

    assert {one.status_code for one in replies} <= {200, 202}, [one.text for one in replies]
    assert after_the_end.status_code == 200
    assert (await case.record()).stage is CaseStage.CLOSED
    assert await case.runs() == 1
    for kind in (FactKind.LAUNCH_REQUESTED, FactKind.LAUNCHED, FactKind.OUTCOME):
        assert len(await case.facts(kind)) == 1
    for key, department in (("one", "market"), ("two", "police")):
        assert len(await world.sends(department, f"{case.request_id(key)}.r1")) == 1
    await world.verified()


async def test_two_plans_at_once_launch_one_of_them(world: World) -> None:
    case = await triaged(world, ask("one", "market"))
    other = {"asks": [ask("other", "police")]}

    replies = await asyncio.gather(
        case.launch(), world.post("leader", f"/v1/cases/{case.case_id}/launch", other), case.launch()
    )

    assert sum(one.status_code in (200, 202) for one in replies) in (1, 2)
    assert {one.status_code for one in replies} <= {200, 202, 409}
    record = await case.until(lambda record: record.snapshot is not None, "its start")
    assert record.plan is not None
    assert len(record.plan.asks) == 1
    assert (await case.decide("withdraw")).status_code == 200
    await case.closed()
    assert await case.runs() == 1
    await world.verified()
