"""One key stands for one command: another one under the same key is refused before it reaches the engine."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from domain.any_decision import AnyDecision
from domain.errors import ErrorCategory, LiandongError, conflict
from domain.follow_up import FollowUpCommand
from services.office import Office

Command = AnyDecision | FollowUpCommand


@asynccontextmanager
async def one_effect(office: Office, case_id: str, said: Command) -> AsyncIterator[None]:
    """Carry the command out inside; `said` is it as its maker sent it. Raises CONFLICT `idempotency-key-reused`."""
    first = await _remember(office, case_id, said)
    try:
        yield
    except LiandongError as error:
        if first and error.category is not ErrorCategory.UNAVAILABLE:
            # Refused, so nothing happened: the corrected command may come under the same key
            await _forget(office, said)
        raise


async def _remember(office: Office, case_id: str, said: Command) -> bool:
    """True when the command is new. Raises CONFLICT when it was another one under the same key."""
    mark = _fingerprint(said)
    async with office.store.writing() as session:
        known = await session.commands.remember(said.command_id, case_id, mark, office.time.now())
    if known is not None and known != mark:
        detail = "this Idempotency-Key was used for another decision; choose a new key"
        raise conflict("idempotency-key-reused", detail)
    return known is None


async def _forget(office: Office, said: Command) -> None:
    async with office.store.writing() as session:
        await session.commands.forget(said.command_id)


def _fingerprint(said: Command) -> str:
    """SHA-256 over what was decided, as the caller sent it: who and under which key are left out."""
    content = said.model_dump_json(exclude={"command_id", "decided_by"})
    return hashlib.sha256(content.encode()).hexdigest()
