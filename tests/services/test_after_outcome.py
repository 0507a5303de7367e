"""After the outcome: each closed case is followed up, only requesters rate, "not resolved" opens the matter again."""

import pytest

from domain.case import CaseRecord
from domain.clock import ClockKind
from domain.codes import CaseStage, Cause, Outcome, TriageDecision
from domain.errors import ErrorCategory, LiandongError, conflict
from domain.fact import FactKind
from domain.follow_up import FollowUpEnd, Rating, RatingGiven, RecordCall, TakeRating, TreatReview
from domain.follow_up_order import FollowUpOrder
from domain.lineage import ReopenCause
from domain.store_ports import StoreSession
from services import order_follow_ups as orders
from services.launch_coordination import launch_coordination
from services.office import Office
from services.open_progress import open_progress
from services.order_follow_ups import order_follow_ups
from services.rate_case import IssuedLink, RatingInput, issue_rating_link, rate_case, relay_ratings
from services.read_progress import read_progress
from services.record_follow_up import read_follow_ups, record_follow_up
from services.register_case import register_case
from services.reopen_case import ReopenInput, reopen_case
from services.reopen_unresolved import reopen_unresolved
from services.triage_case import TriageInput, triage_case
from tests.services.conftest import AUDITOR, CLERK, LEADER, MARKET, SUPERVISOR, Window, plan, registration

GOOD = RatingInput(coordination=Rating.SATISFIED, item=Rating.BASICALLY_SATISFIED)
EXPLAINED = TriageInput(decision=TriageDecision.RESOLVE_ON_SPOT, cause=Cause.UNAWARE, advice="请在一网通办平台申请")


async def explained(window: Window, external_id: str = "ext-1") -> tuple[CaseRecord, str]:
    """A closed case and its requester's code."""
    made = await register_case(window.office, CLERK, registration(external_id=external_id))
    closed = await triage_case(window.office, LEADER, made.record.case_id, EXPLAINED)
    assert made.progress_code is not None
    return closed, made.progress_code


async def followed(window: Window) -> tuple[CaseRecord, IssuedLink]:
    closed, code = await explained(window)
    await order_follow_ups(window.office)
    return closed, await issue_rating_link(window.office, await open_progress(window.office, closed.case_id, code))


def call(command: str = "call", *, resolved: bool = True) -> RecordCall:
    return RecordCall(command_id=command, decided_by="nobody", reached=True, resolved=resolved)


async def refused_rating(window: Window, case_id: str, token: str, given: RatingInput = GOOD) -> LiandongError:
    with pytest.raises(LiandongError) as caught:
        await rate_case(window.office, case_id, token, given)
    return caught.value


async def test_every_closed_case_gets_one_follow_up_however_often_it_is_looked_for(window: Window) -> None:
    closed, _ = await explained(window)
    await window.triaged(external_id="still-open")
    assert await order_follow_ups(window.office) == 1
    assert await order_follow_ups(window.office) == 0
    assert list(window.follow_ups.launches) == [f"{closed.case_id}.followup1"]
    launch = window.follow_ups.launches[f"{closed.case_id}.followup1"]
    assert launch.starts_at == closed.closed_at
    chased = {rung.clock for rung in launch.ladder.rungs if rung.when.relation in ("at", "after")}
    owed = {ClockKind.FOLLOW_UP, ClockKind.REVIEW_CONTACT, ClockKind.DECISION, ClockKind.RECTIFICATION}
    assert chased == {*owed, ClockKind.REVIEW}, "no clock of a follow-up runs out unheard"


async def test_a_coordinated_case_is_followed_up_too_and_a_withdrawn_one_is_not(window: Window) -> None:
    done, gone = await window.launched(), await window.launched(external_id="ext-2")
    await window.engine.close(done.case_id, Outcome.DONE)
    await window.engine.close(gone.case_id, Outcome.WITHDRAWN)
    await order_follow_ups(window.office)
    assert list(window.follow_ups.launches) == [f"{done.case_id}.followup1"]


async def test_an_absent_engine_delays_a_follow_up_and_loses_nothing(window: Window) -> None:
    closed, _ = await explained(window)
    window.follow_ups.away = True
    assert await order_follow_ups(window.office) == 0
    (order,) = await read_follow_ups(window.office, CLERK, closed.case_id)
    assert (order.attempts, order.last_error, order.started_at) == (1, "engine-unavailable", None)
    window.follow_ups.away = False
    window.wall.wait(minutes=1)
    assert await order_follow_ups(window.office) == 1


async def test_the_requester_rates_once_by_the_private_link(window: Window) -> None:
    closed, link = await followed(window)
    receipt = await rate_case(window.office, closed.case_id, link.token, GOOD)
    again = await rate_case(window.office, closed.case_id, link.token, GOOD)
    assert receipt == again
    assert receipt.delivered
    (order,) = await read_follow_ups(window.office, CLERK, closed.case_id)
    assert order.snapshot is not None
    assert order.snapshot.rating is not None
    assert order.snapshot.rating.coordination is Rating.SATISFIED
    assert order.snapshot.rating.item is Rating.BASICALLY_SATISFIED
    other = GOOD.model_copy(update={"coordination": Rating.DISSATISFIED})
    refusal = await refused_rating(window, closed.case_id, link.token, other)
    assert (refusal.code, refusal.category) == ("already-rated", ErrorCategory.CONFLICT)


async def test_neither_token_nor_code_is_stored(window: Window) -> None:
    closed, link = await followed(window)
    async with window.store.reading() as session:
        (kept,) = await session.rating_links.of_follow_up(f"{closed.case_id}.followup1")
        access = await session.progress_codes.get(closed.case_id)
    assert link.token not in kept.model_dump_json()
    assert len(link.token) >= 3 + 43, "256 bits"
    assert access is not None
    assert len(access.code_hash) == 64


async def test_somebody_elses_link_and_an_unknown_one_look_the_same(window: Window) -> None:
    first, link = await followed(window)
    second, _ = await explained(window, "ext-2")
    foreign = await refused_rating(window, second.case_id, link.token)
    unknown = await refused_rating(window, first.case_id, "lr_" + "x" * 43)
    assert (foreign.code, foreign.detail) == (unknown.code, unknown.detail)
    assert foreign.category is ErrorCategory.NOT_FOUND
    assert window.follow_ups.snapshots[f"{first.case_id}.followup1"].rating is None


async def test_a_newer_link_closes_the_older_one(window: Window) -> None:
    closed, code = await explained(window)
    await order_follow_ups(window.office)
    older = await issue_rating_link(window.office, await open_progress(window.office, closed.case_id, code))
    newer = await issue_rating_link(window.office, await open_progress(window.office, closed.case_id, code))
    assert (await refused_rating(window, closed.case_id, older.token)).code == "unknown-link"
    await rate_case(window.office, closed.case_id, newer.token, GOOD)
    with pytest.raises(LiandongError) as caught:
        await issue_rating_link(window.office, await open_progress(window.office, closed.case_id, code))
    assert caught.value.code == "already-rated"


async def test_outside_its_window_a_rating_is_refused(window: Window) -> None:
    early, code = await explained(window)
    with pytest.raises(LiandongError) as caught:
        await issue_rating_link(window.office, await open_progress(window.office, early.case_id, code))
    assert caught.value.code == "not-rateable-yet"
    await order_follow_ups(window.office)
    link = await issue_rating_link(window.office, await open_progress(window.office, early.case_id, code))
    window.wall.at = link.closes_at
    window.wall.wait(seconds=1)
    assert (await refused_rating(window, early.case_id, link.token)).code == "rating-closed"
    with pytest.raises(LiandongError) as late:
        await issue_rating_link(window.office, await open_progress(window.office, early.case_id, code))
    assert late.value.code == "rating-closed"


@pytest.mark.parametrize("person", [CLERK, LEADER, SUPERVISOR, AUDITOR])
async def test_staff_never_enter_a_rating(window: Window, person: object) -> None:
    closed, _ = await followed(window)
    given = {"coordination": "VERY_SATISFIED", "received_at": window.wall.at}
    command = TakeRating.model_validate({"command_id": "x", "decided_by": "requester", "rating": given})
    with pytest.raises(LiandongError) as caught:
        await record_follow_up(window.office, person, closed.case_id, command)  # type: ignore[arg-type]
    assert caught.value.code == "staff-never-rate"
    assert window.follow_ups.snapshots[f"{closed.case_id}.followup1"].rating is None


async def test_a_rating_is_kept_while_the_engine_is_away(window: Window) -> None:
    closed, link = await followed(window)
    window.follow_ups.away = True
    receipt = await rate_case(window.office, closed.case_id, link.token, GOOD)
    assert not receipt.delivered
    assert await relay_ratings(window.office) == 0
    window.follow_ups.away = False
    window.wall.wait(days=60)
    assert await relay_ratings(window.office) == 1
    taken = window.follow_ups.snapshots[f"{closed.case_id}.followup1"].rating
    assert taken is not None
    assert taken.received_at == receipt.received_at
    assert await relay_ratings(window.office) == 0


async def test_a_rating_that_finds_the_follow_up_over_begins_another_one(window: Window) -> None:
    closed, code = await explained(window)
    await order_follow_ups(window.office)
    link = await issue_rating_link(window.office, await open_progress(window.office, closed.case_id, code))
    window.follow_ups.away = True
    bad = RatingInput(coordination=Rating.DISSATISFIED)
    await rate_case(window.office, closed.case_id, link.token, bad)
    window.follow_ups.away = False
    await window.follow_ups.end(f"{closed.case_id}.followup1", FollowUpEnd.NOT_RATED)
    assert await relay_ratings(window.office) == 1
    await order_follow_ups(window.office)
    brought = window.follow_ups.launches[f"{closed.case_id}.followup2"].brought
    assert brought is not None
    assert brought.coordination is Rating.DISSATISFIED
    with pytest.raises(LiandongError) as second:
        await issue_rating_link(window.office, await open_progress(window.office, closed.case_id, code))
    assert second.value.code == "already-rated", "it was begun with one"
    progress = await read_progress(window.office, await open_progress(window.office, closed.case_id, code))
    assert progress.rating is not None
    assert progress.rating.state == "rated"


async def test_a_link_opens_no_second_rating_whatever_way_the_first_one_took(window: Window) -> None:
    closed, link = await followed(window)
    taken = RatingGiven(coordination=Rating.SATISFIED, received_at=window.wall.at)
    await window.follow_ups.show(f"{closed.case_id}.followup1", rating=taken)
    assert (await refused_rating(window, closed.case_id, link.token)).code == "already-rated"


async def test_a_treated_review_is_followed_up_a_second_time(window: Window) -> None:
    closed, _ = await followed(window)
    await window.follow_ups.end(f"{closed.case_id}.followup1", FollowUpEnd.REVIEW_TREATED)
    assert await order_follow_ups(window.office) == 1
    assert await order_follow_ups(window.office) == 0
    assert list(window.follow_ups.launches) == [f"{closed.case_id}.followup{number}" for number in (1, 2)]


async def test_not_resolved_opens_the_matter_again_once(window: Window) -> None:
    closed, _ = await explained(window)
    await order_follow_ups(window.office)
    after = await record_follow_up(window.office, CLERK, closed.case_id, call(resolved=False))
    assert after.attempts[0].by == "user:c-1"
    assert await reopen_unresolved(window.office) == 0
    earlier = await window.record(closed.case_id)
    (reopened_id,) = earlier.lineage.reopened_as
    reopened = await window.record(reopened_id)
    assert reopened.lineage.reopened_from == closed.case_id
    assert (reopened.lineage.generation, reopened.lineage.cause) == (2, ReopenCause.NOT_RESOLVED)
    assert reopened.registration == closed.registration.model_copy(update={"external_id": None})
    assert (earlier.stage, reopened.stage) == (CaseStage.CLOSED, CaseStage.REGISTERED)
    (old,) = await window.facts(closed.case_id, FactKind.REOPENED)
    (new,) = await window.facts(reopened_id, FactKind.REOPENED)
    assert old.fact.data["as"] == reopened_id
    assert new.fact.data["from"] == closed.case_id


async def test_the_loop_reopens_what_a_crash_left_undone(window: Window) -> None:
    closed, _ = await followed(window)
    await window.follow_ups.act(f"{closed.case_id}.followup1", call(resolved=False))
    assert await reopen_unresolved(window.office) == 1
    assert await reopen_unresolved(window.office) == 0
    assert len((await window.record(closed.case_id)).lineage.reopened_as) == 1


async def test_a_duty_leader_reopens_with_new_evidence_and_the_limits_are_shorter(window: Window) -> None:
    closed, _ = await explained(window)
    wanted = ReopenInput(cause=ReopenCause.NEW_EVIDENCE, reason="补充了证明", new_evidence="新的租赁备案证明")
    reopened = await reopen_case(window.office, LEADER, closed.case_id, wanted)
    assert await reopen_case(window.office, LEADER, closed.case_id, wanted) == reopened
    with pytest.raises(LiandongError) as other:
        await reopen_case(window.office, LEADER, closed.case_id, wanted.model_copy(update={"reason": "另一个"}))
    assert other.value.code == "already-reopened"
    assert reopened.case_id in other.value.detail
    triage = TriageInput(decision=TriageDecision.COORDINATE, cause=Cause.CROSS_DEPT)
    await triage_case(window.office, LEADER, reopened.case_id, triage)
    launched = await launch_coordination(window.office, LEADER, reopened.case_id, plan())
    assert launched.plan is not None
    assert {str(ask.reply_limit) for ask in launched.plan.asks} == {"3 working_days"}


async def test_reopening_is_refused_where_it_has_no_ground(window: Window) -> None:
    closed, _ = await explained(window)
    still_open = await window.triaged(external_id="ext-2")
    cases = [
        (LEADER, still_open.case_id, ReopenCause.NEW_EVIDENCE, "新证据", "not-closed"),
        (LEADER, closed.case_id, ReopenCause.NEW_EVIDENCE, None, "new-evidence-missing"),
        (LEADER, closed.case_id, ReopenCause.NEW_EVIDENCE, "  ", "new-evidence-missing"),
        (LEADER, closed.case_id, ReopenCause.NOT_RESOLVED, None, "not-said-unresolved"),
        (CLERK, closed.case_id, ReopenCause.NEW_EVIDENCE, "新证据", "not-your-role"),
        (SUPERVISOR, closed.case_id, ReopenCause.NEW_EVIDENCE, "新证据", "not-your-role"),
    ]
    for person, case_id, cause, evidence, code in cases:
        wanted = ReopenInput(cause=cause, reason="理由", new_evidence=evidence)
        with pytest.raises(LiandongError) as caught:
            await reopen_case(window.office, person, case_id, wanted)
        assert caught.value.code == code
    assert (await window.record(closed.case_id)).lineage.reopened_as == ()


async def test_a_case_that_cannot_be_followed_up_keeps_no_other_waiting(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned, _ = await explained(window)
    sound, _ = await explained(window, "ext-2")
    real = orders.order_next

    async def failing(office: Office, session: StoreSession, record: CaseRecord) -> FollowUpOrder:
        if record.case_id == poisoned.case_id:
            raise RuntimeError("nobody foresaw this")
        return await real(office, session, record)

    monkeypatch.setattr(orders, "order_next", failing)
    assert await order_follow_ups(window.office) == 1
    assert list(window.follow_ups.launches) == [f"{sound.case_id}.followup1"]


async def test_each_role_records_its_own_part(window: Window) -> None:
    closed, _ = await followed(window)
    treat = TreatReview.model_validate(
        {"command_id": "t", "decided_by": "x", "treatment": "EXPLAIN", "reason": "依据充分"}
    )
    for person, command in ((CLERK, treat), (SUPERVISOR, call()), (AUDITOR, call()), (MARKET, call())):
        with pytest.raises(LiandongError) as caught:
            await record_follow_up(window.office, person, closed.case_id, command)
        assert caught.value.category is ErrorCategory.FORBIDDEN
    still_open = await window.triaged(external_id="ext-2")
    with pytest.raises(LiandongError) as none_yet:
        await record_follow_up(window.office, CLERK, still_open.case_id, call("other"))
    assert none_yet.value.code == "no-follow-up"


async def test_one_key_stands_for_one_thing_that_was_recorded(window: Window) -> None:
    closed, _ = await explained(window)
    await order_follow_ups(window.office)
    first = await record_follow_up(window.office, CLERK, closed.case_id, call(resolved=True))
    again = await record_follow_up(window.office, CLERK, closed.case_id, call(resolved=True))
    assert again == first
    with pytest.raises(LiandongError) as other:
        await record_follow_up(window.office, CLERK, closed.case_id, call(resolved=False))
    assert (other.value.category, other.value.code) == (ErrorCategory.CONFLICT, "idempotency-key-reused")
    (order,) = await read_follow_ups(window.office, CLERK, closed.case_id)
    assert order.snapshot is not None
    assert [attempt.resolved for attempt in order.snapshot.attempts] == [True]


async def test_what_was_refused_may_come_corrected_under_its_key(window: Window) -> None:
    closed, _ = await explained(window)
    await order_follow_ups(window.office)
    window.follow_ups.refusal = conflict("already-reached", "somebody was reached already")
    with pytest.raises(LiandongError, match="somebody was reached"):
        await record_follow_up(window.office, CLERK, closed.case_id, call(resolved=True))
    window.follow_ups.refusal = None
    await record_follow_up(window.office, CLERK, closed.case_id, call(resolved=False))
    window.follow_ups.away = True
    for resolved in (True, False):
        with pytest.raises(LiandongError) as caught:
            await record_follow_up(window.office, CLERK, closed.case_id, call("later", resolved=resolved))
        assert caught.value.code == ("engine-unavailable" if resolved else "idempotency-key-reused")
