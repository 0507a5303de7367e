"""The live state of a case from the engine, within a bounded wait."""

import asyncio
import logging
from typing import Final

from domain.errors import ErrorCategory, LiandongError
from domain.snapshot import CaseSnapshot
from services.office import Office

_log = logging.getLogger(__name__)

_PATIENCE_SECONDS: Final = 3.0


class CaseSilent(Exception):
    """This case cannot be asked just now: the engine is away, nobody works on it, or its workflow fails."""


async def ask_live(office: Office, case_id: str) -> CaseSnapshot | None:
    """None when the engine does not know the case. Raises CaseSilent."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await office.engine.snapshot(case_id)
    except Exception as error:
        if isinstance(error, LiandongError) and error.category is ErrorCategory.NOT_FOUND:
            return None
        raise CaseSilent(getattr(error, "code", type(error).__name__)) from error


async def live_snapshot(office: Office, case_id: str) -> CaseSnapshot | None:
    """None when the engine does not know the case or cannot answer in time: the projection must do."""
    try:
        return await ask_live(office, case_id)
    except CaseSilent as silence:
        # A case whose workflow fails must stay readable, whatever the failure is.
        _log.warning("no live state of %s: %s", case_id, silence)
        return None
