"""Nobody answers: every rung of the ladder at its instant, none outside office hours."""

from temporalio.testing import WorkflowEnvironment

from domain.clock import ClockKind, due
from domain.fact import FactKind
from tests.workflows.skipped_time import CALENDAR, as_2023, ask, instant, skipped_time


async def test_silence_over_labour_day_climbs_the_ladder_in_office_hours_until_answered(
    env: WorkflowEnvironment,
) -> None:
    answer = {"q": [(instant("2023-05-16T11:00"), {"code": "ACCEPTED", "note": "finally"})]}
    async with skipped_time(env, "2023-04-28T09:00", answer) as world:
        await world.start(
            world.launch(ask("q", "housing", role="LEAD", reply_limit="3 working_days", sign_limit="1 working_days"))
        )
        result = await world.result()
        request = (await world.snapshot()).requests[0]
    round_ = request.rounds[0]
    assert as_2023(round_.sign_due_at) == "2023-05-04T17:00"
    assert as_2023(round_.due_at) == "2023-05-06T17:00"
    fired = sorted((as_2023(proof.fired_at), proof.rung) for proof in round_.rungs)
    assert fired == [
        ("2023-05-05T09:00", "not_signed_for"),
        ("2023-05-05T09:00", "reply_reminder"),
        ("2023-05-08T09:00", "reply_overdue"),
        ("2023-05-09T09:00", "duty_leader_decides"),
        ("2023-05-10T09:00", "supervision"),
        ("2023-05-12T09:00", "leading_group"),
    ]
    assert sorted(firing.rung for firing in world.notices.sent) == sorted(rung for _, rung in fired)
    assert fired == sorted((as_2023(proof.planned_at), proof.rung) for proof in round_.rungs)
    assert {proof.result for proof in round_.rungs} == {"delivered"}
    assert round_.in_time is False
    assert result.outcome.outcome == "DONE"
    assert len(world.store.of_kind(FactKind.OUTCOME)) == 1
    assert world.store.snapshots[-1].version == result.version


async def test_an_urgent_case_is_chased_at_the_due_instant_itself(env: WorkflowEnvironment) -> None:
    answer = {"q": [(instant("2023-05-09T11:00"), {"code": "ACCEPTED"})]}
    async with skipped_time(env, "2023-04-28T09:00", answer) as world:
        await world.start(world.launch(ask("q", "housing", role="LEAD", reply_limit="3 working_days"), urgent=True))
        await world.result()
        round_ = (await world.request("q")).rounds[0]
    assert ("reply_overdue", "2023-05-06T17:00") in [(proof.rung, as_2023(proof.fired_at)) for proof in round_.rungs]


async def test_a_limit_across_spring_festival_is_answered_in_time_on_its_last_day(env: WorkflowEnvironment) -> None:
    answer = {"q": [(instant("2023-02-01T15:30"), {"code": "ACCEPTED"})]}
    async with skipped_time(env, "2023-01-20T10:00", answer) as world:
        await world.start(world.launch(ask("q", "market", role="LEAD", reply_limit="5 working_days")))
        await world.result()
        round_ = (await world.request("q")).rounds[0]
    assert as_2023(round_.due_at) == "2023-02-01T17:00"
    assert round_.in_time is True
    assert [(proof.rung, as_2023(proof.fired_at)) for proof in round_.rungs] == [("reply_reminder", "2023-01-31T09:00")]


async def test_a_due_instant_beyond_the_known_calendar_is_provisional_and_still_chased(
    env: WorkflowEnvironment,
) -> None:
    """The known years end with 2023: beyond them weekends and 1 January are assumed off, and the mark says so."""
    answer = {"q": [(instant("2024-01-09T11:00"), {"code": "ACCEPTED"})]}
    async with skipped_time(env, "2023-12-27T10:00", answer) as world:
        await world.start(world.launch(ask("q", "market", role="LEAD", reply_limit="5 working_days")))
        await world.result()
        round_ = (await world.request("q")).rounds[0]
    assert round_.provisional
    assert as_2023(round_.due_at) == "2024-01-04T17:00"
    assert round_.in_time is False
    fired = [(proof.rung, as_2023(proof.fired_at)) for proof in round_.rungs]
    assert fired[:2] == [("reply_reminder", "2024-01-03T09:00"), ("reply_overdue", "2024-01-05T09:00")]
    clock = next(one for one in round_.clocks if one.kind is ClockKind.REPLY)
    told = due(clock, CALENDAR)
    assert told.provisional
    assert any("暂定" in line.text_zh for line in told.lines)


async def test_a_due_instant_within_the_known_calendar_is_not_provisional(env: WorkflowEnvironment) -> None:
    answer = {"q": [(instant("2023-12-28T11:00"), {"code": "ACCEPTED"})]}
    async with skipped_time(env, "2023-12-26T10:00", answer) as world:
        await world.start(world.launch(ask("q", "market", role="LEAD", reply_limit="2 working_days")))
        await world.result()
        round_ = (await world.request("q")).rounds[0]
    assert (as_2023(round_.due_at), round_.provisional, round_.in_time) == ("2023-12-28T17:00", False, True)
