"""After the outcome on the scenarios' own calendar: the call, the rating, the bad review, and what each is owed."""

import datetime as dt
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.testservice.v1 import LockTimeSkippingRequest, UnlockTimeSkippingRequest
from temporalio.client import WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from adapters.follow_up_engine import TemporalFollowUpEngine
from bootstrap.workers import replayer
from domain.codes import Cause, Outcome
from domain.errors import ErrorCategory, LiandongError
from domain.fact import FactKind
from domain.follow_up import (
    FinishRectification,
    FollowUpEnd,
    FollowUpLaunch,
    FollowUpSnapshot,
    LearnFollowUpYears,
    Rating,
    RatingGiven,
    RecordCall,
    RecordReviewContact,
    ReviewTreatment,
    TakeRating,
    TreatReview,
)
from domain.invariants_clocks import owed, proved
from domain.ladder import instants
from domain.learned_years import counted_with
from domain.limit import Limit, TimeUnit
from tests.workflows.conftest import CONVERTER
from tests.workflows.skipped_time import CALENDAR, CASE, LADDER, SkippedTime, as_2023, instant, skipped_time

FOLLOW_UP = f"{CASE}.followup1"
HISTORIES = Path(__file__).parent / "histories" / "follow_up"
SAVED = HISTORIES / "bad_review.json"
LATE_NOTICE = HISTORIES / "late_notice.json"
CLOSED = "2023-01-18T15:00"
"""A Wednesday before the Spring Festival: the fifth working day after it is Monday 30 January."""


def launch(**changes: Any) -> FollowUpLaunch:
    given = FollowUpLaunch(
        follow_up_id=FOLLOW_UP,
        case_id=CASE,
        number=1,
        starts_at=instant(CLOSED),
        outcome=Outcome.DONE,
        cause=Cause.CROSS_DEPT,
        calendar=CALENDAR,
        ladder=LADDER,
        call_limit=Limit.parse("5 working_days"),
        rating_limit=Limit.parse("15 working_days"),
        contact_limit=Limit.parse("1 working_days"),
    )
    return given.model_copy(update=changes)


def call(command: str = "call", *, reached: bool = True, resolved: bool | None = True) -> RecordCall:
    return RecordCall(command_id=command, decided_by="user:clerk", reached=reached, resolved=resolved)


def rating(at: str, level: Rating, *, real_name: bool = True, command: str = "rate") -> TakeRating:
    given = RatingGiven(coordination=level, real_name=real_name, received_at=instant(at))
    return TakeRating(command_id=command, decided_by="requester", rating=given)


def by(command: str, who: str = "user:leader") -> dict[str, Any]:
    return {"command_id": command, "decided_by": who}


class World:
    def __init__(self, skipped: SkippedTime) -> None:
        self.skipped = skipped
        self.engine = TemporalFollowUpEngine(skipped.client)

    async def until(self, text: str) -> None:
        await self.skipped.until(text)

    async def act(self, command: Any) -> FollowUpSnapshot:
        return await self.engine.act(FOLLOW_UP, command)

    async def refused(self, command: Any) -> LiandongError:
        with pytest.raises(LiandongError) as caught:
            await self.act(command)
        return caught.value

    async def snapshot(self) -> FollowUpSnapshot:
        return await self.engine.snapshot(FOLLOW_UP)

    async def result(self) -> FollowUpSnapshot:
        service = self.skipped.client.test_service
        await service.unlock_time_skipping(UnlockTimeSkippingRequest())
        try:
            ended: FollowUpSnapshot = await self.skipped.client.get_workflow_handle(
                FOLLOW_UP, result_type=FollowUpSnapshot
            ).result()
            return ended
        finally:
            await service.lock_time_skipping(LockTimeSkippingRequest())

    async def history(self) -> WorkflowHistory:
        return await self.skipped.client.get_workflow_handle(FOLLOW_UP).fetch_history()


@asynccontextmanager
async def world(env: WorkflowEnvironment, given: FollowUpLaunch | None = None) -> AsyncIterator[World]:
    async with skipped_time(env, CLOSED) as skipped:
        opened = World(skipped)
        await opened.engine.start(given or launch())
        yield opened


def fired(snapshot: FollowUpSnapshot) -> list[tuple[str, str]]:
    return [(proof.rung, as_2023(proof.fired_at)) for proof in snapshot.call.rungs]


async def test_the_clerk_is_told_to_call_and_silence_climbs_over_the_spring_festival(env: WorkflowEnvironment) -> None:
    async with world(env) as here:
        await here.until("2023-01-30T18:00")
        silent = await here.snapshot()
        await here.until("2023-01-31T10:00")
        await here.act(call())
        await here.until("2023-02-08T10:00")
        await here.act(rating("2023-02-08T10:00", Rating.SATISFIED))
        ended = await here.result()
    assert as_2023(silent.call_due_at) == "2023-01-30T17:00"
    assert fired(ended) == [
        ("follow_up_call", "2023-01-19T09:00"),
        ("follow_up_today", "2023-01-30T09:00"),
        ("follow_up_overdue", "2023-01-31T09:00"),
    ]
    assert ended.end is FollowUpEnd.RATED
    assert ended.resolved is True
    assert not ended.reopening_owed
    stored = here.skipped.store.follow_ups[-1]
    assert stored == ended
    assert len(here.skipped.store.of_kind(FactKind.FOLLOW_UP_ENDED)) == 1


async def test_calls_that_reach_nobody_are_counted_and_enough_of_them_are_enough(env: WorkflowEnvironment) -> None:
    async with world(env) as here:
        for number in (1, 2, 3):
            await here.until(f"2023-01-{18 + number if number < 3 else 28}T10:00")
            after = await here.act(call(f"try-{number}", reached=False, resolved=None))
            assert after.call_over is (number == 3)
        again = await here.refused(call("too-late"))
        ended = await here.result()
    assert again.code == "call-over"
    assert [attempt.reached for attempt in ended.attempts] == [False, False, False]
    assert ended.end is FollowUpEnd.NOT_RATED
    assert ended.resolved is None
    # 15 working days after 18 January, and an hour for what is on its way
    assert as_2023(ended.rating_closes_at) == "2023-02-13T17:00"
    assert as_2023(ended.ended_at) == "2023-02-13T18:00"


async def test_not_resolved_owes_a_reopening_at_once_and_the_rating_stays_open(env: WorkflowEnvironment) -> None:
    async with world(env) as here:
        await here.until("2023-01-19T10:00")
        after = await here.act(call(resolved=False))
        assert after.reopening_owed
        assert after.ended_at is None
        await here.act(rating("2023-01-19T11:00", Rating.VERY_DISSATISFIED, real_name=False))
        ended = await here.result()
    assert ended.reopening_owed
    assert ended.end is FollowUpEnd.RATED, "nobody is called about an anonymous review"


async def test_a_bad_review_is_contacted_treated_rectified_and_followed_up_again(env: WorkflowEnvironment) -> None:
    async with world(env) as here:
        await here.until("2023-01-19T10:00")
        await here.act(call())
        await here.until("2023-01-20T15:00")
        reviewed = await here.act(rating("2023-01-20T15:00", Rating.DISSATISFIED))
        assert reviewed.review is not None
        assert as_2023(reviewed.review.contact_due_at) == "2023-01-28T17:00", "the first working day after the festival"
        treat = TreatReview(**by("treat"), treatment=ReviewTreatment.RECTIFY, reason="资料重新核对")
        assert (await here.refused(treat)).code == "contact-first"
        assert (await here.refused(rating("2023-01-21T15:00", Rating.SATISFIED, command="again"))).code == (
            "already-rated"
        )
        await here.until("2023-01-29T10:00")
        contacted = await here.act(RecordReviewContact(**by("contact"), note="已电话道歉"))
        assert contacted.review is not None
        contact = [(proof.rung, as_2023(proof.fired_at)) for proof in contacted.review.contact.rungs]
        # Due on Saturday 28 at closing: the notice about the silence goes out when the office opens again
        assert contact == [
            ("review_contact_today", "2023-01-28T09:00"),
            ("review_contact_overdue", "2023-01-29T09:00"),
        ]
        past = treat.model_copy(
            update={"command_id": "past", "limit": Limit(unit=TimeUnit.FIXED_DATE, date=dt.date(2030, 1, 1))}
        )
        assert (await here.refused(past)).code == "due-in-the-past"
        await here.act(treat.model_copy(update={"limit": Limit.parse("2 working_days")}))
        await here.until("2023-01-31T10:00")
        await here.act(FinishRectification(**by("finish"), reason="已重新核对并告知"))
        ended = await here.result()
        history = await here.history()
    assert ended.end is FollowUpEnd.REVIEW_TREATED
    assert ended.second_owed
    assert ended.review is not None
    assert as_2023(ended.review.rectify_by) == "2023-01-31T17:00"
    (told,) = here.skipped.store.of_kind(FactKind.REVIEW_CONTACTED)
    assert told.data == {"in_time": "no"}
    (rectified,) = here.skipped.store.of_kind(FactKind.REVIEW_RECTIFIED)
    assert rectified.data == {"in_time": "yes"}
    assert "已电话道歉" not in str(here.skipped.store.facts), "what was said stays out of the facts"
    if os.environ.get("SAVE_HISTORIES"):
        SAVED.parent.mkdir(exist_ok=True)
        SAVED.write_text(history.to_json(), encoding="utf-8")
    await _replay(history)


@pytest.mark.parametrize("saved", [SAVED, LATE_NOTICE], ids=lambda path: path.stem)
async def test_a_saved_follow_up_replays_with_the_production_configuration(saved: Path) -> None:
    """It stands for the follow-ups that run somewhere right now. SAVE_HISTORIES=1 saves it anew."""
    await _replay(WorkflowHistory.from_json(FOLLOW_UP, saved.read_text(encoding="utf-8")))


async def _replay(history: WorkflowHistory) -> None:
    production = replayer(CONVERTER)
    await production.replay_workflow(history)


@pytest.mark.parametrize("treatment", [ReviewTreatment.EXPLAIN, ReviewTreatment.APPEAL])
async def test_an_explained_or_appealed_review_owes_a_second_follow_up(
    env: WorkflowEnvironment, treatment: ReviewTreatment
) -> None:
    async with world(env) as here:
        await here.until("2023-01-19T10:00")
        await here.act(call())
        await here.act(rating("2023-01-19T10:00", Rating.VERY_DISSATISFIED))
        await here.act(RecordReviewContact(**by("contact"), note="已联系"))
        wrong = TreatReview(**by("w"), treatment=treatment, reason="依据", limit=Limit.parse("1 working_days"))
        assert (await here.refused(wrong)).code == "limit-only-to-rectify"
        await here.act(TreatReview(**by("treat"), treatment=treatment, reason="依据充分"))
        ended = await here.result()
    assert ended.second_owed


async def test_a_rating_is_judged_by_when_it_reached_our_door(env: WorkflowEnvironment) -> None:
    async with world(env) as here:
        await here.until("2023-01-19T10:00")
        await here.act(call())
        await here.until("2023-02-13T17:30")
        late = await here.refused(rating("2023-02-13T17:01", Rating.SATISFIED, command="late"))
        await here.act(rating("2023-02-13T16:59", Rating.SATISFIED))
        ended = await here.result()
        gone = await here.refused(call("after"))
    assert (late.code, late.category) == ("rating-closed", ErrorCategory.CONFLICT)
    assert ended.end is FollowUpEnd.RATED
    assert gone.code == "follow-up-not-running"


async def test_the_same_command_twice_has_one_effect_and_contradictions_are_refused(env: WorkflowEnvironment) -> None:
    async with world(env) as here:
        await here.until("2023-01-19T10:00")
        unsaid = await here.refused(call("unsaid", resolved=None))
        nobody = await here.refused(call("nobody", reached=False, resolved=True))
        assert (unsaid.code, nobody.code) == ("resolved-missing", "nobody-reached")
        first = await here.act(call("try", reached=False, resolved=None))
        second = await here.act(call("try", reached=False, resolved=None))
        assert (len(first.attempts), len(second.attempts)) == (1, 1)
        nothing = await here.refused(RecordReviewContact(**by("contact"), note="无"))
        assert nothing.code == "no-open-review"


async def test_the_store_may_be_away_and_nothing_is_lost(env: WorkflowEnvironment) -> None:
    async with skipped_time(env, CLOSED) as skipped:
        here = World(skipped)
        skipped.store.away = True
        await here.engine.start(launch())
        await here.until("2023-01-18T15:10")
        assert not skipped.store.facts
        skipped.store.away = False
        await here.until("2023-01-19T10:00")
        known = len(skipped.store.facts)
        skipped.store.away = True
        await here.act(call())
        await here.until("2023-01-19T10:10")
        assert len(skipped.store.facts) == known
        skipped.store.away = False
        await here.act(rating("2023-01-19T10:00", Rating.SATISFIED))
        ended = await here.result()
    assert skipped.store.follow_ups[-1] == ended
    assert len(skipped.store.facts) == ended.version


async def test_a_rating_that_found_the_first_follow_up_over_begins_the_next_one(env: WorkflowEnvironment) -> None:
    brought = RatingGiven(coordination=Rating.DISSATISFIED, received_at=instant("2023-01-18T14:00"))
    async with world(env, launch(brought=brought)) as here:
        await here.until("2023-01-18T15:05")
        started = await here.snapshot()
    assert started.review is not None
    assert as_2023(started.review.contact_due_at) == "2023-01-19T17:00"
    assert "bad review" in started.waiting_for


async def test_a_notice_that_comes_late_moves_what_is_still_owed(env: WorkflowEnvironment) -> None:
    notice = CALENDAR.years[-1]
    unaware = CALENDAR.model_copy(update={"years": CALENDAR.years[:-1]})
    order = LearnFollowUpYears(**by("learn", "engine"), years=(notice,))
    async with world(env, launch(calendar=unaware)) as here:
        await here.until("2023-01-26T10:00")
        assumed = await here.snapshot()
        await here.act(order)
        assert (await here.refused(order.model_copy(update={"command_id": "again"}))).code == "years-known"
        await here.until("2023-01-29T10:00")
        known = await here.snapshot()
        await here.act(LearnFollowUpYears(**by("back", "engine"), taken_back=(notice.year,)))
        back = await here.snapshot()
        await here.until("2023-01-29T11:00")
        await here.act(LearnFollowUpYears(**by("known again", "engine"), years=(notice,)))
        await here.until("2023-01-30T10:00")
        await here.act(call())
        await here.act(rating("2023-01-30T10:00", Rating.SATISFIED))
        ended = await here.result()
        history = await here.history()
        now = await env.get_current_time()
    assert [as_2023(one.call_due_at) for one in (assumed, known, back, ended)] == [
        "2023-01-25T17:00",
        "2023-01-30T17:00",
        "2023-01-25T17:00",
        "2023-01-30T17:00",
    ]
    assert as_2023(assumed.rating_closes_at) == "2023-02-08T17:00"
    assert as_2023(known.rating_closes_at) == as_2023(back.rating_closes_at) == "2023-02-13T17:00", "never shorter"
    assert ("follow_up_overdue", "2023-01-26T09:00") in fired(ended), "what was told stays on record"
    assert ("follow_up_today", "2023-01-30T09:00") in fired(ended), "and what lies ahead is owed again"
    clock = ended.call.clock
    planned = instants(LADDER, clock, counted_with(unaware, ended.learned, clock), urgent=False)
    assert all(proved(rung, clock, ended.call.rungs, ended.learned) for rung in owed(planned, clock, now))
    told = [one.tell for one in here.skipped.notices.sent if one.rung == "due_dates_moved"]
    assert told == [("clerk", "duty_leader")] * 3
    assert [fact.data.get("taken_back") for fact in here.skipped.store.of_kind(FactKind.CALENDAR_LEARNED)] == [
        None,
        str(notice.year),
        None,
    ]
    if os.environ.get("SAVE_HISTORIES"):
        LATE_NOTICE.write_text(history.to_json(), encoding="utf-8")
    await _replay(history)
