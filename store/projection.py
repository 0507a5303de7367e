"""Writing the projection: one snapshot becomes the rows that lists, boards and the inbox read."""

from collections.abc import Hashable
from typing import Final

from sqlalchemy import bindparam, delete, tuple_, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.codes import CaseStage, RequestState
from domain.plan import AskKind
from domain.rung_proof import RungProof
from domain.snapshot import CaseSnapshot, RequestSnapshot, RoundSnapshot
from store.columns import document
from store.inserts import Columns, put, table_of
from store.tables.cases import CaseRow
from store.tables.projection import RequestRow, RoundRow, RungRow
from store.tables.row import Row

Key = tuple[Hashable, ...]
_TABLES: Final[tuple[type[Row], ...]] = (RequestRow, RoundRow, RungRow)
"""Parents first."""
_CASE: Final = update(table_of(CaseRow)).where(col(CaseRow.case_id) == bindparam("of_case"))


async def write_projection(session: AsyncSession, before: str | None, snapshot: CaseSnapshot) -> None:
    """The caller holds the case's row, has compared versions, and says which snapshot stands there: only rows that
    changed since are written."""
    connection = await session.connection()
    await connection.execute(_CASE, _case(snapshot))
    await _write_parts(session, CaseSnapshot.model_validate_json(before) if before else None, snapshot)


async def _write_parts(session: AsyncSession, before: CaseSnapshot | None, after: CaseSnapshot) -> None:
    """The rows are nothing but the snapshot's content: what two snapshots share stands there already."""
    known, wanted = _parts(before) if before else {}, _parts(after)
    # Foreign keys want the children gone before, and their parents there first
    for table in reversed(_TABLES):
        for key in known.get(table, {}).keys() - wanted[table].keys():
            await session.exec(delete(table).where(tuple_(*table_of(table).primary_key) == key))
    for table in _TABLES:
        stands = known.get(table, {})
        await put(session, table, [row for key, row in wanted[table].items() if stands.get(key) != row])


def _parts(snapshot: CaseSnapshot) -> dict[type[Row], dict[Key, Columns]]:
    closed = snapshot.outcome is not None
    parts: dict[type[Row], dict[Key, Columns]] = {table: {} for table in _TABLES}
    for position, request in enumerate(snapshot.requests):
        request_id = request.request_id
        parts[RequestRow][(request_id,)] = _request(snapshot.case_id, position, request, closed=closed)
        for turn in request.rounds:
            parts[RoundRow][request_id, turn.number] = _round(request_id, turn)
            for rung, proof in enumerate(turn.rungs):
                parts[RungRow][request_id, turn.number, rung] = _rung((request_id, turn.number, rung), proof)
    return parts


def _case(snapshot: CaseSnapshot) -> Columns:
    outcome = snapshot.outcome
    changed: dict[str, object] = {
        "of_case": snapshot.case_id,
        "version": snapshot.version,
        "snapshot": document(snapshot),
        "stage": CaseStage.CLOSED.value if outcome else CaseStage.COORDINATING.value,
        "launched_at": snapshot.launched_at,
        "outcome": outcome.outcome.value if outcome else None,
        "closed_at": outcome.decided_at if outcome else None,
        "needs_decision": bool(snapshot.decision_needed),
        "decision_needed": snapshot.decision_needed,
        "decision_owed_until": None if outcome else snapshot.decision_owed_until,
        "next_due_at": snapshot.next_due_at,
    }
    return changed | {"contact_owed_until": None} if outcome else changed


def _request(case_id: str, position: int, request: RequestSnapshot, *, closed: bool) -> Columns:
    turn = request.round
    is_open = request.state is RequestState.OPEN and not closed
    # External parties and statutory waits have due instants, but nobody there owes us anything
    owed = is_open and request.kind is AskKind.DEPARTMENT and turn is not None
    department = turn.department if turn else request.department
    return {
        "request_id": request.request_id,
        "case_id": case_id,
        "position": position,
        "key": request.key,
        "kind": request.kind.value,
        "role": request.role.value,
        "department": department,
        "state": request.state.value,
        "round": turn.number if turn else 0,
        "due_at": turn.due_at if turn else None,
        "sign_due_at": turn.sign_due_at if turn else None,
        "in_time": turn.in_time if turn else None,
        "owed_until": turn.due_at if owed and turn else None,
        "waiting_on": department if is_open else None,
    }


def _round(request_id: str, turn: RoundSnapshot) -> Columns:
    return {
        "request_id": request_id,
        "number": turn.number,
        "department": turn.department,
        "opened_at": turn.opened_at,
        "due_at": turn.due_at,
        "sign_due_at": turn.sign_due_at,
        "delivered_at": turn.delivered_at,
        "signed_at": turn.signed_at,
        "ended_at": turn.ended_at,
        "end": turn.end.value if turn.end else None,
        "reply": turn.reply.value if turn.reply else None,
        "answer_ref": turn.answer_ref,
        "received_at": turn.received_at,
        "in_time": turn.in_time,
    }


def _rung(key: tuple[str, int, int], proof: RungProof) -> Columns:
    request_id, number, position = key
    return {
        "request_id": request_id,
        "round": number,
        "position": position,
        "rung": proof.rung,
        "clock": proof.clock.value,
        "planned_at": proof.planned_at,
        "fired_at": proof.fired_at,
        "result": proof.result,
    }
