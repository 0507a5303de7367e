"""A token for a person: told once, kept as its hash."""

import secrets
from datetime import datetime, timedelta
from typing import Final

from domain.store_ports import StoreSession
from services.authenticate import token_hash

TOKEN_LIFE: Final = timedelta(days=365)


def new_token() -> str:
    return f"ld_{secrets.token_urlsafe(32)}"


async def issue_token(session: StoreSession, person_id: str, now: datetime) -> str:
    """One more; earlier ones stay valid until they expire. Raises NOT_FOUND from the store."""
    token = new_token()
    await session.people.add_token(person_id, token_hash(token), now + TOKEN_LIFE)
    return token
