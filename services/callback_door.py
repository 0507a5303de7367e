"""Doors that a round has closed: what a department may no longer say although the round itself still runs."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from domain.codes import ReplyCode
from domain.inbox import DepartmentMessage
from domain.snapshot import CaseSnapshot, RoundSnapshot
from services.live_snapshot import live_snapshot
from services.office import Office

_GUARDED: Final = frozenset({ReplyCode.NOT_MINE, ReplyCode.EXTENSION_REQUESTED})


class ClosedDoor(NamedTuple):
    """Why the answer has no effect: a stable rule, a text for people, and the ruling where one binds."""

    rule: str
    detail: str
    ruling: str | None = None


async def closed_door(
    office: Office, case_id: str, message: DepartmentMessage, received_at: datetime
) -> ClosedDoor | None:
    """Judged on the live case where it can be had: an extension may have been granted a moment ago."""
    if message.reply is None or message.reply.code not in _GUARDED:
        return None
    snapshot = await live_snapshot(office, case_id) or await _projected(office, case_id)
    turn = next(_turns(snapshot, message), None) if snapshot else None
    return None if turn is None or turn.ended_at is not None else judge_door(message.reply.code, turn, received_at)


def judge_door(code: ReplyCode, turn: RoundSnapshot, received_at: datetime) -> ClosedDoor | None:
    if code is ReplyCode.NOT_MINE:
        refusal = turn.return_rights.refusal(received_at)
        if refusal == "designation-binds":
            detail = f"designated under {turn.ruling}: the request cannot be returned; answer it"
            return ClosedDoor(refusal, detail, turn.ruling)
        if refusal is not None:
            return ClosedDoor(refusal, "the time to return the request is over; answer it")
    if code is ReplyCode.EXTENSION_REQUESTED and turn.due_at is not None and received_at > turn.due_at:
        return ClosedDoor("extension-asked-too-late", "more time is asked for before the due instant; answer now")
    return None


async def _projected(office: Office, case_id: str) -> CaseSnapshot | None:
    async with office.store.reading() as session:
        return (await session.cases.get(case_id)).snapshot


def _turns(snapshot: CaseSnapshot, message: DepartmentMessage) -> Iterator[RoundSnapshot]:
    for request in snapshot.requests:
        if request.request_id == message.request_id:
            yield from (turn for turn in request.rounds if turn.number == message.round)
