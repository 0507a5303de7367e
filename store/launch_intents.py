"""Launches that the duty leader ordered, until the engine has them."""

from collections.abc import Sequence
from itertools import islice

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.case import LaunchIntent
from domain.errors import not_found
from store.columns import document
from store.inserts import insert_if_absent
from store.readable import ROOM, readable
from store.tables.launch_intents import LaunchIntentRow


class SqlLaunchIntents:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, intent: LaunchIntent) -> bool:
        return await insert_if_absent(self._session, _row_of(intent), "case_id")

    async def get(self, case_id: str) -> LaunchIntent | None:
        row = await self._session.get(LaunchIntentRow, case_id)
        return _intent_of(row) if row else None

    async def waiting(self, limit: int) -> Sequence[LaunchIntent]:
        """Oldest first."""
        wanted = (
            select(LaunchIntentRow)
            .where(col(LaunchIntentRow.done_at).is_(None))
            .order_by(col(LaunchIntentRow.requested_at), col(LaunchIntentRow.case_id))
            .limit(limit + ROOM)
        )
        rows = await self._session.exec(wanted)
        return list(islice(readable(rows, _intent_of, lambda row: f"the launch of {row.case_id}"), limit))

    async def save(self, intent: LaunchIntent) -> None:
        """What is done stays done: a slower process cannot undo it. Raises NOT_FOUND."""
        waiting = update(LaunchIntentRow).where(
            col(LaunchIntentRow.case_id) == intent.case_id, col(LaunchIntentRow.done_at).is_(None)
        )
        written = await self._session.exec(waiting.values(done_at=intent.done_at, document=document(intent)))
        if not written.rowcount and await self.get(intent.case_id) is None:
            raise not_found("launch-not-found", "No launch was ordered for this case.")


def _row_of(intent: LaunchIntent) -> LaunchIntentRow:
    return LaunchIntentRow(
        case_id=intent.case_id,
        requested_at=intent.requested_at,
        done_at=intent.done_at,
        document=document(intent),
    )


def _intent_of(row: LaunchIntentRow) -> LaunchIntent:
    return LaunchIntent.model_validate_json(row.document)
