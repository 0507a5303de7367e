"""Follow-ups, private links, codes, precedents and fingerprints, the same on both databases."""

from datetime import timedelta

import pytest

from domain.case import CaseFilter
from domain.clock import Clock, ClockKind
from domain.codes import CaseStage, Cause, Outcome
from domain.errors import ErrorCategory, LiandongError
from domain.fact import Fact, FactKind
from domain.follow_up import (
    FollowUpEnd,
    FollowUpSnapshot,
    Rating,
    RatingGiven,
    ReviewHandling,
    ReviewTreatment,
    follow_up_id,
)
from domain.follow_up_order import FollowUpOrder, RatingLink
from domain.limit import Limit
from domain.precedent import draft_precedent
from domain.progress_code import ProgressAccess
from domain.rung_proof import ClockProofs
from domain.snapshot import OutcomeRecord
from store.sql_store import SqlStore
from tests.store.samples import DUE, START, case_id, hashed, record


def order(serial: int = 1, number: int = 1) -> FollowUpOrder:
    case = case_id(serial)
    return FollowUpOrder(
        follow_up_id=follow_up_id(case, number), case_id=case, number=number, ordered_at=START, launch_json="{}"
    )


def snapshot(ordered: FollowUpOrder, version: int = 1, **changes: object) -> FollowUpSnapshot:
    clock = Clock(clock_id="c", kind=ClockKind.FOLLOW_UP, started_at=START, limit=Limit.parse("5 working_days"))
    given = FollowUpSnapshot(
        follow_up_id=ordered.follow_up_id,
        case_id=ordered.case_id,
        number=ordered.number,
        version=version,
        starts_at=START,
        call=ClockProofs(clock=clock),
        call_due_at=DUE,
        rating_closes_at=DUE,
    )
    return given.model_copy(update=changes)


async def close(store: SqlStore, serial: int = 1, outcome: Outcome = Outcome.DONE, **changes: object) -> None:
    ended = OutcomeRecord(outcome=outcome, decided_by="engine", decided_at=DUE, reason="r")
    made = record(serial, cause=Cause.CROSS_DEPT, stage=CaseStage.CLOSED)
    async with store.writing() as session:
        await session.cases.add(made.model_copy(update={"outcome": ended, "closed_at": DUE, **changes}))


async def test_closed_cases_wait_until_they_are_ordered(store: SqlStore) -> None:
    await close(store, 1)
    await close(store, 2, Outcome.WITHDRAWN)
    async with store.writing() as session:
        await session.cases.add(record(3))
    async with store.writing() as session:
        assert await session.follow_ups.unordered(10) == [case_id(1)]
        assert await session.follow_ups.add(order())
        assert not await session.follow_ups.add(order())
        assert await session.follow_ups.unordered(10) == []
        assert [one.follow_up_id for one in await session.follow_ups.unstarted(10)] == [f"{case_id(1)}.followup1"]
        await session.follow_ups.save(order().model_copy(update={"started_at": START}))
        assert await session.follow_ups.unstarted(10) == []


async def test_projections_only_go_forward_and_keep_what_was_ordered(store: SqlStore) -> None:
    await close(store)
    async with store.writing() as session:
        await session.follow_ups.add(order())
        assert await session.follow_ups.project(snapshot(order(), 2, resolved=False))
        assert not await session.follow_ups.project(snapshot(order(), 1))
        assert await session.follow_ups.reopening_owed(10) == [f"{case_id()}.followup1"]
        await session.follow_ups.save(order().model_copy(update={"reopened_as": case_id(7)}))
    async with store.reading() as session:
        kept = await session.follow_ups.get(f"{case_id()}.followup1")
        assert await session.follow_ups.reopening_owed(10) == []
    assert kept is not None
    assert (kept.version, kept.reopened_as) == (2, case_id(7))


def _review(**done: object) -> ReviewHandling:
    clock = Clock(clock_id="r", kind=ClockKind.REVIEW_CONTACT, started_at=START, limit=Limit.parse("1 working_days"))
    return ReviewHandling(contact=ClockProofs(clock=clock), contact_due_at=DUE).model_copy(update=done)


RECTIFY = ReviewTreatment.RECTIFY
OWED: dict[str, dict[str, object]] = {
    "the call": {},
    "contact about a bad review": {"call_over": True, "review": _review()},
    "the decision about it": {"call_over": True, "review": _review(contacted_at=START, decision_due_at=DUE)},
    "a rectification": {"call_over": True, "review": _review(contacted_at=START, treatment=RECTIFY, rectify_by=DUE)},
}
NOT_OWED: dict[str, dict[str, object]] = {
    "somebody was reached": {"call_over": True},
    "the rectification is done": {
        "call_over": True,
        "review": _review(contacted_at=START, treatment=RECTIFY, rectify_by=DUE, finished_at=START),
    },
    "the follow-up has ended": {"ended_at": START},
}


@pytest.mark.parametrize("name", [*OWED, *NOT_OWED])
async def test_what_a_follow_up_owes_is_overdue_in_the_list_of_cases(store: SqlStore, name: str) -> None:
    await close(store)
    async with store.writing() as session:
        await session.follow_ups.add(order())
        await session.follow_ups.project(snapshot(order(), 1, **(OWED | NOT_OWED)[name]))
    late = DUE + timedelta(microseconds=1)
    async with store.reading() as session:
        in_time = (await session.cases.page(CaseFilter(overdue=True), DUE)).items
        overdue = (await session.cases.page(CaseFilter(overdue=True), late)).items
        others = (await session.cases.page(CaseFilter(overdue=False), late)).items
        (shown,) = (await session.cases.page(CaseFilter(), late)).items
    owed = name in OWED
    assert (len(in_time), len(overdue), len(others)) == (0, int(owed), int(not owed))
    assert (shown.overdue, shown.next_due_at) == (owed, DUE if owed else None)


async def test_the_earliest_of_two_follow_ups_is_the_next_due(store: SqlStore) -> None:
    await close(store)
    async with store.writing() as session:
        for number, days in ((1, 3), (2, 1)):
            one = order(number=number)
            await session.follow_ups.add(one)
            await session.follow_ups.project(snapshot(one, call_due_at=DUE + timedelta(days=days)))
    async with store.reading() as session:
        (shown,) = (await session.cases.page(CaseFilter(), DUE)).items
    assert (shown.overdue, shown.next_due_at) == (False, DUE + timedelta(days=1))


async def test_a_second_follow_up_is_owed_once(store: SqlStore) -> None:
    await close(store)
    async with store.writing() as session:
        await session.follow_ups.add(order())
        await session.follow_ups.project(snapshot(order(), end=FollowUpEnd.REVIEW_TREATED, ended_at=DUE))
        assert await session.follow_ups.second_owed(10) == [f"{case_id()}.followup1"]
        await session.follow_ups.add(order(number=2))
        assert await session.follow_ups.second_owed(10) == []
        assert [one.number for one in await session.follow_ups.of_case(case_id())] == [1, 2]


async def test_an_unknown_follow_up_is_refused(store: SqlStore) -> None:
    for write in ("save", "project"):
        given = order() if write == "save" else snapshot(order())
        async with store.writing() as session:
            with pytest.raises(LiandongError) as caught:
                await getattr(session.follow_ups, write)(given)
        assert caught.value.category is ErrorCategory.NOT_FOUND


async def test_a_newer_link_replaces_unused_ones_and_a_used_one_stays(store: SqlStore) -> None:
    await close(store)
    links = [
        RatingLink(
            token_hash=hashed(name),
            follow_up_id=order().follow_up_id,
            case_id=case_id(),
            issued_at=START,
            closes_at=DUE,
        )
        for name in ("first", "second", "third")
    ]
    given = RatingGiven(coordination=Rating.SATISFIED, received_at=START)
    async with store.writing() as session:
        await session.follow_ups.add(order())
        await session.rating_links.add(links[0])
        await session.rating_links.add(links[1])
        assert await session.rating_links.get(links[0].token_hash) is None
        used = links[1].model_copy(update={"rating": given})
        await session.rating_links.save(used)
        assert await session.rating_links.undelivered(DUE, 10) == [used]
        await session.rating_links.save(used.model_copy(update={"next_attempt_at": DUE}))
        assert await session.rating_links.undelivered(START, 10) == []
        assert len(await session.rating_links.undelivered(DUE, 10)) == 1
        await session.rating_links.add(links[2])
        assert {link.token_hash for link in await session.rating_links.of_follow_up(order().follow_up_id)} == {
            links[1].token_hash,
            links[2].token_hash,
        }
        await session.rating_links.save(used.model_copy(update={"delivered_at": DUE}))
        assert await session.rating_links.undelivered(DUE, 10) == []


async def test_one_code_a_case(store: SqlStore) -> None:
    await close(store)
    first = ProgressAccess(case_id=case_id(), salt=case_id(), code_hash=hashed("a"), issued_at=START, issued_by="u")
    async with store.writing() as session:
        assert await session.progress_codes.get(case_id()) is None
        await session.progress_codes.put(first)
        second = first.model_copy(update={"code_hash": hashed("b"), "failures": 3, "failing_since": START})
        await session.progress_codes.put(second)
        assert await session.progress_codes.get(case_id(), lock=True) == second


async def test_every_closed_case_is_drafted_once(store: SqlStore) -> None:
    await close(store)
    async with store.writing() as session:
        assert await session.precedents.undrafted(10) == [case_id()]
        draft = draft_precedent(await session.cases.get(case_id()))
        assert draft is not None
        assert await session.precedents.add(draft)
        assert not await session.precedents.add(draft)
        assert await session.precedents.undrafted(10) == []
        assert await session.precedents.get(case_id()) == draft


async def test_the_latest_refusal_of_a_matter_and_a_partys_revocations(store: SqlStore) -> None:
    prints = {"party_print": hashed("party"), "matter_print": hashed("matter")}
    await close(store, 1, Outcome.LAWFULLY_REFUSED, **prints)
    await close(store, 2, Outcome.LAWFULLY_REFUSED, **prints | {"closed_at": DUE + timedelta(days=1)})
    await close(store, 3, Outcome.REVOKED, **prints)
    await close(store, 4, Outcome.REVOKED, **prints)
    repaired = Fact(
        fact_id="r", case_id=case_id(4), kind=FactKind.DISHONESTY_REPAIRED, at=START, actor="user:supervisor"
    )
    async with store.writing() as session:
        await session.facts.append(case_id(4), [repaired])
        assert await session.cases.lawfully_refused(hashed("matter")) == case_id(2)
        assert await session.cases.lawfully_refused(hashed("other")) is None
        assert await session.cases.revoked_of_party(hashed("party")) == [case_id(3)]
        kept = await session.cases.get(case_id(1))
    assert (kept.party_print, kept.matter_print) == (hashed("party"), hashed("matter"))
