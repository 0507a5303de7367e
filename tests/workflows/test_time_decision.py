"""More time, a pause, silence as consent: every one moves exactly the clock it is about."""

from datetime import timedelta
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.assignment import ReassignRequest
from domain.codes import Outcome, ReplyCode, RequestState
from domain.dispatch import DepartmentNote
from domain.errors import LiandongError
from domain.fact import FactKind
from domain.limit import Limit
from domain.outage import Outage, OutageCause
from domain.time_decision import AnswerExtension, PauseRequest, ResumeRequest
from tests.workflows.skipped_time import CASE, as_2023, ask, day, department, instant, skipped_time

PERMIT = f"{CASE}.permit"
LEAD = {"role": "LEAD", "reply_limit": "5 working_days"}


def by(command: str) -> dict[str, Any]:
    return {"command_id": command, "decided_by": "user:leader", "reason": "because", "request_id": PERMIT}


def wants(until: str) -> dict[str, Any]:
    return {"code": "EXTENSION_REQUESTED", "reason": "an expert must look", "until": day(until).isoformat()}


@pytest.mark.parametrize(
    ("answer", "due"),
    [
        ({"granted": True}, "2023-03-24T17:00"),
        ({"granted": True, "until": "2023-03-21"}, "2023-03-21T17:00"),
        ({"granted": False}, "2023-03-20T17:00"),
    ],
    ids=["granted", "cut", "refused"],
)
async def test_a_request_for_time_is_granted_cut_or_refused(
    env: WorkflowEnvironment, answer: dict[str, Any], due: str
) -> None:
    script = {
        f"{PERMIT}.r1": [(instant("2023-03-15T16:00"), wants("2023-03-24"))],
        f"{PERMIT}.r2": [(instant("2023-03-20T11:00"), {"code": "ACCEPTED"})],
    }
    if "until" in answer:
        answer = answer | {"until": day(answer["until"])}
    async with skipped_time(env, "2023-03-13T09:00", script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-03-16T09:10")
        assert (await world.request("permit")).state is RequestState.DECISION
        await world.engine.decide(CASE, AnswerExtension(**by("time"), **answer))
        result = await world.result()
        rounds = (await world.request("permit")).rounds
    assert result.outcome.outcome is Outcome.DONE
    assert as_2023(rounds[1].due_at) == due
    assert rounds[1].in_time is True
    told = [notice.rung for notice in world.notices.sent if notice.tell[0] == "requester"]
    assert told == (["extension_granted"] if answer["granted"] else [])


async def test_an_extension_that_was_not_asked_for_cannot_be_answered(env: WorkflowEnvironment) -> None:
    async with skipped_time(env, "2023-03-13T09:00") as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-03-13T12:00")
        with pytest.raises(LiandongError) as refusal:
            await world.engine.decide(CASE, AnswerExtension(**by("time"), granted=True))
    assert refusal.value.code == "no-extension-asked"


async def test_a_pause_stops_the_clock_and_its_rungs(env: WorkflowEnvironment) -> None:
    """The golden vector: five working days from 15 Feb, paused from the end of the 17th, resumed on the 24th."""
    script = {"permit": [(instant("2023-03-01T11:00"), {"code": "ACCEPTED"})]}
    async with skipped_time(env, "2023-02-15T10:00", script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-02-17T17:00")
        await world.engine.decide(CASE, PauseRequest(**by("pause"), legal_basis="licensing law art. 45"))
        paused = (await world.request("permit")).rounds[0]
        assert paused.due_at is None
        await world.until("2023-02-24T10:00")
        assert paused.rungs == (await world.request("permit")).rounds[0].rungs
        await world.engine.decide(CASE, ResumeRequest(**by("resume")))
        result = await world.result()
        round_ = (await world.request("permit")).rounds[0]
    assert result.outcome.outcome is Outcome.DONE
    assert as_2023(round_.due_at) == "2023-03-01T17:00"
    assert round_.in_time is True
    assert [(proof.rung, as_2023(proof.fired_at)) for proof in round_.rungs] == [("reply_reminder", "2023-02-28T09:00")]


async def test_silence_is_consent_only_where_the_policy_says_so(env: WorkflowEnvironment) -> None:
    script = {"permit": [(instant("2023-03-16T11:00"), {"code": "ACCEPTED"})]}
    plan = (
        ask("permit", "culture", **LEAD),
        ask("view", "market", reply_limit="3 working_days", silence_consents="district rule 12/2022"),
    )
    async with skipped_time(env, "2023-03-13T09:00", script) as world:
        await world.start(world.launch(*plan))
        result = await world.result()
        view = await world.request("view")
    assert result.outcome.outcome is Outcome.DONE
    assert as_2023(result.outcome.decided_at) == "2023-03-17T09:00"
    assert view.rounds[0].reply_text == "silence counts as consent (district rule 12/2022)"
    assert len(world.store.of_kind(FactKind.CONSENTED_BY_SILENCE)) == 1
    assert result.outcome.decided_at - instant("2023-03-17T09:00") < timedelta(minutes=1)


SILENT = ask("view", "market", role="LEAD", reply_limit="3 working_days", silence_consents="district rule 12/2022")
VIEW = f"{CASE}.view"


async def test_a_refusal_that_waits_in_the_inbox_never_becomes_a_consent(env: WorkflowEnvironment) -> None:
    no = {"code": "REFUSED", "legal_basis": "art. 9", "reason": "no", "remedy": "appeal"}
    async with skipped_time(env, "2023-03-13T09:00", {"view": [(instant("2023-03-17T11:00"), no)]}) as world:
        await world.start(world.launch(SILENT))
        await world.until("2023-03-16T16:30")
        world.store.waiting[VIEW, 1] = "inbox-1"
        await world.until("2023-03-17T10:30")
        held = await world.request("view")
        assert (held.state, held.rounds[0].rungs[-1].rung) == (RequestState.OPEN, "reply_reminder")
        await world.until("2023-03-17T14:00")
        view = await world.request("view")
    assert view.rounds[0].reply is ReplyCode.REFUSED
    assert world.store.of_kind(FactKind.CONSENTED_BY_SILENCE) == []
    told = [fact.data["rung"] for fact in world.store.of_kind(FactKind.RUNG_HELD)]
    assert sorted(told) == ["reply_overdue", "silence_consents"], "each once, however often it is looked at again"


async def test_an_answer_that_turned_out_to_be_none_leaves_the_silence_a_consent(env: WorkflowEnvironment) -> None:
    async with skipped_time(env, "2023-03-13T09:00") as world:
        await world.start(world.launch(SILENT))
        await world.until("2023-03-16T16:30")
        world.store.waiting[VIEW, 1] = "inbox-1"
        await world.until("2023-03-17T10:05")
        world.store.waiting.clear()
        result = await world.result()
    assert result.outcome.outcome is Outcome.DONE
    assert as_2023(result.outcome.decided_at) == "2023-03-17T10:10"


async def test_a_rule_about_one_department_makes_no_consent_of_anothers_silence(env: WorkflowEnvironment) -> None:
    async with skipped_time(env, "2023-03-13T09:00") as world:
        await world.start(world.launch(SILENT))
        await world.until("2023-03-13T12:00")
        to = department("housing").route()
        move = by("move") | {"request_id": VIEW}
        await world.engine.decide(CASE, ReassignRequest(**move, to=to, reply_limit=Limit.parse("1 working_days")))
        await world.until("2023-03-17T12:00")
        view = await world.request("view")
    assert view.state is RequestState.OPEN
    assert "reply_overdue" in [proof.rung for proof in view.rounds[1].rungs]


async def test_nobody_is_silent_whom_we_could_not_ask(env: WorkflowEnvironment) -> None:
    """It refuses in time, in a system of its own that we reach again a day later."""
    no = {"code": "REFUSED", "legal_basis": "art. 9", "reason": "no", "remedy": "appeal"}
    async with skipped_time(env, "2023-03-13T09:00", {"view": [(instant("2023-03-16T16:00"), no)]}) as world:
        down = Outage(since=instant("2023-03-16T14:30"), cause=OutageCause.UNREACHABLE)
        world.departments.goes_down("market", down, instant("2023-03-17T14:00"))
        await world.start(world.launch(SILENT))
        await world.until("2023-03-17T18:00")
        view = await world.request("view")
    assert view.rounds[0].reply is ReplyCode.REFUSED
    assert world.store.of_kind(FactKind.CONSENTED_BY_SILENCE) == []
    assert "reply_overdue" in [proof.rung for proof in view.rounds[0].rungs]


async def test_nobody_consents_to_what_never_arrived(env: WorkflowEnvironment) -> None:
    """Three working days from Thursday on, when the department's system came back: Tuesday evening."""
    async with skipped_time(env, "2023-03-13T09:00") as world:
        down = Outage(since=instant("2023-03-13T08:00"), cause=OutageCause.UNREACHABLE)
        world.departments.goes_down("market", down, instant("2023-03-16T10:00"))
        await world.start(world.launch(SILENT))
        await world.until("2023-03-17T12:00")
        assert (await world.request("view")).state is RequestState.OPEN
        result = await world.result()
        view = await world.request("view")
    assert as_2023(result.outcome.decided_at) == "2023-03-22T09:00"
    assert "reply_overdue" in [proof.rung for proof in view.rounds[0].rungs]


async def test_who_speaks_of_it_has_it_although_its_delivery_is_not_reported_yet(env: WorkflowEnvironment) -> None:
    """Its system takes the request in and cannot say so until Thursday; its officer writes on Monday."""
    spoken = instant("2023-03-13T12:00")
    async with skipped_time(env, "2023-03-13T09:00") as world:
        down = Outage(since=instant("2023-03-13T08:00"), cause=OutageCause.TIMEOUT)
        world.departments.goes_down("market", down, instant("2023-03-16T10:00"))
        await world.start(world.launch(SILENT))
        await world.until("2023-03-13T12:00")
        note = DepartmentNote(
            note_id="note-1", request_id=VIEW, round=1, acknowledged=False, text="on it", received_at=spoken
        )
        await world.engine.note(note, CASE)
        assert (await world.request("view")).rounds[0].delivered_at == spoken
        result = await world.result()
        view = await world.request("view")
    assert as_2023(result.outcome.decided_at) == "2023-03-17T09:00"
    assert view.rounds[0].delivered_at == spoken, "a later report makes it no later"
    assert view.rounds[0].receipt == "market-1"


async def test_a_wish_beyond_every_calendar_is_refused_with_its_reason(env: WorkflowEnvironment) -> None:
    script = {f"{PERMIT}.r1": [(instant("2023-03-15T16:00"), wants("2023-03-24") | {"until": "2200-01-01"})]}
    async with skipped_time(env, "2023-03-13T09:00", script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-03-16T09:10")
        with pytest.raises(LiandongError) as far:
            await world.engine.decide(CASE, AnswerExtension(**by("time"), granted=True))
        assert far.value.code == "date-too-far"
        await world.engine.decide(CASE, AnswerExtension(**by("no"), granted=False))
        assert (await world.request("permit")).state is RequestState.OPEN
