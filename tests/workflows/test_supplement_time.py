"""The requester answers for the requester's own papers alone, and by when they came."""

from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.assignment import WithdrawRequest
from domain.codes import Outcome
from domain.errors import LiandongError
from domain.fact import FactKind
from domain.supplement import IssueSupplementNotice, ReceivedMaterial, ReceiveSupplement
from domain.waiting import Matter
from tests.workflows.skipped_time import CASE, Script, as_2023, ask, day, instant, skipped_time

START = "2023-02-15T10:00"
LEAD = {"role": "LEAD", "reply_limit": "5 working_days"}
HELD = {"held_by": {"licence": "market"}}


def by(command: str) -> dict[str, Any]:
    return {"command_id": command, "decided_by": "user:clerk", "reason": "told by phone"}


def more(*names: str) -> dict[str, Any]:
    return {"code": "NEED_MORE", "materials": list(names)}


async def test_what_a_silent_department_holds_is_never_held_against_the_requester(env: WorkflowEnvironment) -> None:
    script: Script = {
        f"{CASE}.permit.r1": [(instant("2023-02-16T16:00"), more("licence"))],
        f"{CASE}.permit.r2": [(instant("2023-03-10T11:00"), {"code": "ACCEPTED"})],
    }
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)).model_copy(update=HELD))
        await world.until("2023-02-16T16:59")
        await world.engine.decide(CASE, IssueSupplementNotice(**by("notice"), legal_basis="art. 32"))
        await world.until("2023-02-27T10:00")
        silent = await world.snapshot()
        assert silent.supplement is not None
        assert (silent.supplement.clock, silent.supplement.due_at, silent.supplement.lapsed) == (None, None, False)
        assert "market has not handed over: licence" in silent.decision_needed
        assert "requester" not in silent.decision_needed
        assert [one.rung for one in world.notices.sent if "requester" in one.tell] == []
        # The leader gives the fetch up: now it is the requester's, who is told and has the whole time.
        await world.engine.decide(CASE, WithdrawRequest(**by("stop"), request_id=f"{CASE}.fetch1-1"))
        left = (await world.snapshot()).supplement
        assert left is not None
        assert as_2023(left.due_at) == "2023-03-06T17:00"
        await world.until("2023-03-07T10:00")
        assert "the requester has not supplied: licence" in (await world.snapshot()).decision_needed
        await world.engine.decide(CASE, ReceiveSupplement(**by("it"), received=(ReceivedMaterial(name="licence"),)))
        assert (await world.result()).outcome.outcome is Outcome.DONE
    told = [one.rung for one in world.notices.sent if "requester" in one.tell]
    assert told == ["supplement_notice", "supplement_reminder"]


async def test_who_has_brought_everything_is_not_late_for_what_a_department_holds(env: WorkflowEnvironment) -> None:
    script: Script = {f"{CASE}.permit.r1": [(instant("2023-02-16T16:00"), more("licence", "lease"))]}
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)).model_copy(update=HELD))
        await world.until("2023-02-16T16:59")
        await world.engine.decide(CASE, IssueSupplementNotice(**by("notice"), legal_basis="art. 32"))
        await world.until("2023-02-17T10:00")
        await world.engine.decide(CASE, ReceiveSupplement(**by("it"), received=(ReceivedMaterial(name="lease"),)))
        await world.until("2023-02-27T10:00")
        needed = (await world.snapshot()).decision_needed
    assert "market has not handed over: licence" in needed
    assert "the requester" not in needed
    assert [one.rung for one in world.notices.sent if "requester" in one.tell] == ["supplement_notice"]
    assert world.store.of_kind(FactKind.SUPPLEMENT_LAPSED) == []


async def test_who_answered_before_the_agreed_date_is_not_late_for_what_the_requester_took(
    env: WorkflowEnvironment,
) -> None:
    script: Script = {
        f"{CASE}.permit.r1": [(instant("2023-02-16T16:00"), more("lease"))],
        f"{CASE}.permit.r2": [(instant("2023-03-02T11:00"), {"code": "ACCEPTED"})],
    }
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", role="LEAD", reply_limit=str(day("2023-02-20")))))
        await world.until("2023-02-16T16:59")
        await world.engine.decide(CASE, IssueSupplementNotice(**by("notice"), legal_basis="art. 32"))
        await world.until("2023-02-24T10:00")
        await world.engine.decide(CASE, ReceiveSupplement(**by("it"), received=(ReceivedMaterial(name="lease"),)))
        await world.result()
        first, second = (await world.request("permit")).rounds
    assert as_2023(first.due_at) == "2023-02-20T17:00"
    assert as_2023(second.due_at) == "2023-03-03T17:00", "five working days, as for whatever is asked again"
    assert second.in_time is True
    assert [proof.rung for proof in second.rungs] == ["reply_reminder"]


async def test_who_was_an_hour_late_is_not_chased_for_the_days_that_the_requester_took(
    env: WorkflowEnvironment,
) -> None:
    script: Script = {f"{CASE}.permit.r1": [(instant("2023-02-16T17:30"), more("lease"))]}
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", role="LEAD", reply_limit="1 working_days")))
        await world.until("2023-02-17T10:00")
        await world.engine.decide(CASE, IssueSupplementNotice(**by("notice"), legal_basis="art. 32"))
        await world.until("2023-03-06T10:00")
        await world.engine.decide(CASE, ReceiveSupplement(**by("it"), received=(ReceivedMaterial(name="lease"),)))
        await world.until("2023-03-06T12:00")
        first, second = (await world.request("permit")).rounds
        waits = [wait for wait in (await world.snapshot()).waits if wait.running]
    assert (first.in_time, [proof.rung for proof in first.rungs]) == (False, [])
    results = {proof.rung: proof.result.partition(":")[0] for proof in second.rungs}
    later = dict.fromkeys(("duty_leader_decides", "supervision", "leading_group"), "answered")
    assert results == {"reply_overdue": "delivered", **later}
    chased = [one.rung for one in world.notices.sent if one.request_id == f"{CASE}.permit"]
    assert chased == ["reply_overdue"]
    assert [wait.matter for wait in waits] == [Matter.REVIEW], "from here on somebody looks at it"


@pytest.mark.parametrize("came", ["2023-02-23T16:00", "2023-02-24T08:00"], ids=["in time", "late"])
async def test_post_is_judged_by_when_it_came_and_not_by_when_it_was_recorded(
    env: WorkflowEnvironment, came: str
) -> None:
    script: Script = {f"{CASE}.permit.r1": [(instant("2023-02-16T16:00"), more("lease"))]}
    async with skipped_time(env, START, script) as world:
        await world.start(world.launch(ask("permit", "culture", **LEAD)))
        await world.until("2023-02-16T16:59")
        await world.engine.decide(CASE, IssueSupplementNotice(**by("notice"), legal_basis="art. 32"))
        await world.until("2023-02-24T10:00")
        it = ReceiveSupplement(**by("it"), received=(ReceivedMaterial(name="lease"),), received_at=instant(came))
        early = it.model_copy(update={"command_id": "early", "received_at": instant("2023-02-16T10:00")})
        with pytest.raises(LiandongError) as refusal:
            await world.engine.decide(CASE, early)
        assert refusal.value.code == "received-before-asked"
        await world.engine.decide(CASE, it)
        notice = (await world.snapshot()).supplement
        assert notice is not None
        assert notice.materials[0].received_at == instant(came)
        assert notice.lapsed is (came == "2023-02-24T08:00")
        await world.env.sleep(60)
    assert len(world.store.of_kind(FactKind.SUPPLEMENT_IN_TIME)) == (not notice.lapsed)
