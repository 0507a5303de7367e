"""Whose round a message is about: as projected, or live when the projection has not seen the round."""

from typing import NamedTuple

from domain.case import CaseRecord
from domain.errors import ErrorCategory, LiandongError
from domain.ids import case_of
from domain.inbox import DepartmentMessage
from domain.snapshot import CaseSnapshot, RoundOwner
from domain.store_ports import StoreSession
from domain.wire import Wire
from services.live_snapshot import live_snapshot
from services.office import Office


class Ownership(Wire):
    """`ended` is False for a round that nobody has seen yet."""

    department: str | None
    ended: bool
    seen: bool = True


async def case_of_message(session: StoreSession, case_id: str) -> CaseRecord | None:
    try:
        return await session.cases.get(case_id)
    except LiandongError as error:
        if error.category is ErrorCategory.NOT_FOUND:
            return None
        raise


class Stored(NamedTuple):
    """Whose round a message names, as one instant of the store shows it."""

    owner: RoundOwner | None
    record: CaseRecord | None = None
    """Only where the round is not projected: a whole case is much to read for one message."""

    @property
    def case_id(self) -> str | None:
        """None when there is no such case."""
        known = self.owner or self.record
        return known.case_id if known else None


async def as_stored(session: StoreSession, message: DepartmentMessage) -> Stored:
    case_id = case_of(message.request_id)
    owner = await session.cases.round_owner(message.request_id, message.round)
    if owner is not None and owner.case_id == case_id:
        return Stored(owner)
    return Stored(None, await case_of_message(session, case_id) if case_id else None)


async def ownership(office: Office, stored: Stored, message: DepartmentMessage) -> Ownership | None:
    """None when this round of this request does not exist as far as anybody knows."""
    owner, record = stored
    if owner is not None:
        return Ownership(department=owner.department, ended=owner.ended)
    if record is None or record.launched_at is None:
        return None
    live = await live_snapshot(office, record.case_id)
    if live is not None:
        return _in_snapshot(live, message)
    return _planned(record, message)


def _in_snapshot(snapshot: CaseSnapshot, message: DepartmentMessage) -> Ownership | None:
    for request in snapshot.requests:
        for turn in request.rounds:
            if (request.request_id, turn.number) == (message.request_id, message.round):
                return Ownership(department=turn.department, ended=turn.ended_at is not None)
    return None


def _planned(record: CaseRecord, message: DepartmentMessage) -> Ownership | None:
    """While the engine is away only the plan can say who will be asked; the relay looks again before it applies."""
    key = message.request_id.partition(".")[2]
    asks = record.plan.asks if record.plan else ()
    department = next((ask.department for ask in asks if ask.key == key), None)
    return Ownership(department=department, ended=False, seen=False) if department else None
