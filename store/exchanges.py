"""Messages to departments and what they said back, with their bytes."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.exchange import Exchange
from domain.ids import case_of
from store.columns import document
from store.inserts import insert_if_absent
from store.tables.exchanges import ExchangeRoundRow, ExchangeRow


class SqlExchanges:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def save(self, exchange: Exchange) -> None:
        """Written before the bytes leave, and again with what came back."""
        row = ExchangeRow(
            entry_id=exchange.entry_id,
            department=exchange.department,
            sent_at=exchange.sent_at,
            body=exchange.body,
            reply=exchange.reply,
            document=document(exchange.model_copy(update={"body": b"", "reply": b""})),
        )
        await self._session.merge(row)
        await self._session.flush()
        for round_ in exchange.rounds:
            if (case_id := case_of(round_.rpartition(".r")[0])) is not None:
                about = ExchangeRoundRow(entry_id=exchange.entry_id, round_id=round_, case_id=case_id)
                await insert_if_absent(self._session, about, "entry_id", "round_id")

    async def get(self, entry_id: str) -> Exchange | None:
        row = await self._session.get(ExchangeRow, entry_id)
        return _exchange(row) if row else None

    async def of_case(self, case_id: str) -> Sequence[Exchange]:
        """Oldest first."""
        named = select(ExchangeRoundRow.entry_id).where(ExchangeRoundRow.case_id == case_id)
        wanted = select(ExchangeRow).where(col(ExchangeRow.entry_id).in_(named))
        oldest = wanted.order_by(col(ExchangeRow.sent_at), col(ExchangeRow.entry_id))
        return [_exchange(row) for row in await self._session.exec(oldest)]


def _exchange(row: ExchangeRow) -> Exchange:
    return Exchange.model_validate_json(row.document).model_copy(update={"body": row.body, "reply": row.reply})
