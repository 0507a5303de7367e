"""Lists of cases: keyset pages newest first, with overdue computed from due instants and the inbox alone."""

import base64
import binascii
import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, tuple_, union
from sqlalchemy.orm import defer
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from domain.case import CaseFilter, CaseLine, CasePage, RequestLine
from domain.codes import CaseStage, Cause, Outcome, RequestState, Urgency
from domain.errors import LiandongError, invalid
from domain.inbox import InboxStatus
from store.tables.cases import CaseRow
from store.tables.follow_ups import FollowUpRow
from store.tables.inbox import InboxRow
from store.tables.projection import RequestRow, RoundRow

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"1\|(-?\d{1,17})\|([0-9a-f]{8})\|(LD-\d{4}-\d{6,9})", re.ASCII)


class CasePages:
    """`now` decides what is overdue; the workers' state does not."""

    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    async def page(self, wanted: CaseFilter) -> CasePage:
        rows = (await self._session.exec(self.statement(wanted))).all()
        shown = rows[: wanted.limit]
        shown_ids = [row.case_id for row in shown]
        requests, follow_ups = await self._requests(shown_ids), await self._follow_ups(shown_ids)
        lines = tuple(self._line(row, tuple(requests[row.case_id]), follow_ups.get(row.case_id)) for row in shown)
        more = len(rows) > wanted.limit
        return CasePage(items=lines, next_cursor=_cursor(shown[-1], wanted) if more else None)

    def statement(self, wanted: CaseFilter) -> SelectOfScalar[CaseRow]:
        """One row more than the page shows, to know whether there is a next one."""
        newest = select(CaseRow).order_by(col(CaseRow.registered_at).desc(), col(CaseRow.case_id).desc())
        # A list shows no content, and documents are most of a row. SQLModel types columns as their values
        lines = newest.options(defer(CaseRow.document), defer(CaseRow.snapshot))  # type: ignore[arg-type]
        return lines.where(*self._conditions(wanted)).limit(wanted.limit + 1)

    def _conditions(self, wanted: CaseFilter) -> list[ColumnElement[bool]]:
        exact = {
            col(CaseRow.stage): wanted.stage,
            col(CaseRow.owner): wanted.owner,
            col(CaseRow.registered_by): wanted.registered_by,
            col(CaseRow.cause): wanted.cause,
            col(CaseRow.outcome): wanted.outcome,
            col(CaseRow.needs_decision): wanted.needs_decision,
        }
        conditions: list[ColumnElement[bool]] = [
            column == value for column, value in exact.items() if value is not None
        ]
        if wanted.waiting_on is not None:
            waiting = select(RequestRow.case_id).where(RequestRow.waiting_on == wanted.waiting_on)
            conditions.append(col(CaseRow.case_id).in_(waiting))
        if wanted.department is not None:
            asked = union(_asked_now(wanted.department), _asked_once(wanted.department))
            conditions.append(col(CaseRow.case_id).in_(asked))
        if wanted.overdue is not None:
            conditions.append(self.overdue() if wanted.overdue else ~self.overdue())
        if wanted.cursor is not None:
            newest = tuple_(col(CaseRow.registered_at), col(CaseRow.case_id))
            conditions.append(newest < tuple_(*_read_cursor(wanted.cursor, wanted)))
        return conditions

    def overdue(self) -> ColumnElement[bool]:
        """Driven from the short list of what is owed, not from all cases."""
        owed = union(
            self._overdue_requests(), self._overdue_contacts(), self._overdue_decisions(), self._overdue_follow_ups()
        )
        return col(CaseRow.case_id).in_(owed)

    def _overdue_requests(self) -> SelectOfScalar[str]:
        return select(RequestRow.case_id).where(self._overdue())

    def _overdue_contacts(self) -> SelectOfScalar[str]:
        return select(CaseRow.case_id).where(col(CaseRow.contact_owed_until) < self._now)

    def _overdue_decisions(self) -> SelectOfScalar[str]:
        return select(CaseRow.case_id).where(col(CaseRow.decision_owed_until) < self._now)

    def _overdue_follow_ups(self) -> SelectOfScalar[str]:
        return select(FollowUpRow.case_id).where(col(FollowUpRow.owed_until) < self._now)

    def _overdue(self) -> ColumnElement[bool]:
        """Owed, past due, and no reply came in time. An applied reply counts: the projection may be behind."""
        in_time = select(InboxRow.entry_id).where(
            InboxRow.request_id == RequestRow.request_id,
            InboxRow.round == RequestRow.round,
            col(InboxRow.ends_round),
            col(InboxRow.status).in_([InboxStatus.RECEIVED.value, InboxStatus.APPLIED.value]),
            col(InboxRow.received_at) <= col(RequestRow.owed_until),
        )
        return (col(RequestRow.owed_until) < self._now) & ~in_time.exists()

    async def _requests(self, case_ids: Sequence[str]) -> dict[str, list[RequestLine]]:
        lines: dict[str, list[RequestLine]] = defaultdict(list)
        wanted = (
            select(RequestRow, self._overdue())
            .where(col(RequestRow.case_id).in_(case_ids))
            .order_by(col(RequestRow.case_id), col(RequestRow.position))
        )
        for row, overdue in await self._session.exec(wanted):
            line = RequestLine(
                request_id=row.request_id,
                department=row.department,
                state=RequestState(row.state),
                round=row.round,
                due_at=row.due_at,
                overdue=bool(overdue),
            )
            lines[row.case_id].append(line)
        return lines

    async def _follow_ups(self, case_ids: Sequence[str]) -> dict[str, datetime]:
        """By case, when its follow-up owes something next."""
        wanted = select(FollowUpRow.case_id, FollowUpRow.owed_until).where(
            col(FollowUpRow.case_id).in_(case_ids), col(FollowUpRow.owed_until).is_not(None)
        )
        # The latest instant first, so that the earliest of a case is the one that stays
        rows = await self._session.exec(wanted.order_by(col(FollowUpRow.owed_until).desc()))
        return {case_id: owed for case_id, owed in rows if owed is not None}

    def _line(self, row: CaseRow, requests: tuple[RequestLine, ...], follow_up: datetime | None) -> CaseLine:
        owed = [at for at in (row.contact_owed_until, row.decision_owed_until, follow_up) if at is not None]
        dues = [*owed, row.next_due_at] if row.next_due_at is not None else owed
        return CaseLine(
            case_id=row.case_id,
            title=row.title,
            stage=CaseStage(row.stage),
            cause=Cause(row.cause) if row.cause else None,
            urgency=Urgency(row.urgency) if row.urgency else None,
            registered_at=row.registered_at,
            owner=row.owner,
            outcome=Outcome(row.outcome) if row.outcome else None,
            next_due_at=min(dues) if dues else None,
            overdue=any(request.overdue for request in requests) or any(at < self._now for at in owed),
            decision_due_at=row.decision_owed_until,
            decision_needed=row.decision_needed,
            requests=requests,
        )


def _asked_now(department: str) -> SelectOfScalar[str]:
    """Also what waits for its turn."""
    return select(RequestRow.case_id).where(RequestRow.department == department)


def _asked_once(department: str) -> SelectOfScalar[str]:
    """Also where the request has gone to somebody else since."""
    turns = select(RequestRow.case_id).join(RoundRow, col(RoundRow.request_id) == col(RequestRow.request_id))
    return turns.where(RoundRow.department == department)


def _cursor(last: CaseRow, wanted: CaseFilter) -> str:
    micros = (last.registered_at - _EPOCH) // timedelta(microseconds=1)
    return _encoded(f"1|{micros}|{_conditions_of(wanted)}|{last.case_id}")


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str, wanted: CaseFilter) -> tuple[datetime, str]:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
        found = _CURSOR.fullmatch(text)
        if found is None or _encoded(text) != cursor or found[2] != _conditions_of(wanted):
            raise _wrong_cursor()
        return _EPOCH + timedelta(microseconds=int(found[1])), found[3]
    except (binascii.Error, ValueError, OverflowError) as error:
        raise _wrong_cursor() from error


def _conditions_of(wanted: CaseFilter) -> str:
    """A cursor continues the list that it came from, and no other."""
    conditions = wanted.model_dump_json(exclude={"cursor", "limit"})
    return hashlib.sha256(conditions.encode()).hexdigest()[:8]


def _wrong_cursor() -> LiandongError:
    return invalid("cursor-invalid", "The cursor does not continue this list.", field="cursor")
