"""Overdue: the whole truth table, for the filter, the line and the count of what is owed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from domain.case import CaseFilter, CaseLine
from domain.codes import Outcome, RequestState
from domain.fact import FactKind
from domain.inbox import InboxEntry, InboxStatus
from domain.plan import AskKind
from domain.snapshot import RequestSnapshot
from domain.waiting import Matter, WaitSnapshot
from store.sql_store import SqlStore
from tests.store.samples import (
    DUE,
    START,
    accepted,
    case_id,
    ended,
    entry,
    fact,
    interim,
    record,
    request,
    snapshot,
    turn,
    waiting,
)

LATER = DUE + timedelta(microseconds=1)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Situation:
    asked: RequestSnapshot
    messages: tuple[InboxEntry, ...] = ()
    now: datetime = LATER
    outcome: Outcome | None = None


OPEN = request(1, "market", turn())
TWICE = request(1, "market", ended(turn()), turn(2, due_at=DUE))

OVERDUE = {
    "nothing came": Situation(OPEN),
    "it came a moment too late": Situation(OPEN, (entry("a", reply=accepted(), at=LATER),)),
    "only an acknowledgement came": Situation(OPEN, (entry("b", reply=None),)),
    "only an interim note came": Situation(OPEN, (entry("c", reply=interim()),)),
    "the answer was to an earlier round": Situation(TWICE, (entry("d", reply=accepted()),)),
    "the answer was to another request": Situation(
        OPEN, (entry("e", reply=accepted(), request_id="LD-2026-000001.police"),)
    ),
    "the answer was turned away as late": Situation(OPEN, (entry("f", reply=accepted(), status=InboxStatus.LATE),)),
    "the second round is past due": Situation(TWICE),
}
IN_TIME = {
    "it is due this very instant": Situation(OPEN, now=DUE),
    "the answer waits in the inbox": Situation(OPEN, (entry("g", reply=accepted()),)),
    "the answer came at the very instant": Situation(OPEN, (entry("h", reply=accepted(), at=DUE),)),
    "the engine has the answer, the projection not yet": Situation(
        OPEN, (entry("i", reply=accepted(), status=InboxStatus.APPLIED),)
    ),
    "a later answer waits beside one in time": Situation(
        OPEN,
        (
            entry("j", reply=accepted(), status=InboxStatus.CONTRADICTED, at=LATER),
            entry("k", reply=accepted(), at=DUE - SECOND),
        ),
    ),
    "the clock is paused": Situation(request(1, "market", turn(due_at=None))),
    "the duty leader must move": Situation(request(1, "market", ended(turn()), state=RequestState.DECISION)),
    "it is answered": Situation(request(1, "market", ended(turn()), state=RequestState.ANSWERED)),
    "it is withdrawn": Situation(request(1, "market", turn(), state=RequestState.WITHDRAWN)),
    "it has not been asked yet": Situation(request(1, "market", state=RequestState.PENDING)),
    "an external party is never overdue": Situation(request(1, "notary", turn(department=None), kind=AskKind.EXTERNAL)),
    "a statutory wait is never overdue": Situation(
        request(1, "notice", turn(department=None), kind=AskKind.STATUTORY_WAIT)
    ),
    "the case is closed": Situation(OPEN, outcome=Outcome.WITHDRAWN),
}


async def _lines(store: SqlStore, wanted: CaseFilter, now: datetime) -> tuple[CaseLine, ...]:
    async with store.reading() as session:
        return (await session.cases.page(wanted, now)).items


async def _set_up(store: SqlStore, situation: Situation) -> None:
    async with store.writing() as session:
        await session.cases.add(record(contacted=True))
        await session.cases.project(snapshot(1, situation.asked, outcome=situation.outcome))
        for message in situation.messages:
            assert await session.inbox.add(message)


@pytest.mark.parametrize("name", [*OVERDUE, *IN_TIME])
async def test_a_request_is_overdue(store: SqlStore, name: str) -> None:
    situation = (OVERDUE | IN_TIME)[name]
    await _set_up(store, situation)
    listed = await _lines(store, CaseFilter(overdue=True), situation.now)
    left = await _lines(store, CaseFilter(overdue=False), situation.now)
    (shown,) = await _lines(store, CaseFilter(), situation.now)
    overdue = name in OVERDUE
    assert (len(listed), len(left)) == ((1, 0) if overdue else (0, 1))
    assert shown.overdue is overdue
    assert [line.overdue for line in shown.requests] == [overdue]


async def test_one_late_department_does_not_colour_the_others(store: SqlStore) -> None:
    prompt = request(1, "police", turn(department="police", due_at=DUE + timedelta(days=1)))
    async with store.writing() as session:
        await session.cases.add(record(contacted=True))
        await session.cases.project(snapshot(1, OPEN, prompt))
    (shown,) = await _lines(store, CaseFilter(overdue=True), LATER)
    assert [(line.department, line.overdue) for line in shown.requests] == [("market", True), ("police", False)]


@pytest.mark.parametrize(
    ("contacted", "now", "overdue"), [(False, LATER, True), (False, DUE, False), (True, LATER, False)]
)
async def test_a_first_contact_is_overdue(store: SqlStore, contacted: bool, now: datetime, overdue: bool) -> None:
    async with store.writing() as session:
        await session.cases.add(record(contact_due=DUE, contacted=contacted))
    (shown,) = await _lines(store, CaseFilter(), now)
    assert shown.overdue is overdue
    assert len(await _lines(store, CaseFilter(overdue=True), now)) == int(overdue)
    async with store.reading() as session:
        owed = await session.cases.first_contacts_owed("overdue", limit=10)
    assert [each.case_id for each in owed] == ([] if contacted else [case_id()])


async def test_a_late_contact_ends_it(store: SqlStore) -> None:
    async with store.writing() as session:
        await session.cases.add(record(contact_due=DUE))
    async with store.writing() as session:
        current = await session.cases.get(case_id(), lock=True)
        contact = record(contacted=True).first_contact
        await session.cases.save(current.model_copy(update={"first_contact": contact}))
    assert await _lines(store, CaseFilter(overdue=True), LATER) == ()


async def test_a_proved_rung_is_not_asked_for_again(store: SqlStore) -> None:
    async with store.writing() as session:
        for serial in (1, 2, 3):
            await session.cases.add(record(serial, contact_due=DUE - serial * SECOND))
        await session.facts.append(case_id(2), [fact(f"{case_id(2)}.overdue", 2, kind=FactKind.RUNG_FIRED)])
        await session.facts.append(case_id(3), [fact(f"{case_id(3)}.today", 3, kind=FactKind.RUNG_FIRED)])
    async with store.reading() as session:
        owed = await session.cases.first_contacts_owed("overdue", limit=10)
        first = await session.cases.first_contacts_owed("overdue", limit=1)
        second = await session.cases.first_contacts_owed("overdue", after=first[0], limit=1)
        end = await session.cases.first_contacts_owed("overdue", after=second[0], limit=1)
        today = await session.cases.first_contacts_owed("today", limit=10)
    assert [each.case_id for each in owed] == [case_id(3), case_id(1)]
    assert [each.case_id for each in (*first, *second, *end)] == [case_id(3), case_id(1)]
    assert [each.case_id for each in today] == [case_id(2), case_id(1)]
    # Still overdue in the list: the escalation does not make the contact
    assert len(await _lines(store, CaseFilter(overdue=True), LATER)) == 3


async def test_a_closed_case_owes_no_first_contact(store: SqlStore) -> None:
    async with store.writing() as session:
        await session.cases.add(record(contact_due=START))
        await session.cases.project(snapshot(1, outcome=Outcome.DONE))
    assert await _lines(store, CaseFilter(overdue=True), LATER) == ()


@pytest.mark.parametrize(
    ("wait", "now", "overdue"),
    [
        (waiting(), LATER, True),
        (waiting(), DUE, False),
        (waiting(stopped_at=DUE), LATER, False),
        (waiting(Matter.REVIEW), LATER, False),
    ],
    ids=["nobody decided", "due this very instant", "decided", "a review is no debt"],
)
async def test_a_decision_is_overdue(store: SqlStore, wait: WaitSnapshot, now: datetime, overdue: bool) -> None:
    asked = request(1, "market", ended(turn()), state=RequestState.DECISION)
    async with store.writing() as session:
        await session.cases.add(record(contacted=True))
        await session.cases.project(snapshot(1, asked).model_copy(update={"waits": (wait,)}))
    (shown,) = await _lines(store, CaseFilter(), now)
    assert shown.overdue is overdue
    assert shown.decision_due_at == (DUE if wait.running and wait.matter is not Matter.REVIEW else None)
    assert len(await _lines(store, CaseFilter(overdue=True), now)) == int(overdue)
    assert len(await _lines(store, CaseFilter(overdue=False), now)) == int(not overdue)
    async with store.writing() as session:
        closed = snapshot(1, asked, version=2, outcome=Outcome.WITHDRAWN).model_copy(update={"waits": (wait,)})
        await session.cases.project(closed)
    assert await _lines(store, CaseFilter(overdue=True), now) == ()
