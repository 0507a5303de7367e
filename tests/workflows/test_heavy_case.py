"""A heavy case keeps a small history: eight departments, four rounds each, six deferred materials, thirty notes."""

from datetime import timedelta
from typing import Any

from temporalio.testing import WorkflowEnvironment

from domain.assignment import AskAgain
from domain.codes import Outcome
from domain.deferral import Channel, SubmitMaterial
from domain.dispatch import DepartmentNote
from tests.workflows.skipped_time import CASE, DEPARTMENTS, Script, ask, instant, skipped_time

LIMIT = {"reply_limit": "20 working_days", "sign_limit": "1 working_days"}
MAX_EVENTS = 1_500


def by(command: str) -> dict[str, Any]:
    return {"command_id": command, "decided_by": "user:leader", "reason": "because"}


def _script(keys: list[str]) -> Script:
    """Three rounds that need more, then an acceptance; the first two departments promise three materials each."""
    script: dict[str, Any] = {}
    for key in keys:
        for number in (1, 2, 3):
            at = instant(f"2023-03-{13 + number:02}T10:00")
            script[f"{CASE}.{key}.r{number}"] = [(at, {"code": "NEED_MORE", "materials": [f"paper {number}"]})]
        script[f"{CASE}.{key}.r4"] = [(instant("2023-03-17T10:00"), {"code": "ACCEPTED"})]
    for key in keys[:2]:
        deferred = [{"name": f"{key} material {number}", "due": "10 working_days"} for number in (1, 2, 3)]
        promise = {"code": "ACCEPTED_CONDITIONALLY", "timing": "ISSUE_THEN_VERIFY", "commitment": "signed"}
        script[f"{CASE}.{key}.r4"] = [(instant("2023-03-17T10:00"), {**promise, "deferred": deferred})]
        for number in (1, 2, 3):
            script[f"{key}-m{number}s1"] = [(instant("2023-03-22T10:00"), {"code": "ACCEPTED"})]
    return script


async def test_the_history_of_a_heavy_case_stays_small(env: WorkflowEnvironment) -> None:
    keys = [f"ask{number}" for number in range(8)]
    plan = [ask(key, DEPARTMENTS[number % len(DEPARTMENTS)], role="LEAD", **LIMIT) for number, key in enumerate(keys)]
    async with skipped_time(env, "2023-03-13T09:00", _script(keys)) as world:
        await world.start(world.launch(*plan))
        for number in (1, 2, 3):
            await world.until(f"2023-03-{13 + number:02}T09:30")
            for key in keys:
                await _note(world.engine, key, number, notes=2 if number == 1 else 1)
            await world.until(f"2023-03-{13 + number:02}T12:30")
            for key in keys:
                again = AskAgain(**by(f"{key}-{number}"), request_id=f"{CASE}.{key}", round=number)
                await world.engine.decide(CASE, again)
        await world.until("2023-03-20T10:00")
        for key in keys[:2]:
            for number in (1, 2, 3):
                hand_in = SubmitMaterial(
                    **by(f"{key}-m{number}"), material_id=f"{CASE}.{key}-m{number}", channel=Channel.POST
                )
                await world.engine.decide(CASE, hand_in)
        result = await world.result()
        events = len((await world.history()).events)
        size = sum(event.ByteSize() for event in (await world.history()).events)
    print(f"heavy case: {events} events, {size / 1024:.0f} KiB")  # noqa: T201  the figure is part of the result
    assert result.outcome.outcome is Outcome.DONE
    assert events < MAX_EVENTS
    assert size < 4 * 1024 * 1024


async def _note(engine: Any, key: str, number: int, *, notes: int) -> None:
    for count in range(notes):
        note = DepartmentNote(
            note_id=f"{key}-{number}-{count}",
            request_id=f"{CASE}.{key}",
            round=number,
            acknowledged=count == 0,
            text="in progress",
            received_at=instant("2023-03-13T10:00") + timedelta(days=number),
        )
        await engine.note(note, CASE)
