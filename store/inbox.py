"""Messages from departments, with their bytes as received."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, bindparam, func
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from domain.codes import ReplyCode
from domain.errors import LiandongError, conflict, not_found
from domain.ids import case_of
from domain.inbox import DepartmentMessage, InboxEntry, InboxStatus, MessageKind
from store.columns import document
from store.inserts import insert_if_absent
from store.readable import readable
from store.tables.inbox import InboxRow
from store.tables.projection import RoundRow

EFFECTIVE = (InboxStatus.RECEIVED, InboxStatus.APPLIED)
_JUDGED_BY_ANOTHER = (InboxStatus.CONTRADICTED, InboxStatus.DUPLICATE)
_RETRIABLE = (InboxStatus.RECEIVED, InboxStatus.QUARANTINED)

_UNREADABLE_PAUSE: Final = timedelta(hours=1)
"""Out of the way of the others, and tried again in case that somebody has mended it."""

_MESSAGE: Final = select(InboxRow).where(
    InboxRow.department == bindparam("department"), InboxRow.message_id == bindparam("message_id")
)
_MESSAGE_HELD: Final = _MESSAGE.with_for_update().execution_options(populate_existing=True)
# At most one: a unique index says so
_EFFECTIVE: Final = select(InboxRow).where(
    InboxRow.request_id == bindparam("request_id"), InboxRow.round == bindparam("round"), col(InboxRow.effective)
)


class SqlInbox:
    def __init__(self, session: AsyncSession, *, writes: bool) -> None:
        self._session = session
        self._writes = writes
        self._held: dict[str, InboxRow] = {}
        """Locked by this transaction: nobody else can have changed them since."""

    async def add(self, entry: InboxEntry) -> bool:
        """Raises CONFLICT `round-already-answered` for a second effective reply to a round."""
        if await insert_if_absent(self._session, _row_of(entry)):
            return True
        if await self.find(entry.department, entry.message_id) is None:
            raise _already_answered()
        return False

    async def find(self, department: str, message_id: str, *, lock: bool = False) -> InboxEntry | None:
        named = {"department": department, "message_id": message_id}
        row = (await self._session.exec(_MESSAGE_HELD if lock else _MESSAGE, params=named)).one_or_none()
        if row is not None and lock:
            self._held[row.entry_id] = row
        return _entry_of(row) if row else None

    async def effective(self, request_id: str, round_number: int) -> InboxEntry | None:
        row = (await self._session.exec(_EFFECTIVE, params={"request_id": request_id, "round": round_number})).first()
        return _entry_of(row) if row else None

    async def notes_of_round(self, request_id: str, round_number: int) -> int:
        wanted = select(func.count()).select_from(InboxRow).where(*_round(request_id, round_number, ends_round=False))
        return (await self._session.exec(wanted)).one()

    async def settle(self, entry: InboxEntry, status: InboxStatus) -> None:
        """What was once applied stays applied, and what was settled never waits again by a slower process's doing."""
        row = await self._locked(entry)
        before = InboxStatus(row.status)
        if before is InboxStatus.APPLIED and status is not InboxStatus.APPLIED:
            return
        if status is InboxStatus.RECEIVED and before not in _RETRIABLE:
            return
        settled = _entry_of(row).model_copy(
            update={
                "status": status,
                "attempts": entry.attempts,
                "next_attempt_at": entry.next_attempt_at,
                "last_error": entry.last_error,
                "applied_at": entry.applied_at,
                "response_status": entry.response_status,
                "response_json": entry.response_json,
            }
        )
        row.status = status.value
        row.effective = row.ends_round and status in EFFECTIVE
        row.next_attempt_at = entry.next_attempt_at
        row.document = _document(settled)
        try:
            await self._session.flush()
        except IntegrityError as error:
            raise _already_answered() from error

    async def waiting(self, now: datetime, limit: int) -> Sequence[InboxEntry]:
        """In a write session the entries are held for it: another process that claims at the same time gets others."""
        due = col(InboxRow.next_attempt_at).is_(None) | (col(InboxRow.next_attempt_at) <= now)
        wanted = select(InboxRow).where(InboxRow.status == InboxStatus.RECEIVED.value, due)
        oldest = wanted.order_by(col(InboxRow.received_at), col(InboxRow.entry_id)).limit(limit)
        if self._writes:
            oldest = oldest.with_for_update(skip_locked=True)
        rows = (await self._session.exec(oldest)).all()
        found = {entry.entry_id: entry for entry in readable(rows, _entry_of, lambda row: f"message {row.entry_id}")}
        if self._writes:
            self._held |= {row.entry_id: row for row in rows if row.entry_id in found}
            for row in rows:
                if row.entry_id not in found:
                    row.next_attempt_at = now + _UNREADABLE_PAUSE
        return list(found.values())

    async def waiting_in_time(self, request_id: str, round_number: int, due_at: datetime) -> InboxEntry | None:
        return await self._in_time(request_id, round_number, due_at, (InboxStatus.RECEIVED,))

    async def arrived_in_time(self, request_id: str, round_number: int, due_at: datetime) -> InboxEntry | None:
        """Like `waiting_in_time`, and also replies that the engine has but the case has not acted on yet."""
        return await self._in_time(request_id, round_number, due_at, EFFECTIVE)

    async def signed_in_time(self, request_id: str, round_number: int, due_at: datetime) -> InboxEntry | None:
        """An acknowledgement, or a reply, that the case has or will have. Progress signs for nothing."""
        wanted = self._of_round(request_id, round_number, ends_round=False).where(*_arrived(EFFECTIVE, due_at))
        notes = [_entry_of(row) for row in await self._session.exec(wanted)]
        signed = (note for note in notes if note.message.kind is MessageKind.ACKNOWLEDGED)
        return next(signed, None) or await self.arrived_in_time(request_id, round_number, due_at)

    async def applied_in_vain(self, since: datetime, limit: int) -> Sequence[InboxEntry]:
        of_round = (col(InboxRow.request_id) == col(RoundRow.request_id)) & (
            col(InboxRow.round) == col(RoundRow.number)
        )
        wanted = (
            select(InboxRow)
            .join(RoundRow, of_round)
            .where(
                col(RoundRow.ended_at) >= since,
                # Nor did it come before: whichever side an index is taken of, what is long over is not read again
                col(InboxRow.received_at) >= since,
                col(RoundRow.answer_ref).is_distinct_from(col(InboxRow.entry_id)),
                col(InboxRow.effective),
                InboxRow.status == InboxStatus.APPLIED.value,
            )
            .order_by(col(InboxRow.received_at), col(InboxRow.entry_id))
            .limit(limit)
        )
        return [_entry_of(row) for row in await self._session.exec(wanted)]

    async def set_aside(self, entry: InboxEntry, why: str) -> bool:
        row = await self._locked(entry)
        if row.status != InboxStatus.APPLIED.value:
            return False
        late = {"status": InboxStatus.LATE, "last_error": why, "applied_at": None}
        row.status, row.effective = InboxStatus.LATE.value, False
        row.document = _document(_entry_of(row).model_copy(update=late))
        await self._session.flush()
        return True

    async def give_turn(self, request_id: str, round_number: int) -> None:
        if await self.effective(request_id, round_number) is not None:
            return
        kept = col(InboxRow.status).in_([status.value for status in _JUDGED_BY_ANOTHER])
        oldest = self._of_round(request_id, round_number).where(kept).limit(1).with_for_update()
        row = (await self._session.exec(oldest.execution_options(populate_existing=True))).one_or_none()
        if row is None:
            return
        row.status, row.effective, row.next_attempt_at = InboxStatus.RECEIVED.value, True, None
        row.document = _document(_entry_of(row).model_copy(update={"status": InboxStatus.RECEIVED}))
        await self._session.flush()

    async def of_case(self, case_id: str) -> Sequence[InboxEntry]:
        wanted = select(InboxRow).where(InboxRow.case_id == case_id)
        oldest = wanted.order_by(col(InboxRow.received_at), col(InboxRow.entry_id))
        return [_entry_of(row) for row in await self._session.exec(oldest)]

    async def unsettled(self, older_than: datetime) -> int:
        """RECEIVED entries received before `older_than`."""
        waiting = (InboxRow.status == InboxStatus.RECEIVED.value, col(InboxRow.received_at) < older_than)
        return (await self._session.exec(select(func.count()).select_from(InboxRow).where(*waiting))).one()

    async def _locked(self, entry: InboxEntry) -> InboxRow:
        if (known := self._held.get(entry.entry_id)) is not None:
            return known
        wanted = select(InboxRow).where(InboxRow.entry_id == entry.entry_id).with_for_update()
        row = (await self._session.exec(wanted.execution_options(populate_existing=True))).one_or_none()
        if row is None:
            raise not_found("message-not-found", "There is no such message.")
        return row

    async def _in_time(
        self, request_id: str, round_number: int, due_at: datetime, statuses: Sequence[InboxStatus]
    ) -> InboxEntry | None:
        return await self._one(self._of_round(request_id, round_number).where(*_arrived(statuses, due_at)))

    def _of_round(self, request_id: str, round_number: int, *, ends_round: bool = True) -> SelectOfScalar[InboxRow]:
        wanted = select(InboxRow).where(*_round(request_id, round_number, ends_round=ends_round))
        return wanted.order_by(col(InboxRow.received_at), col(InboxRow.entry_id))

    async def _one(self, wanted: SelectOfScalar[InboxRow]) -> InboxEntry | None:
        row = (await self._session.exec(wanted.limit(1))).one_or_none()
        return _entry_of(row) if row else None


def _round(request_id: str, number: int, *, ends_round: bool) -> tuple[ColumnElement[bool], ...]:
    return (
        col(InboxRow.request_id) == request_id,
        col(InboxRow.round) == number,
        col(InboxRow.ends_round).is_(ends_round),
    )


def _arrived(statuses: Sequence[InboxStatus], due_at: datetime) -> tuple[ColumnElement[bool], ...]:
    return col(InboxRow.status).in_([status.value for status in statuses]), col(InboxRow.received_at) <= due_at


def _ends_round(message: DepartmentMessage) -> bool:
    if message.kind is not MessageKind.REPLIED or message.reply is None:
        return False
    return message.reply.code is not ReplyCode.INTERIM


def _row_of(entry: InboxEntry) -> InboxRow:
    ends_round = _ends_round(entry.message)
    return InboxRow(
        entry_id=entry.entry_id,
        department=entry.department,
        message_id=entry.message_id,
        case_id=case_of(entry.message.request_id),
        request_id=entry.message.request_id,
        round=entry.message.round,
        ends_round=ends_round,
        effective=ends_round and entry.status in EFFECTIVE,
        received_at=entry.received_at,
        raw=entry.raw,
        status=entry.status.value,
        next_attempt_at=entry.next_attempt_at,
        document=_document(entry),
    )


def _document(entry: InboxEntry) -> str:
    # The bytes stand beside it, as bytes: not every message is text
    return document(entry.model_copy(update={"raw": b""}))


def _entry_of(row: InboxRow) -> InboxEntry:
    return InboxEntry.model_validate_json(row.document).model_copy(update={"raw": row.raw})


def _already_answered() -> LiandongError:
    return conflict("round-already-answered", "This round has an effective reply already.")
