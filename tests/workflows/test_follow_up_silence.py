"""Nobody's silence after the outcome goes unheard, and nothing that is recorded meanwhile is slept over."""

from temporalio.testing import WorkflowEnvironment

from domain.follow_up import FollowUpEnd, Rating, RecordReviewContact, ReviewTreatment, TreatReview
from tests.workflows.skipped_time import as_2023, skipped_time
from tests.workflows.test_follow_up import CLOSED, World, by, call, fired, launch, rating, replayed, world


async def test_a_leader_who_says_nothing_about_a_bad_review_is_chased_and_then_looked_at_again_and_again(
    env: WorkflowEnvironment,
) -> None:
    async with world(env) as here:
        await here.until("2023-01-29T10:00")
        await here.act(call())
        await here.act(rating("2023-01-29T10:00", Rating.DISSATISFIED))
        await here.act(RecordReviewContact(**by("contact"), note="已联系"))
        await here.until("2023-02-13T12:00")
        silent = await here.snapshot()
        await here.act(TreatReview(**by("treat"), treatment=ReviewTreatment.EXPLAIN, reason="依据充分"))
        ended = await here.result()
        await replayed(await here.history(), save_as="silent_leader")
    assert silent.review is not None
    assert silent.review.decision is not None
    assert [(proof.rung, as_2023(proof.fired_at), proof.told) for proof in silent.review.decision.rungs] == [
        ("decision_today", "2023-01-30T09:00", ("duty_leader",)),
        ("decision_overdue", "2023-01-31T09:00", ("duty_leader",)),
        ("decision_supervision", "2023-02-01T09:00", ("supervisor", "duty_leader")),
        ("decision_leading_group", "2023-02-03T09:00", ("leading_group", "supervisor")),
    ]
    assert silent.standing_still is not None
    looks = [(proof.rung, as_2023(proof.fired_at)) for proof in silent.standing_still.rungs]
    assert looks == [("review_due", "2023-02-13T09:00")]
    assert silent.standing_still.clock.stopped_at is None, "and again five working days later"
    assert (ended.end, ended.second_owed) == (FollowUpEnd.REVIEW_TREATED, True)


async def test_what_was_recorded_while_a_notice_was_on_its_way_is_not_slept_over(env: WorkflowEnvironment) -> None:
    async with world(env) as here:
        await here.until("2023-01-19T12:00")
        await here.act(rating("2023-01-19T10:00", Rating.SATISFIED))
        await here.until("2023-01-30T12:00")
        here.skipped.notices.away = True
        await here.until("2023-01-31T09:02")
        await here.act(call())
        here.skipped.notices.away = False
        ended = await here.result()
    assert ended.end is FollowUpEnd.RATED
    assert as_2023(ended.ended_at) < "2023-01-31T10:00"
    assert fired(ended)[-1][0] == "follow_up_overdue"


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
