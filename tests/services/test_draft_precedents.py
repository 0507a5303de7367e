"""Drafts for the library: one for each closed case, complete once the requester has rated it."""

from domain.codes import Outcome
from services.draft_precedents import draft_precedents
from services.rate_case import rate_case
from tests.services.conftest import Window
from tests.services.test_after_outcome import GOOD, explained, followed


async def test_every_closed_case_leaves_one_draft_for_the_library(window: Window) -> None:
    closed, _ = await explained(window)
    assert await draft_precedents(window.office) == 1
    assert await draft_precedents(window.office) == 0
    async with window.store.reading() as session:
        draft = await session.precedents.get(closed.case_id)
    assert draft is not None
    assert draft.outcome is Outcome.EXPLAINED
    requester = closed.registration.requester
    for personal in (requester.name, requester.contact, requester.resident_id, requester.health):
        assert personal is not None
        assert personal not in draft.model_dump_json()


async def test_a_rating_enters_the_draft_that_was_written_before_it(window: Window) -> None:
    closed, issued = await followed(window)
    assert await draft_precedents(window.office) == 1
    await rate_case(window.office, closed.case_id, issued.token, GOOD)
    async with window.store.reading() as session:
        draft = await session.precedents.get(closed.case_id)
    assert draft is not None
    assert [(one.coordination, one.item) for one in draft.ratings] == [(GOOD.coordination, GOOD.item)]
    assert await draft_precedents(window.office) == 0
