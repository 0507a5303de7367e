"""The messages of one case, each with what the facts say about it."""

from domain.kept_message import KeptMessage, messages
from domain.store_ports import Store
from services.access import known_case


async def read_kept_messages(store: Store, case_id: str) -> tuple[KeptMessage, ...]:
    """Oldest first. Raises NOT_FOUND `unknown-case`."""
    async with store.reading() as session:
        await known_case(session, case_id)
        facts = [chained.fact for chained in await session.facts.of_case(case_id)]
        exchanges = await session.exchanges.of_case(case_id)
        return messages(facts, exchanges, await session.inbox.of_case(case_id))
