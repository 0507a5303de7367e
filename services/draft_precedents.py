"""Every closed case leaves a de-identified draft for the library."""

from typing import Final

from domain.precedent import draft_precedent
from services.office import Office
from services.order_follow_ups import one_by_itself

BATCH: Final = 50


async def draft_precedents(office: Office) -> int:
    """Draft what is missing, one batch; returns how many. Safe in several processes."""
    async with office.store.reading() as session:
        closed = await session.precedents.undrafted(BATCH)
    return sum([await one_by_itself(case_id, _draft(office, case_id)) for case_id in closed])


async def _draft(office: Office, case_id: str) -> None:
    async with office.store.writing() as session:
        precedent = draft_precedent(await session.cases.get(case_id))
        if precedent is not None:
            await session.precedents.add(precedent)
