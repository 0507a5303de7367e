"""Registration: once per matter, with a first-contact clock, and nothing personal in the facts."""

import asyncio
from datetime import UTC, datetime

import pytest

from domain.codes import CaseStage
from domain.errors import ErrorCategory, LiandongError
from domain.fact import FactKind
from services.record_first_contact import FirstContactInput, record_first_contact
from services.register_case import register_case
from tests.services.conftest import ADMIN, CLERK, MARKET, Window, registration


async def test_a_registration_starts_the_first_contact_clock(window: Window) -> None:
    made = await register_case(window.office, CLERK, registration())
    assert made.created
    assert made.record.case_id == "LD-2023-000001"
    assert made.record.stage is CaseStage.REGISTERED
    # Registered on Tuesday: due at close of business on Wednesday
    assert made.record.first_contact_due_at == datetime(2023, 1, 4, 9, 0, tzinfo=UTC)


async def test_the_registration_fact_holds_nothing_personal(window: Window) -> None:
    record = await window.register()
    (chained,) = await window.facts(record.case_id)
    written = chained.fact.model_dump_json()
    requester = record.registration.requester
    for personal in (requester.name, requester.contact, requester.resident_id, requester.health):
        assert personal is not None
        assert personal not in written
    assert record.registration.title not in written


async def test_the_same_matter_sent_twice_is_one_case(window: Window) -> None:
    first = await register_case(window.office, CLERK, registration())
    window.wall.wait(minutes=5)
    again = await register_case(window.office, CLERK, registration())
    assert not again.created
    assert again.record == first.record


async def test_ten_at_once_are_one_case(window: Window) -> None:
    made = await asyncio.gather(*(register_case(window.office, CLERK, registration()) for _ in range(10)))
    assert len({one.record.case_id for one in made}) == 1
    assert [one.created for one in made].count(True) == 1


async def test_the_same_external_id_with_other_content_is_a_conflict(window: Window) -> None:
    await register_case(window.office, CLERK, registration())
    with pytest.raises(LiandongError) as caught:
        await register_case(window.office, CLERK, registration(title="另一件事"))
    assert caught.value.code == "already-registered-differently"
    assert caught.value.category is ErrorCategory.CONFLICT


async def test_every_problem_is_named_at_once_and_nothing_is_stored(window: Window) -> None:
    requester = registration().requester.model_copy(update={"resident_id": "310000199001010011", "uscc": "9" * 18})
    with pytest.raises(LiandongError) as caught:
        await register_case(window.office, CLERK, registration(requester=requester, category="nonsense", title="  "))
    fields = {problem.field for problem in caught.value.problems}
    assert fields == {"title", "requester.resident_id", "requester.uscc", "category"}
    assert "310000199001010011" not in str(caught.value.problems)
    async with window.store.reading() as session:
        assert await session.cases.ids() == []


@pytest.mark.parametrize("person", [MARKET, ADMIN, CLERK.model_copy(update={"enabled": False})])
async def test_only_clerks_and_leaders_register(window: Window, person: object) -> None:
    with pytest.raises(LiandongError) as caught:
        await register_case(window.office, person, registration())  # type: ignore[arg-type]
    assert caught.value.category is ErrorCategory.FORBIDDEN


async def test_first_contact_stops_its_clock_once(window: Window) -> None:
    record = await window.register()
    window.wall.wait(hours=2)
    contact = FirstContactInput(channel="phone", note="已电话联系")
    made = await record_first_contact(window.office, CLERK, record.case_id, contact)
    window.wall.wait(hours=1)
    again = await record_first_contact(window.office, CLERK, record.case_id, contact)
    assert again == made
    assert made.first_contact_clock.stopped_at == datetime(2023, 1, 3, 3, 30, tzinfo=UTC)
    (chained,) = await window.facts(record.case_id, FactKind.FIRST_CONTACT)
    assert chained.fact.data["in_time"] == "true"
    with pytest.raises(LiandongError, match="recorded already"):
        await record_first_contact(window.office, CLERK, record.case_id, FirstContactInput(channel="counter"))
