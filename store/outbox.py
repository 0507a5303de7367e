"""Messages to departments, with their bytes as sent."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.ids import case_of
from domain.outbox import SentMessage
from store.columns import document
from store.tables.outbox import OutboxRow


class SqlOutbox:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def save(self, sent: SentMessage) -> None:
        """Written before the bytes leave, and again with what came back."""
        row = OutboxRow(
            entry_id=sent.entry_id,
            department=sent.department,
            message_id=sent.message_id,
            case_id=case_of(sent.message_id.rpartition(".r")[0]),
            sent_at=sent.sent_at,
            body=sent.body,
            reply=sent.reply,
            document=document(sent.model_copy(update={"body": b"", "reply": b""})),
        )
        await self._session.merge(row)
        await self._session.flush()

    async def of_case(self, case_id: str) -> Sequence[SentMessage]:
        """Oldest first."""
        wanted = select(OutboxRow).where(OutboxRow.case_id == case_id)
        oldest = wanted.order_by(col(OutboxRow.sent_at), col(OutboxRow.entry_id))
        return [_sent(row) for row in await self._session.exec(oldest)]


def _sent(row: OutboxRow) -> SentMessage:
    return SentMessage.model_validate_json(row.document).model_copy(update={"body": row.body, "reply": row.reply})
