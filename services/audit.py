"""Writes down who was turned away and who changed the directory."""

import logging
from dataclasses import dataclass

from domain.audit import AuditKind, AuditRecord
from domain.errors import LiandongError
from domain.person import Person
from domain.store_ports import StoreSession
from services.office import Office

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Turned:
    """Somebody who was turned away. `where` is an address's template, never what somebody typed into it."""

    actor: str
    method: str
    where: str
    status: int
    code: str
    case_id: str | None = None


async def note_turned_away(office: Office, turned: Turned) -> None:
    """Never raises: a refusal stays a refusal when it cannot be written down."""
    now = office.time.now()
    left_out = office.refusals.admit(now)
    if left_out is None:
        return
    data = {"method": turned.method, "status": str(turned.status), "code": turned.code}
    data |= {"case": turned.case_id} if turned.case_id else {}
    data |= {"left_out_before": str(left_out)} if left_out else {}
    record = AuditRecord(
        record_id=office.new_id(), kind=AuditKind.REFUSED, at=now, actor=turned.actor, subject=turned.where, data=data
    )
    try:
        async with office.store.writing() as session:
            await session.audit.append(record)
    except LiandongError as error:
        _log.warning("a refusal (%s) could not be written down: %s", turned.code, error.code)


async def note_change(
    office: Office, session: StoreSession, person: Person, kind: AuditKind, subject: str, **data: str
) -> None:
    """In the transaction of the change itself."""
    record = AuditRecord(
        record_id=office.new_id(), kind=kind, at=office.time.now(), actor=person.actor, subject=subject, data=data
    )
    await session.audit.append(record)
