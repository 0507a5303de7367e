"""One request through every order of answers, deadlines and decisions, warm and cold, against the reference model.

The fixed orders between them take every step with effect; `ORDERS=n` draws n more for each of warm and cold.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from bootstrap.workers import replayer
from domain.any_decision import DECISION
from tests.workflows.conftest import CONVERTER, started_environment
from tests.workflows.drive import Drive
from tests.workflows.reference import Model
from tests.workflows.skipped_time import CASE, SkippedTime, ask, skipped_time
from tests.workflows.steps import STEPS, TRACES, possible, refused
from tests.workflows.what_must_hold import (
    a_verified_paper_stays,
    late_is_visible,
    nobody_was_silent,
    one_effect,
    one_terminal_state,
)

DRAWN = int(os.environ.get("ORDERS", "2"))
LONGEST = 7
WARM, COLD = 1000, 0


def test_every_step_takes_effect_in_some_order() -> None:
    taken = {step for steps in TRACES.values() for step in steps.split(", ") if not step.startswith("!")}
    assert taken == set(STEPS)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("cached", [WARM, COLD], ids=["warm", "cold"])
@pytest.mark.parametrize("trace", TRACES)
async def test_a_fixed_order_ends_where_the_reference_model_says(trace: str, cached: int) -> None:
    async with _driven(cached) as drive:
        for name in TRACES[trace].split(", "):
            await drive.step(name)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("cached", [WARM, COLD], ids=["warm", "cold"])
def test_any_order_ends_where_the_reference_model_says(cached: int) -> None:
    @seed(cached)
    @settings(
        max_examples=DRAWN,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def drive(data: st.DataObject) -> None:
        asyncio.run(_drawn(data, cached))

    drive()


async def _drawn(data: st.DataObject, cached: int) -> None:
    async with _driven(cached) as drive:
        for _ in range(data.draw(st.integers(3, LONGEST))):
            now = drive.model
            # One in five is something that must be refused
            wrong = not possible(now) or data.draw(st.integers(1, 5)) == 1
            await drive.step(data.draw(st.sampled_from(refused(now) if wrong else possible(now))))


@asynccontextmanager
async def _driven(cached: int) -> AsyncIterator[Drive]:
    """A case that waits for its first answer; afterwards all that must hold of it, and its replay."""
    async with started_environment() as env, skipped_time(env, "2023-03-13T09:30", {}, cached=cached) as world:
        # Keeps the case open without being asked anything: polling costs most of the time
        keeper = ask("keeper", kind="STATUTORY_WAIT", reply_limit="280 calendar_days")
        await world.start(world.launch(ask("subject", "culture", role="LEAD", reply_limit="5 working_days"), keeper))
        await env.sleep(timedelta(minutes=1))
        yield Drive(world, Model(now=(await world.request("subject")).rounds[0].opened_at))
        snapshot, now = await world.snapshot(), await env.get_current_time()
        one_effect(world.store, snapshot)
        nobody_was_silent(snapshot, now)
        late_is_visible(snapshot, now)
        await _end(world)
        await world.result()
        one_terminal_state(world.store)
        a_verified_paper_stays(world.store)
        production = replayer(CONVERTER)
        await production.replay_workflow(await world.history())


async def _end(world: SkippedTime) -> None:
    """By two people, who may end it whatever is still promised."""
    why = {"reason": "the test is over"}
    act = {"act": "CLOSE_UNANSWERED", "outcome": "NOT_DONE", "legal_basis": "rule", "remedy": "review"}
    propose = {"kind": "propose_act", "command_id": "end", "decided_by": "user:leader", **act, **why}
    confirm = {"kind": "confirm_act", "command_id": "yes", "decided_by": "user:other", "proposal_id": "end", **why}
    for command in (propose, confirm):
        await world.engine.decide(CASE, DECISION.validate_python(command))
