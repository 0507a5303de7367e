"""Writing the projection: one snapshot becomes the rows that lists, boards and the inbox read."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.codes import CaseStage, RequestState
from domain.plan import AskKind
from domain.rung_proof import RungProof
from domain.snapshot import CaseSnapshot, RequestSnapshot, RoundSnapshot
from store.columns import document
from store.tables import CaseRow, RequestRow, RoundRow, Row, RungRow

RowT = TypeVar("RowT", bound=Row)
KeyT = TypeVar("KeyT", bound=tuple[object, ...])


async def write_projection(session: AsyncSession, row: CaseRow, snapshot: CaseSnapshot) -> None:
    """The caller holds the case's row and has compared versions. Only rows that changed are written."""
    outcome = snapshot.outcome
    row.version = snapshot.version
    row.snapshot = document(snapshot)
    row.stage = CaseStage.CLOSED.value if outcome else CaseStage.COORDINATING.value
    row.launched_at = snapshot.launched_at
    row.outcome = outcome.outcome.value if outcome else None
    row.closed_at = outcome.decided_at if outcome else None
    row.needs_decision = bool(snapshot.decision_needed)
    row.decision_needed = snapshot.decision_needed
    row.decision_owed_until = None if outcome else snapshot.decision_owed_until
    row.next_due_at = snapshot.next_due_at
    if outcome:
        row.contact_owed_until = None
    await _write_requests(session, snapshot)


async def _write_requests(session: AsyncSession, snapshot: CaseSnapshot) -> None:
    closed = snapshot.outcome is not None
    requests = {
        (request.request_id,): _request_row(snapshot.case_id, position, request, closed=closed)
        for position, request in enumerate(snapshot.requests)
    }
    rounds = {
        (request.request_id, turn.number): _round_row(request.request_id, turn)
        for request in snapshot.requests
        for turn in request.rounds
    }
    rungs = {
        (request.request_id, turn.number, position): _rung_row(request.request_id, turn.number, position, proof)
        for request in snapshot.requests
        for turn in request.rounds
        for position, proof in enumerate(turn.rungs)
    }
    known_requests = (await session.exec(select(RequestRow).where(RequestRow.case_id == snapshot.case_id))).all()
    ids = select(RequestRow.request_id).where(RequestRow.case_id == snapshot.case_id)
    known_rounds = (await session.exec(select(RoundRow).where(col(RoundRow.request_id).in_(ids)))).all()
    known_rungs = (await session.exec(select(RungRow).where(col(RungRow.request_id).in_(ids)))).all()

    # Foreign keys want the children gone before, and their parents there first
    await _drop(session, {(row.request_id, row.round, row.position): row for row in known_rungs}, rungs)
    await _drop(session, {(row.request_id, row.number): row for row in known_rounds}, rounds)
    await _drop(session, {(row.request_id,): row for row in known_requests}, requests)
    await _put(session, {(row.request_id,): row for row in known_requests}, requests)
    await _put(session, {(row.request_id, row.number): row for row in known_rounds}, rounds)
    await _put(session, {(row.request_id, row.round, row.position): row for row in known_rungs}, rungs)


async def _drop(session: AsyncSession, known: Mapping[KeyT, RowT], wanted: Iterable[KeyT]) -> None:
    for key in known.keys() - set(wanted):
        await session.delete(known[key])
    await session.flush()


async def _put(session: AsyncSession, known: Mapping[KeyT, RowT], wanted: Mapping[KeyT, RowT]) -> None:
    for key, row in wanted.items():
        if key not in known:
            session.add(row)
            continue
        for name, value in row.model_dump().items():
            if getattr(known[key], name) != value:
                setattr(known[key], name, value)
    await session.flush()


def _request_row(case_id: str, position: int, request: RequestSnapshot, *, closed: bool) -> RequestRow:
    turn = request.round
    is_open = request.state is RequestState.OPEN and not closed
    # External parties and statutory waits have due instants, but nobody there owes us anything
    owed = is_open and request.kind is AskKind.DEPARTMENT and turn is not None
    department = turn.department if turn else request.department
    return RequestRow(
        request_id=request.request_id,
        case_id=case_id,
        position=position,
        key=request.key,
        kind=request.kind.value,
        role=request.role.value,
        department=department,
        state=request.state.value,
        round=turn.number if turn else 0,
        due_at=turn.due_at if turn else None,
        sign_due_at=turn.sign_due_at if turn else None,
        in_time=turn.in_time if turn else None,
        owed_until=turn.due_at if owed and turn else None,
        waiting_on=department if is_open else None,
    )


def _round_row(request_id: str, turn: RoundSnapshot) -> RoundRow:
    return RoundRow(
        request_id=request_id,
        number=turn.number,
        department=turn.department,
        opened_at=turn.opened_at,
        due_at=turn.due_at,
        sign_due_at=turn.sign_due_at,
        delivered_at=turn.delivered_at,
        signed_at=turn.signed_at,
        ended_at=turn.ended_at,
        end=turn.end.value if turn.end else None,
        reply=turn.reply.value if turn.reply else None,
        answer_ref=turn.answer_ref,
        received_at=turn.received_at,
        in_time=turn.in_time,
    )


def _rung_row(request_id: str, number: int, position: int, proof: RungProof) -> RungRow:
    return RungRow(
        request_id=request_id,
        round=number,
        position=position,
        rung=proof.rung,
        clock=proof.clock.value,
        planned_at=proof.planned_at,
        fired_at=proof.fired_at,
        result=proof.result,
    )
