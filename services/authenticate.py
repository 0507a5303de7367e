"""Who holds this token."""

import hashlib

from domain.errors import ErrorCategory, LiandongError
from domain.person import Person
from domain.store_ports import StoreSession
from services.office import Office


def token_hash(token: str) -> str:
    """SHA-256, hex: what the store keeps instead of the token. Tokens are long and random, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


async def authenticate(office: Office, token: str) -> Person:
    """Raises UNAUTHENTICATED `unknown-token`, the same for unknown, expired and disabled, person or department."""
    async with office.store.reading() as session:
        person = await session.people.by_token(token_hash(token), office.time.now())
        closed = person is not None and await _department_disabled(session, person)
    if person is None or not person.enabled or closed:
        raise LiandongError(ErrorCategory.UNAUTHENTICATED, "unknown-token", "this token opens nothing")
    return person


async def _department_disabled(session: StoreSession, person: Person) -> bool:
    """Officers work for their department: while it is switched off they have nothing to do here."""
    if person.department is None:
        return False
    department = await session.directory.get(person.department)
    return department is not None and not department.enabled
