"""The audit beside the cases, for those who supervise the product itself."""

from collections.abc import Sequence

from domain.audit import AuditRecord
from domain.person import Person
from services.access import Action, may
from services.office import Office


async def read_audit(office: Office, person: Person, limit: int, subject: str | None) -> Sequence[AuditRecord]:
    """Newest first."""
    may(person, Action.READ_AUDIT)
    async with office.store.reading() as session:
        return await session.audit.latest(limit, subject)
