"""Who holds this token."""

import hashlib

from domain.errors import ErrorCategory, LiandongError
from domain.person import Person
from services.office import Office


def token_hash(token: str) -> str:
    """SHA-256, hex: what the store keeps instead of the token. Tokens are long and random, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


async def authenticate(office: Office, token: str) -> Person:
    """Raises UNAUTHENTICATED `unknown-token`, the same for unknown, expired and disabled."""
    async with office.store.reading() as session:
        person = await session.people.by_token(token_hash(token), office.time.now())
    if person is None or not person.enabled:
        raise LiandongError(ErrorCategory.UNAUTHENTICATED, "unknown-token", "this token opens nothing")
    return person
