"""The requester looks: where the own matter stands, in plain words."""

from domain.case import CaseRecord
from domain.requester_text import Words
from domain.requester_view import Circumstances, RequesterView, requester_view
from services.office import Office
from services.rate_case import is_rated
from services.read_case import freshest


async def read_progress(office: Office, opened: CaseRecord) -> RequesterView:
    """`opened` by its requester, with `open_progress`."""
    record = await freshest(office, opened)
    async with office.store.reading() as session:
        orders = await session.follow_ups.of_case(record.case_id)
        latest = orders[-1] if orders else None
        rated = await is_rated(session, latest) if latest else False
        departments = await session.directory.all()
    given = Circumstances(
        departments={one.code: Words(zh=one.name_zh, en=one.name_en) for one in departments},
        follow_up=latest,
        rating_closes_at=latest.rating_closes_at if latest else None,
        rated=rated,
        now=office.time.now(),
    )
    return requester_view(record, given)
