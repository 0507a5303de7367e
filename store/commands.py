"""What was decided under which key."""

from datetime import datetime

from sqlmodel import col, delete
from sqlmodel.ext.asyncio.session import AsyncSession

from store.inserts import insert_if_absent
from store.tables.commands import CommandRow


class SqlCommands:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def remember(self, command_id: str, case_id: str, fingerprint: str, at: datetime) -> str | None:
        row = CommandRow(command_id=command_id, case_id=case_id, fingerprint=fingerprint, at=at)
        if await insert_if_absent(self._session, row, "command_id"):
            return None
        known = await self._session.get(CommandRow, command_id)
        return known.fingerprint if known else None

    async def forget(self, command_id: str) -> None:
        await self._session.exec(delete(CommandRow).where(col(CommandRow.command_id) == command_id))
