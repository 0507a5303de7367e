"""What lies on the desks of people without a system."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import case
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.desk import DeskEntry
from domain.errors import not_found
from domain.ids import round_id
from domain.proof import Proof
from domain.store_ports import Store
from store.columns import document
from store.inserts import insert_if_absent
from store.tables.desk import DeskRow
from store.tables.projection import RoundRow


class SqlDesk:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, entry: DeskEntry) -> bool:
        return await insert_if_absent(self._session, _row_of(entry), "round_id")

    async def get(self, request_id: str, round_number: int, *, lock: bool = False) -> DeskEntry | None:
        key = round_id(request_id, round_number)
        # populate_existing: what the lock waited for must be seen, not what was read before
        row = await self._session.get(DeskRow, key, with_for_update=lock or None, populate_existing=lock)
        return _entry_of(row) if row else None

    async def latest(self, department: str, request_id: str) -> DeskEntry | None:
        wanted = select(DeskRow).where(DeskRow.department == department, DeskRow.request_id == request_id)
        row = (await self._session.exec(wanted.order_by(col(DeskRow.round).desc()).limit(1))).one_or_none()
        return _entry_of(row) if row else None

    async def by_link(self, link_hash: str) -> DeskEntry | None:
        row = (await self._session.exec(select(DeskRow).where(DeskRow.link_hash == link_hash))).one_or_none()
        return _entry_of(row) if row else None

    async def save(self, entry: DeskEntry) -> None:
        """Raises NOT_FOUND for what never lay there."""
        row = await self._session.get(DeskRow, entry.round_id, with_for_update=True)
        if row is None:
            raise not_found("desk-entry-not-found", "No such request lies on a desk.")
        row.link_hash = entry.link_hash
        row.document = document(entry)
        await self._session.flush()

    async def of_department(self, code: str, limit: int) -> Sequence[DeskEntry]:
        of_round = (col(RoundRow.request_id) == col(DeskRow.request_id)) & (col(RoundRow.number) == col(DeskRow.round))
        # What has not been projected yet has only just arrived, and is open
        over = col(RoundRow.ended_at).is_not(None)
        due = case((~over, col(RoundRow.due_at)))
        wanted = (
            select(DeskRow)
            .join(RoundRow, of_round, isouter=True)
            .where(DeskRow.department == code)
            .order_by(over, due.asc().nulls_last(), col(DeskRow.arrived_at).desc(), col(DeskRow.round_id))
            .limit(limit)
        )
        return [_entry_of(row) for row in await self._session.exec(wanted)]


class StoredDesk:
    """The desk as the department's adapter sees it: each call is a transaction of its own."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def put(self, entry: DeskEntry) -> DeskEntry:
        async with self._store.writing() as session:
            await session.desk.add(entry)
            return await session.desk.get(entry.dispatch.request_id, entry.dispatch.round) or entry

    async def mailed(self, round_id: str, at: datetime, proof: Proof | None) -> None:
        await self._change(round_id, {"mailed_at": at, "mail_proof": proof})

    async def withdraw(self, round_id: str, at: datetime) -> bool:
        return await self._change(round_id, {"withdrawn_at": at})

    async def _change(self, round_id: str, update: Mapping[str, datetime | Proof | None]) -> bool:
        """The first time stays."""
        request, _, number = round_id.rpartition(".r")
        async with self._store.writing() as session:
            entry = await session.desk.get(request, int(number), lock=True)
            if entry is None:
                return False
            if getattr(entry, next(iter(update))) is None:
                await session.desk.save(entry.model_copy(update=update))
            return True


def _row_of(entry: DeskEntry) -> DeskRow:
    return DeskRow(
        round_id=entry.round_id,
        department=entry.department,
        request_id=entry.dispatch.request_id,
        round=entry.dispatch.round,
        arrived_at=entry.arrived_at,
        link_hash=entry.link_hash,
        document=document(entry),
    )


def _entry_of(row: DeskRow) -> DeskEntry:
    return DeskEntry.model_validate_json(row.document)
