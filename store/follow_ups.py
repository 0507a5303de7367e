"""Follow-ups: ordered, started, and what those that run have come to."""

from collections.abc import Sequence
from itertools import islice

from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.codes import CaseStage, Outcome
from domain.errors import not_found
from domain.follow_up import FollowUpSnapshot
from domain.follow_up_order import FollowUpOrder
from store.columns import document
from store.inserts import insert_if_absent
from store.readable import ROOM, readable
from store.tables.cases import CaseRow
from store.tables.follow_ups import FollowUpRow

_NONE_OWED = (Outcome.WITHDRAWN.value,)


class SqlFollowUps:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, order: FollowUpOrder) -> bool:
        return await insert_if_absent(self._session, _row_of(order), "follow_up_id")

    async def get(self, follow_up_id: str, *, lock: bool = False) -> FollowUpOrder | None:
        row = await self._row(follow_up_id, lock=lock)
        return _order_of(row) if row else None

    async def of_case(self, case_id: str) -> Sequence[FollowUpOrder]:
        wanted = select(FollowUpRow).where(FollowUpRow.case_id == case_id).order_by(col(FollowUpRow.number))
        return [_order_of(row) for row in await self._session.exec(wanted)]

    async def save(self, order: FollowUpOrder) -> None:
        row = await self._row(order.follow_up_id, lock=True)
        if row is None:
            raise not_found("follow-up-not-found", "No such follow-up was ordered.")
        written = _row_of(order)
        for name in ("started_at", "reopened_as", "document"):
            setattr(row, name, getattr(written, name))
        await self._session.flush()

    async def project(self, snapshot: FollowUpSnapshot) -> bool:
        row = await self._row(snapshot.follow_up_id, lock=True)
        if row is None:
            raise not_found("follow-up-not-found", "No such follow-up was ordered.")
        if row.version is not None and snapshot.version <= row.version:
            return False
        row.version = snapshot.version
        row.owed_until = snapshot.owed_until
        row.resolved = snapshot.resolved
        row.rating = snapshot.rating.coordination.value if snapshot.rating else None
        row.item_rating = snapshot.rating.item.value if snapshot.rating and snapshot.rating.item else None
        row.reopening_owed = snapshot.reopening_owed
        row.second_owed = snapshot.second_owed
        row.ended_at = snapshot.ended_at
        row.snapshot = document(snapshot)
        await self._session.flush()
        return True

    async def unordered(self, limit: int) -> Sequence[str]:
        ordered = select(FollowUpRow.follow_up_id).where(FollowUpRow.case_id == CaseRow.case_id)
        wanted = (
            select(CaseRow.case_id)
            .where(
                CaseRow.stage == CaseStage.CLOSED.value,
                col(CaseRow.outcome).not_in(_NONE_OWED),
                ~ordered.exists(),
            )
            .order_by(col(CaseRow.registered_at), col(CaseRow.case_id))
            .limit(limit)
        )
        return (await self._session.exec(wanted)).all()

    async def unstarted(self, limit: int) -> Sequence[FollowUpOrder]:
        wanted = (
            select(FollowUpRow)
            .where(col(FollowUpRow.started_at).is_(None))
            .order_by(col(FollowUpRow.ordered_at), col(FollowUpRow.follow_up_id))
            .limit(limit + ROOM)
        )
        rows = await self._session.exec(wanted)
        return list(islice(readable(rows, _order_of, lambda row: f"follow-up {row.follow_up_id}"), limit))

    async def running(self, after: str = "", limit: int = 500) -> Sequence[str]:
        wanted = (
            select(FollowUpRow.follow_up_id)
            .where(FollowUpRow.follow_up_id > after, col(FollowUpRow.ended_at).is_(None))
            .order_by(FollowUpRow.follow_up_id)
            .limit(limit)
        )
        return (await self._session.exec(wanted)).all()

    async def reopening_owed(self, limit: int) -> Sequence[str]:
        wanted = (
            select(FollowUpRow.follow_up_id)
            .where(col(FollowUpRow.reopening_owed), col(FollowUpRow.reopened_as).is_(None))
            .order_by(col(FollowUpRow.ordered_at), col(FollowUpRow.follow_up_id))
            .limit(limit)
        )
        return (await self._session.exec(wanted)).all()

    async def second_owed(self, limit: int) -> Sequence[str]:
        later = aliased(FollowUpRow)
        following = select(later.follow_up_id).where(
            later.case_id == FollowUpRow.case_id, later.number > FollowUpRow.number
        )
        wanted = (
            select(FollowUpRow.follow_up_id)
            .where(col(FollowUpRow.second_owed), ~following.exists())
            .order_by(col(FollowUpRow.ordered_at), col(FollowUpRow.follow_up_id))
            .limit(limit)
        )
        return (await self._session.exec(wanted)).all()

    async def _row(self, follow_up_id: str, *, lock: bool) -> FollowUpRow | None:
        wanted = select(FollowUpRow).where(FollowUpRow.follow_up_id == follow_up_id)
        if lock:
            wanted = wanted.with_for_update()
        return (await self._session.exec(wanted.execution_options(populate_existing=True))).one_or_none()


def _row_of(order: FollowUpOrder) -> FollowUpRow:
    return FollowUpRow(
        follow_up_id=order.follow_up_id,
        case_id=order.case_id,
        number=order.number,
        ordered_at=order.ordered_at,
        started_at=order.started_at,
        reopened_as=order.reopened_as,
        document=document(order, without=frozenset({"snapshot"})),
    )


def _order_of(row: FollowUpRow) -> FollowUpOrder:
    order = FollowUpOrder.model_validate_json(row.document)
    if row.snapshot is None:
        return order
    return order.model_copy(update={"snapshot": FollowUpSnapshot.model_validate_json(row.snapshot)})
