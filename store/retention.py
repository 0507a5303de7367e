"""What has been kept for as long as it must be."""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.retention import Expired
from store.tables.audit import AuditRow
from store.tables.cases import CaseRow
from store.tables.exchanges import ExchangeRoundRow, ExchangeRow
from store.tables.follow_ups import FollowUpRow


class SqlRetention:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def messages(self, closed_before: datetime) -> Expired:
        """Of cases that are all over, their follow-ups too. One answer may speak of several cases."""
        running = select(FollowUpRow.case_id).where(
            FollowUpRow.case_id == CaseRow.case_id, col(FollowUpRow.ended_at).is_(None)
        )
        needed = (
            select(ExchangeRoundRow.entry_id)
            .join(CaseRow, col(CaseRow.case_id) == col(ExchangeRoundRow.case_id), isouter=True)
            .where(
                ExchangeRoundRow.entry_id == ExchangeRow.entry_id,
                or_(col(CaseRow.closed_at).is_(None), col(CaseRow.closed_at) >= closed_before, running.exists()),
            )
        )
        known = select(ExchangeRoundRow.entry_id).where(ExchangeRoundRow.entry_id == ExchangeRow.entry_id)
        wanted = select(func.count(), func.min(ExchangeRow.sent_at)).where(known.exists(), ~needed.exists())
        return Expired(*(await self._session.exec(wanted)).one())

    async def audit(self, before: datetime) -> Expired:
        wanted = select(func.count(), func.min(AuditRow.at)).where(col(AuditRow.at) < before)
        return Expired(*(await self._session.exec(wanted)).one())
