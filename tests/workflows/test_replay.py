"""Saved histories replay on today's code, and today's code still issues the commands that they hold.

A saved history stands for the cases that run in some city right now. To save anew after a change that was made
compatible: `SAVE_HISTORIES=1 python -m pytest tests/workflows/test_replay.py`.
"""

import os
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from bootstrap.settings import TelemetrySettings
from bootstrap.telemetry import build_telemetry
from bootstrap.workers import replayer
from domain.assignment import AnswerExternal, ReassignRequest, WithdrawRequest
from domain.decision import WithdrawCase
from domain.disable_department import HandOverRound
from domain.fact import FactKind
from domain.joint_decision import ConfirmAct, DangerousAct, ProposeAct
from domain.learned_years import LearnYears
from domain.limit import Limit
from domain.outage import Outage, OutageCause, OutagePause
from domain.supplement import IssueSupplementNotice, ReceivedMaterial, ReceiveSupplement
from domain.time_decision import ExtendRequest, PauseRequest, ResumeRequest
from tests.workflows.conftest import CONVERTER
from tests.workflows.piled_up import refused_and_answered
from tests.workflows.promise_scenarios import PROMISES, by, finished
from tests.workflows.skipped_time import CALENDAR, CASE, Script, ask, day, department, instant, skipped_time

HISTORIES = Path(__file__).parent / "histories"
SAVED = sorted(HISTORIES.glob("*.json"))

ADVICE = """
The workflow no longer issues the commands of {name}. Cases that run now would stop with a non-determinism error.
If the change is wanted, guard the new branch with `workflow.patched(<named constant>)` so that running cases keep the
old one, and save a further history beside this one. Only when no running case can hold the old commands any more,
replace the saved history. Expected but missing: {missing}. New: {new}.
"""


BRANCH = {"TemporalChangeVersion"}
RECORDS = frozenset({"record_progress", "record_follow_up"})


async def silence(env: WorkflowEnvironment) -> WorkflowHistory:
    script = {"q": [(instant("2023-05-16T11:00"), {"code": "ACCEPTED"})]}
    async with skipped_time(env, "2023-04-28T09:00", script) as world:
        limits = {"reply_limit": "3 working_days", "sign_limit": "1 working_days"}
        await world.start(world.launch(ask("q", "housing", role="LEAD", **limits)))
        return await finished(world)


async def ordered_steps(env: WorkflowEnvironment) -> WorkflowHistory:
    script = {
        "dissolve": [(instant("2023-01-04T11:00"), {"code": "ACCEPTED"})],
        "licence": [(instant("2023-01-17T09:10"), {"code": "ACCEPTED"})],
        "food": [(instant("2023-01-17T15:40"), {"code": "NO_RESULT", "tried": "asked twice"})],
    }
    plan = (
        ask("dissolve", "market", role="LEAD", reply_limit="5 working_days"),
        ask("owner", kind="EXTERNAL", role="EXTERNAL", party="property manager", reply_limit="1 working_days"),
        ask("notice", kind="STATUTORY_WAIT", reply_limit="10 calendar_days", after=("dissolve", "owner")),
        ask("licence", "market", role="LEAD", reply_limit="1 working_days", after=("notice",)),
        ask("food", "culture", reply_limit="1 working_days", after=("notice",)),
    )
    async with skipped_time(env, "2023-01-03T09:30", script) as world:
        await world.start(world.launch(*plan))
        await world.until("2023-01-03T15:00")
        told = AnswerExternal(**by("told"), request_id=f"{CASE}.owner", reply={"code": "ACCEPTED"})
        await world.engine.decide(CASE, told)
        return await finished(world)


async def decisions(env: WorkflowEnvironment) -> WorkflowHistory:
    script = {
        f"{CASE}.permit.r1": [
            (instant("2023-03-13T16:00"), {"code": "NOT_MINE", "basis": "rule 4", "proposed_owner": "market"})
        ]
    }
    async with skipped_time(env, "2023-03-13T09:00", script) as world:
        await world.start(world.launch(ask("permit", "culture", role="LEAD", reply_limit="3 working_days")))
        await world.until("2023-03-14T09:10")
        request = f"{CASE}.permit"
        to = department("market").route()
        await world.engine.decide(CASE, ReassignRequest(**by("move"), request_id=request, to=to))
        await world.until("2023-03-15T09:10")
        more = Limit.parse("1 working_days")
        await world.engine.decide(CASE, ExtendRequest(**by("more"), request_id=request, limit=more))
        await world.until("2023-03-16T09:10")
        await world.engine.decide(CASE, WithdrawCase(**by("end")))
        return await finished(world)


async def outage(env: WorkflowEnvironment) -> WorkflowHistory:
    """Paused to the policy's bound, still down, handed over, and asked of another department."""
    script = {f"{CASE}.permit.r2": [(instant("2023-03-24T11:00"), {"code": "ACCEPTED"})]}
    rule = OutagePause(legal_basis="rule 2/2023 art. 7", at_most=Limit.parse("2 working_days"))
    down = Outage(since=instant("2023-03-14T10:00"), cause=OutageCause.TIMEOUT)
    async with skipped_time(env, "2023-03-13T09:00", script) as world:
        world.departments.goes_down("culture", down, instant("2023-04-24T10:00"))
        launch = world.launch(ask("permit", "culture", role="LEAD", reply_limit="3 working_days"))
        await world.start(launch.model_copy(update={"outage_pauses": (rule,)}))
        await world.until("2023-03-22T09:10")
        request = f"{CASE}.permit"
        await world.engine.decide(CASE, HandOverRound(**by("off"), request_id=request, round=1))
        await world.until("2023-03-22T10:10")
        to = department("market").route()
        await world.engine.decide(CASE, ReassignRequest(**by("move"), request_id=request, to=to))
        return await finished(world)


async def waiting(env: WorkflowEnvironment) -> WorkflowHistory:
    """A decision that comes late, a second person who turns down, and a pause that is looked at."""
    returned = {"code": "NOT_MINE", "basis": "rule 4", "proposed_owner": "market"}
    script = {
        f"{CASE}.permit.r1": [(instant("2023-03-13T16:00"), returned)],
        f"{CASE}.permit.r2": [(instant("2023-04-04T11:00"), {"code": "ACCEPTED"})],
    }
    async with skipped_time(env, "2023-03-13T09:00", script) as world:
        await world.start(world.launch(ask("permit", "culture", role="LEAD", reply_limit="3 working_days")))
        await world.until("2023-03-17T10:00")
        request = f"{CASE}.permit"
        waive = ProposeAct(**by("waive"), act=DangerousAct.WAIVE_REQUEST, request_id=request, legal_basis="art. 1")
        await world.engine.decide(CASE, waive)
        await world.until("2023-03-20T10:00")
        second = by("no") | {"decided_by": "user:other"}
        await world.engine.decide(CASE, ConfirmAct(**second, proposal_id="waive", confirmed=False))
        to = department("market").route()
        await world.engine.decide(CASE, ReassignRequest(**by("move"), request_id=request, to=to))
        await world.until("2023-03-21T10:00")
        await world.engine.decide(CASE, PauseRequest(**by("pause"), request_id=request, legal_basis="art. 45"))
        await world.until("2023-03-31T10:00")
        await world.engine.decide(CASE, ResumeRequest(**by("resume"), request_id=request))
        return await finished(world)


async def consent(env: WorkflowEnvironment) -> WorkflowHistory:
    """Something in the inbox holds a consent, turns out to be no answer, and the silence counts."""
    view = ask("view", "market", role="LEAD", reply_limit="3 working_days", silence_consents="district rule 12/2022")
    async with skipped_time(env, "2023-03-13T09:00") as world:
        await world.start(world.launch(view))
        await world.until("2023-03-16T16:30")
        world.store.waiting[f"{CASE}.view", 1] = "inbox-1"
        await world.until("2023-03-17T09:05")
        world.store.waiting.clear()
        return await finished(world, FactKind.RUNG_HELD, FactKind.CONSENTED_BY_SILENCE)


async def silent_holder(env: WorkflowEnvironment) -> WorkflowHistory:
    """What a department holds already is fetched there in vain, and becomes the requester's to bring."""
    permit = f"{CASE}.permit"
    script: Script = {
        f"{permit}.r1": [(instant("2023-02-16T16:00"), {"code": "NEED_MORE", "materials": ["licence"]})],
        f"{permit}.r2": [(instant("2023-03-03T11:00"), {"code": "ACCEPTED"})],
    }
    async with skipped_time(env, "2023-02-15T10:00", script) as world:
        launch = world.launch(ask("permit", "culture", role="LEAD", reply_limit="5 working_days"))
        await world.start(launch.model_copy(update={"held_by": {"licence": "market"}}))
        await world.until("2023-02-16T16:59")
        await world.engine.decide(CASE, IssueSupplementNotice(**by("notice"), legal_basis="art. 32"))
        await world.until("2023-02-27T10:00")
        await world.engine.decide(CASE, WithdrawRequest(**by("stop"), request_id=f"{CASE}.fetch1-1"))
        await world.until("2023-03-01T10:00")
        brought = (ReceivedMaterial(name="licence"),)
        await world.engine.decide(CASE, ReceiveSupplement(**by("it"), received=brought))
        return await finished(world, FactKind.HOLDER_SILENT)


async def late_notice(env: WorkflowEnvironment) -> WorkflowHistory:
    """A reminder went out during what turned out to be Spring Festival."""
    script = {"q": [(instant("2023-01-30T11:00"), {"code": "ACCEPTED"})]}
    async with skipped_time(env, "2023-01-18T10:00", script) as world:
        launch = world.launch(ask("q", "housing", role="LEAD", reply_limit="5 working_days"))
        known = CALENDAR.years
        unaware = CALENDAR.model_copy(update={"years": known[:-1]})
        await world.start(launch.model_copy(update={"calendar": unaware}))
        await world.until("2023-01-24T12:00")
        await world.engine.decide(CASE, LearnYears(**by("learn"), years=known[-1:]))
        return await finished(world, FactKind.CALENDAR_LEARNED)


async def answer_first(env: WorkflowEnvironment) -> WorkflowHistory:
    """An answer and the refusal of its delivery in one task. Beside it lies what older code made of the same."""
    async with refused_and_answered(env) as world:
        return await finished(world, FactKind.REPLIED)


async def amended(env: WorkflowEnvironment) -> WorkflowHistory:
    """A holiday was lengthened after the silence had been told, and the notice taken back."""
    script = {"q": [(instant("2023-01-30T11:00"), {"code": "ACCEPTED"})]}
    async with skipped_time(env, "2023-01-18T10:00", script) as world:
        await world.start(world.launch(ask("q", "housing", role="LEAD", reply_limit="3 working_days")))
        await world.until("2023-01-29T10:00")
        notice = CALENDAR.years[-1]
        longer = notice.model_copy(update={"days_off": (*notice.days_off, day("2023-01-28"))})
        # A day cannot be off and on
        longer = longer.model_copy(
            update={"days_on": tuple(one for one in notice.days_on if one not in longer.days_off)}
        )
        await world.engine.decide(CASE, LearnYears(**by("longer"), years=(longer,), amends=True))
        await world.until("2023-01-29T12:00")
        await world.engine.decide(CASE, LearnYears(**by("nothing"), taken_back=(notice.year,), amends=True))
        return await finished(world, FactKind.CALENDAR_LEARNED)


SCENARIOS: dict[str, Callable[[WorkflowEnvironment], Awaitable[WorkflowHistory]]] = {
    "silence": silence,
    "ordered_steps": ordered_steps,
    "decisions": decisions,
    "outage": outage,
    "waiting": waiting,
    "consent": consent,
    "silent_holder": silent_holder,
    "late_notice": late_notice,
    **PROMISES,
    "answer_first": answer_first,
    "amended": amended,
}


@pytest.mark.parametrize("saved", SAVED, ids=lambda path: path.stem)
async def test_a_saved_history_replays_with_the_production_configuration(saved: Path) -> None:
    production = replayer(CONVERTER, [build_telemetry(TelemetrySettings()).temporal_interceptor()])
    history = WorkflowHistory.from_json(CASE, saved.read_text(encoding="utf-8"))
    await production.replay_workflow(history)


@pytest.mark.parametrize("name", SCENARIOS)
async def test_the_commands_of_a_scenario_are_those_of_its_saved_history(env: WorkflowEnvironment, name: str) -> None:
    history = await SCENARIOS[name](env)
    file = HISTORIES / f"{name}.json"
    if os.environ.get("SAVE_HISTORIES"):
        file.write_text(history.to_json(), encoding="utf-8")
    expected = _fingerprint(WorkflowHistory.from_json(CASE, file.read_text(encoding="utf-8")))
    found = _fingerprint(history)
    advice = ADVICE.format(name=name, missing=dict(expected - found), new=dict(found - expected))
    assert found == expected, advice


def test_every_scenario_has_a_saved_history() -> None:
    assert {path.stem for path in SAVED} >= set(SCENARIOS)


def _fingerprint(history: WorkflowHistory) -> Counter[str]:
    """What the workflow asked the server to do, without what depends on how fast the machine was.

    Records are left out: how many facts one of them carries is a matter of moments. So is the name of a new branch:
    what it does differently shows.
    """
    found: Counter[str] = Counter()
    for event in history.events:
        match event.event_type:
            case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                scheduled = event.activity_task_scheduled_event_attributes
                if scheduled.activity_type.name in RECORDS:
                    continue
                named = scheduled.activity_id if "." in scheduled.activity_id else scheduled.activity_type.name
                found[f"{scheduled.activity_type.name} {named} on {scheduled.task_queue.name}"] += 1
            case EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
                upserted = event.upsert_workflow_search_attributes_event_attributes.search_attributes.indexed_fields
                if set(upserted) != BRANCH:
                    found["search attributes"] += 1
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED | EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
                found[EventType.Name(event.event_type)] += 1
    return found
