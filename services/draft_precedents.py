"""Every closed case leaves a de-identified draft for the library."""

from typing import Final

from domain.follow_up import RatingGiven
from domain.precedent import Precedent, draft_precedent
from domain.store_ports import StoreSession
from services.by_itself import one_by_itself
from services.office import Office

BATCH: Final = 50


async def draft_precedents(office: Office) -> int:
    """Draft what is missing, one batch; returns how many. Safe in several processes."""
    async with office.store.reading() as session:
        closed = await session.precedents.undrafted(BATCH)
    return sum([await one_by_itself(case_id, _draft(office, case_id)) for case_id in closed])


async def draft_anew(office: Office, case_id: str) -> None:
    """The requester has rated the case. A draft that fails never holds the rating up."""
    await one_by_itself(case_id, _replace(office, case_id))


async def _draft(office: Office, case_id: str) -> None:
    async with office.store.writing() as session:
        precedent = await _drafted(session, case_id)
        if precedent is not None:
            await session.precedents.add(precedent)


async def _replace(office: Office, case_id: str) -> None:
    async with office.store.writing() as session:
        precedent = await _drafted(session, case_id)
        if precedent is not None:
            await session.precedents.put(precedent)


async def _drafted(session: StoreSession, case_id: str) -> Precedent | None:
    given: list[RatingGiven] = []
    for order in await session.follow_ups.of_case(case_id):
        links = await session.rating_links.of_follow_up(order.follow_up_id)
        given += [link.rating for link in links if link.rating is not None]
    return draft_precedent(await session.cases.get(case_id), given)
