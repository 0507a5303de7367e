"""Scenarios of promised materials whose histories are saved: see test_replay.py."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from pydantic import JsonValue
from temporalio.client import WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from domain.deferral import Channel, SubmitMaterial
from domain.fact import FactKind
from domain.joint_decision import ConfirmAct, DangerousAct, ProposeAct
from domain.learned_years import LearnYears
from tests.workflows.skipped_time import CALENDAR, CASE, Script, SkippedTime, ask, instant, skipped_time

CHANGE: Final = f"{CASE}.change"
PLAN: Final = ask("change", "market", role="LEAD", reply_limit="1 working_days")
ON_TRUST: Final[dict[str, JsonValue]] = {
    "code": "ACCEPTED_CONDITIONALLY",
    "timing": "ISSUE_THEN_VERIFY",
    "commitment": "signed",
    "deferred": [{"name": "card", "due": "5 working_days", "channels": ["POST"]}],
}
CARD: Final[dict[str, Any]] = {"material_id": f"{CHANGE}-m1", "channel": Channel.POST}


async def restored(env: WorkflowEnvironment) -> WorkflowHistory:
    """A promise that was broken only because its paper was recorded late; two people had begun to revoke."""
    accepted = instant("2023-02-15T11:20")
    script: Script = {
        f"{CHANGE}.r1": [(accepted, ON_TRUST)],
        "change-m1s1": [(instant("2023-03-07T10:30"), {"code": "ACCEPTED"})],
    }
    async with skipped_time(env, "2023-02-15T10:05", script) as world:
        await world.start(world.launch(PLAN))
        await world.until("2023-03-03T12:00")
        revoke = ProposeAct(**by("revoke"), act=DangerousAct.REVOKE, legal_basis="art. 69", remedy="review")
        await world.engine.decide(CASE, revoke)
        came = SubmitMaterial(**by("found"), **CARD)
        in_time = came.model_copy(update={"received_at": instant("2023-02-22T16:00")})
        await world.engine.decide(CASE, in_time)
        await world.until("2023-03-06T10:00")
        second = by("no") | {"decided_by": "user:other"}
        await world.engine.decide(CASE, ConfirmAct(**second, proposal_id="revoke", confirmed=False))
        return await finished(world, FactKind.REVOCATION_PROPOSED, FactKind.PROMISE_RESTORED)


async def handed_in(env: WorkflowEnvironment) -> WorkflowHistory:
    """Nobody is chased for a paper that is looked at: neither on its date, nor while the rectification runs."""
    blurred = {"code": "REFUSED", "legal_basis": "art. 7", "reason": "illegible", "remedy": "again"}
    script: Script = {
        f"{CHANGE}.r1": [(instant("2023-02-15T11:20"), ON_TRUST)],
        "change-m1s1": [(instant("2023-02-24T10:30"), blurred)],
        "change-m1s2": [(instant("2023-03-07T10:30"), {"code": "ACCEPTED"})],
    }
    async with skipped_time(env, "2023-02-15T10:05", script) as world:
        await world.start(world.launch(PLAN))
        came = SubmitMaterial(**by("first"), **CARD)
        await world.until("2023-02-17T10:00")
        await world.engine.decide(CASE, came)
        await world.until("2023-02-28T10:00")
        await world.engine.decide(CASE, came.model_copy(update={"command_id": "second"}))
        return await finished(world, FactKind.MATERIAL_REJECTED, FactKind.RECTIFICATION_ORDERED)


async def recounted(env: WorkflowEnvironment) -> WorkflowHistory:
    """Rectification was ordered during what turned out to be Spring Festival."""
    script: Script = {
        f"{CHANGE}.r1": [(instant("2023-01-18T11:20"), ON_TRUST)],
        "change-m1s1": [(instant("2023-01-30T11:00"), {"code": "ACCEPTED"})],
    }
    async with skipped_time(env, "2023-01-18T10:05", script) as world:
        unaware = CALENDAR.model_copy(update={"years": CALENDAR.years[:-1]})
        await world.start(world.launch(PLAN).model_copy(update={"calendar": unaware}))
        await world.until("2023-01-26T12:00")
        await world.engine.decide(CASE, LearnYears(**by("learn"), years=CALENDAR.years[-1:]))
        await world.until("2023-01-29T10:00")
        await world.engine.decide(CASE, SubmitMaterial(**by("card"), **CARD))
        return await finished(world, FactKind.RECTIFICATION_ORDERED, FactKind.PROMISE_RESTORED)


async def finished(world: SkippedTime, *taken: FactKind) -> WorkflowHistory:
    """`taken`: what says that the case went the way for whose sake it is saved."""
    await world.result()
    assert [kind for kind in taken if not world.store.of_kind(kind)] == []
    return await world.history()


def by(command: str) -> dict[str, Any]:
    return {"command_id": command, "decided_by": "user:leader", "reason": "because"}


PROMISES: Final[dict[str, Callable[[WorkflowEnvironment], Awaitable[WorkflowHistory]]]] = {
    "restored": restored,
    "handed_in": handed_in,
    "recounted": recounted,
}
