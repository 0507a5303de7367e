"""Cases: registration, the record, its lock, and whose round a request is in."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Final

from sqlalchemy import ColumnElement, bindparam, func, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from domain.case import CaseFilter, CasePage, CaseRecord
from domain.codes import CaseStage, Outcome, RequestState
from domain.errors import LiandongError, conflict, not_found
from domain.fact import FactKind
from domain.ids import case_id as case_number
from domain.snapshot import CaseSnapshot, RoundOwner
from store.case_pages import CasePages
from store.columns import document
from store.projection import write_projection
from store.readable import ROOM, readable
from store.tables.cases import CaseRow, SerialRow
from store.tables.facts import FactRow
from store.tables.projection import RequestRow, RoundRow

PROJECTED = ("needs_decision", "decision_needed", "decision_owed_until", "next_due_at", "version", "snapshot")
"""Columns that only the projection writes, once there is one."""
_BEFORE_LAUNCH = (CaseStage.REGISTERED.value, CaseStage.TRIAGED.value)

_CASE: Final = select(CaseRow).where(CaseRow.case_id == bindparam("case_id"))
# populate_existing: what the lock waited for must be seen, not what was read before
_CASE_HELD: Final = _CASE.with_for_update().execution_options(populate_existing=True)
_STAGE_HELD: Final = select(CaseRow.stage).where(CaseRow.case_id == bindparam("case_id")).with_for_update()
_PROJECTED_HELD: Final = (
    select(CaseRow.version, CaseRow.snapshot).where(CaseRow.case_id == bindparam("case_id")).with_for_update()
)
_OWNER: Final = (
    select(RequestRow.case_id, RequestRow.round, RequestRow.state, RoundRow)
    .join(RoundRow, col(RoundRow.request_id) == col(RequestRow.request_id))
    .where(RequestRow.request_id == bindparam("request_id"), RoundRow.number == bindparam("number"))
)


class SqlCases:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._held: dict[str, CaseRow] = {}
        """Locked by this transaction: nobody else can have changed them since."""

    async def next_case_id(self, year: int) -> str:
        postgres = self._session.get_bind().dialect.name == "postgresql"
        insert = postgresql.insert(SerialRow) if postgres else sqlite.insert(SerialRow)
        serial = insert.values(year=year, last=1).on_conflict_do_update(
            index_elements=["year"], set_={"last": col(SerialRow.last) + 1}
        )
        result = await self._session.exec(serial.returning(col(SerialRow.last)))
        return case_number(year, result.scalar_one())

    async def add(self, record: CaseRecord) -> None:
        row = _row_of(record)
        try:
            async with self._session.begin_nested():
                self._session.add(row)
        except IntegrityError as error:
            registration = record.registration
            known = registration.external_id and await self.find(registration.source, registration.external_id)
            code = "already-registered" if known else "case-number-taken"
            raise conflict(code, "This matter is registered already.") from error
        if record.snapshot:
            await write_projection(self._session, None, record.snapshot)
            self._session.expire(row)

    async def get(self, case_id: str, *, lock: bool = False) -> CaseRecord:
        return record_of(await self._row(case_id, lock=lock))

    async def hold(self, case_id: str) -> CaseStage:
        stage = (await self._session.exec(_STAGE_HELD, params={"case_id": case_id})).one_or_none()
        if stage is None:
            raise _unknown()
        return CaseStage(stage)

    async def find(self, source: str, external_id: str) -> CaseRecord | None:
        wanted = select(CaseRow).where(CaseRow.source == source, CaseRow.external_id == external_id)
        row = (await self._session.exec(wanted)).one_or_none()
        return record_of(row) if row else None

    async def save(self, record: CaseRecord) -> None:
        """Stage, launch, outcome and end belong to the projection once there is one: a stale copy cannot undo them."""
        row = await self._row(record.case_id, lock=True)
        current = record_of(row)
        if current.snapshot:
            kept = {name: getattr(current, name) for name in ("stage", "launched_at", "outcome", "closed_at")}
            record = record.model_copy(update=kept | {"snapshot": current.snapshot})
        kept_back = set(PROJECTED) if current.snapshot else set(PROJECTED) - {"decision_owed_until"}
        for name, value in _row_of(record).model_dump(exclude=kept_back).items():
            setattr(row, name, value)
        await self._session.flush()

    async def project(self, snapshot: CaseSnapshot) -> bool:
        found = (await self._session.exec(_PROJECTED_HELD, params={"case_id": snapshot.case_id})).one_or_none()
        if found is None:
            raise _unknown()
        version, before = found
        if version is not None and snapshot.version <= version:
            return False
        await write_projection(self._session, before, snapshot)
        if (row := self._held.pop(snapshot.case_id, None)) is not None:
            self._session.expire(row)
        return True

    async def round_owner(self, request_id: str, number: int) -> RoundOwner | None:
        found = (await self._session.exec(_OWNER, params={"request_id": request_id, "number": number})).one_or_none()
        if found is None:
            return None
        case_id, current_round, state, turn = found
        return RoundOwner(
            case_id=case_id,
            department=turn.department,
            due_at=turn.due_at,
            ended=turn.ended_at is not None,
            current_round=current_round,
            state=RequestState(state),
        )

    async def lawfully_refused(self, matter_print: str) -> str | None:
        wanted = (
            select(CaseRow.case_id)
            .where(CaseRow.matter_print == matter_print, CaseRow.outcome == Outcome.LAWFULLY_REFUSED.value)
            .order_by(col(CaseRow.closed_at).desc(), col(CaseRow.case_id).desc())
            .limit(1)
        )
        return (await self._session.exec(wanted)).first()

    async def revoked_of_party(self, fingerprint: str) -> Sequence[str]:
        repaired = select(FactRow.fact_id).where(
            FactRow.case_id == CaseRow.case_id, FactRow.kind == FactKind.DISHONESTY_REPAIRED.value
        )
        wanted = (
            select(CaseRow.case_id)
            .where(CaseRow.party_print == fingerprint, CaseRow.outcome == Outcome.REVOKED.value, ~repaired.exists())
            .order_by(CaseRow.case_id)
        )
        return (await self._session.exec(wanted)).all()

    async def page(self, wanted: CaseFilter, now: datetime) -> CasePage:
        return await CasePages(self._session, now).page(wanted)

    async def first_contacts_owed(
        self, rung: str, *, after: CaseRecord | None = None, limit: int
    ) -> Sequence[CaseRecord]:
        """A rung's proof is the fact `<case>.<rung>`."""
        proof = col(CaseRow.case_id) + f".{rung}"
        wanted = _without(proof, col(CaseRow.contact_owed_until), after.first_contact_due_at if after else None, after)
        return await self._readable(wanted, limit)

    async def decisions_owed(self, rung: str, *, after: CaseRecord | None = None, limit: int) -> Sequence[CaseRecord]:
        """A rung's proof is the fact `<case>.<stage>.<rung>`."""
        proof = col(CaseRow.case_id) + "." + func.lower(col(CaseRow.stage)) + f".{rung}"
        wanted = _without(proof, col(CaseRow.decision_owed_until), after.decision_due_at if after else None, after)
        wanted = wanted.where(col(CaseRow.stage).in_(_BEFORE_LAUNCH))
        return await self._readable(wanted, limit)

    async def ids(self, *, stage: CaseStage | None = None, after: str = "", limit: int = 500) -> Sequence[str]:
        wanted = select(CaseRow.case_id).where(CaseRow.case_id > after).order_by(CaseRow.case_id).limit(limit)
        if stage is not None:
            wanted = wanted.where(CaseRow.stage == stage.value)
        return (await self._session.exec(wanted)).all()

    async def _readable(self, wanted: SelectOfScalar[CaseRow], limit: int) -> Sequence[CaseRecord]:
        rows = await self._session.exec(wanted.limit(limit + ROOM))
        return list(islice(readable(rows, record_of, lambda row: row.case_id), limit))

    async def _row(self, case_id: str, *, lock: bool) -> CaseRow:
        if case_id in self._held:
            return self._held[case_id]
        row = (await self._session.exec(_CASE_HELD if lock else _CASE, params={"case_id": case_id})).one_or_none()
        if row is None:
            raise _unknown()
        if lock:
            self._held[case_id] = row
        return row


def _without(
    proof: ColumnElement[str], owed_until: Mapped[datetime | None], due: datetime | None, after: CaseRecord | None
) -> SelectOfScalar[CaseRow]:
    """Cases that owe something and have not this proof, the earliest due first."""
    proved = select(FactRow.fact_id).where(col(FactRow.fact_id) == proof)
    place = (owed_until, col(CaseRow.case_id))
    wanted = select(CaseRow).where(owed_until.is_not(None), ~proved.exists()).order_by(*place)
    return wanted if after is None else wanted.where(tuple_(*place) > tuple_(due, after.case_id))


def record_of(row: CaseRow) -> CaseRecord:
    record = CaseRecord.model_validate_json(row.document)
    if row.snapshot is None:
        return record
    snapshot = CaseSnapshot.model_validate_json(row.snapshot)
    projected = {
        "snapshot": snapshot,
        "stage": CaseStage(row.stage),
        "launched_at": row.launched_at,
        "outcome": snapshot.outcome,
        "closed_at": row.closed_at,
    }
    return record.model_copy(update=projected)


def _unknown() -> LiandongError:
    return not_found("case-not-found", "There is no such case.")


def _row_of(record: CaseRecord) -> CaseRow:
    owes_contact = record.first_contact is None and record.stage is not CaseStage.CLOSED
    return CaseRow(
        case_id=record.case_id,
        source=record.registration.source,
        external_id=record.registration.external_id,
        stage=record.stage.value,
        owner=record.owner,
        title=record.registration.title,
        cause=record.triage.cause.value if record.triage else None,
        urgency=record.triage.urgency.value if record.triage else None,
        registered_at=record.registered_at,
        registered_by=record.registered_by,
        contact_owed_until=record.first_contact_due_at if owes_contact else None,
        decision_owed_until=record.decision_due_at,
        launched_at=record.launched_at,
        closed_at=record.closed_at,
        outcome=record.outcome.outcome.value if record.outcome else None,
        document=document(record, without=frozenset({"snapshot"})),
        party_print=record.party_print,
        matter_print=record.matter_print,
    )
