"""Not resolved, says the requester: the matter is opened again by itself, and never twice."""

from typing import Final

from domain.lineage import ReopenCause
from services.by_itself import one_by_itself
from services.office import Office
from services.reopen_case import ReopenInput, open_again

BATCH: Final = 50
_REASON: Final = "the requester said at the follow-up call that it is not resolved"


async def reopen_unresolved(office: Office) -> int:
    """Reopen what follow-ups owe, one batch; returns how many. Safe in several processes."""
    async with office.store.reading() as session:
        owed = await session.follow_ups.reopening_owed(BATCH)
    done = [await one_by_itself(follow_up_id, reopen_for(office, follow_up_id)) for follow_up_id in owed]
    return sum(done)


async def reopen_for(office: Office, follow_up_id: str) -> str | None:
    """The case that this follow-up led to; None when it was never ordered."""
    async with office.store.writing() as session:
        named = await session.follow_ups.get(follow_up_id)
        if named is None:
            return None
        # The case first, as everywhere: two who lock in different orders wait for each other for ever
        earlier = await session.cases.get(named.case_id, lock=True)
        order = await session.follow_ups.get(follow_up_id, lock=True)
        if order is None or order.reopened_as is not None:
            return order.reopened_as if order else None
        if earlier.lineage.reopened_as:
            reopened = earlier.lineage.reopened_as[-1]
        else:
            wanted = ReopenInput(cause=ReopenCause.NOT_RESOLVED, reason=_REASON)
            reopened = (await open_again(office, session, earlier, ("engine", wanted))).case_id
        await session.follow_ups.save(order.model_copy(update={"reopened_as": reopened}))
    return reopened
