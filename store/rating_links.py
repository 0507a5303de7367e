"""Private links for ratings, by the hash of their token."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from sqlalchemy import delete, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.follow_up_order import RatingLink
from store.columns import document
from store.readable import ROOM, readable
from store.tables.rating_links import RatingLinkRow


class SqlRatingLinks:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, link: RatingLink) -> None:
        unused = delete(RatingLinkRow).where(
            col(RatingLinkRow.follow_up_id) == link.follow_up_id, col(RatingLinkRow.used_at).is_(None)
        )
        await self._session.exec(unused)
        self._session.add(_row_of(link))
        await self._session.flush()

    async def get(self, token_hash: str, *, lock: bool = False) -> RatingLink | None:
        wanted = select(RatingLinkRow).where(RatingLinkRow.token_hash == token_hash)
        if lock:
            wanted = wanted.with_for_update()
        row = (await self._session.exec(wanted.execution_options(populate_existing=True))).one_or_none()
        return _link_of(row) if row else None

    async def of_follow_up(self, follow_up_id: str) -> Sequence[RatingLink]:
        wanted = select(RatingLinkRow).where(RatingLinkRow.follow_up_id == follow_up_id)
        return [_link_of(row) for row in await self._session.exec(wanted)]

    async def save(self, link: RatingLink) -> None:
        await self._session.merge(_row_of(link))
        await self._session.flush()

    async def undelivered(self, now: datetime, limit: int) -> Sequence[RatingLink]:
        """Whoever has waited longest for a try comes first, so that hopeless ones do not hide the others."""
        due = col(RatingLinkRow.next_attempt_at).is_(None) | (col(RatingLinkRow.next_attempt_at) <= now)
        turn = func.coalesce(col(RatingLinkRow.next_attempt_at), col(RatingLinkRow.used_at))
        wanted = (
            select(RatingLinkRow)
            .where(col(RatingLinkRow.used_at).is_not(None), col(RatingLinkRow.delivered_at).is_(None), due)
            .order_by(turn, col(RatingLinkRow.token_hash))
            .limit(limit + ROOM)
        )
        rows = await self._session.exec(wanted)
        return list(islice(readable(rows, _link_of, lambda row: f"a rating of {row.follow_up_id}"), limit))


def _link_of(row: RatingLinkRow) -> RatingLink:
    return RatingLink.model_validate_json(row.document)


def _row_of(link: RatingLink) -> RatingLinkRow:
    return RatingLinkRow(
        token_hash=link.token_hash,
        follow_up_id=link.follow_up_id,
        used_at=link.rating.received_at if link.rating else None,
        delivered_at=link.delivered_at,
        next_attempt_at=link.next_attempt_at,
        document=document(link),
    )
