"""An external party has no clock of ours: the clerk is reminded to ask, and others when nobody does."""

from temporalio.testing import WorkflowEnvironment

from domain.assignment import AnswerExternal, AskAgain
from domain.codes import RequestState
from tests.workflows.skipped_time import CASE, SkippedTime, as_2023, ask, skipped_time

OWNER = ask("owner", kind="EXTERNAL", role="EXTERNAL", party="mall", reply_limit="1 working_days")
LICENCE = ask("licence", "police", role="LEAD", after=("owner",), reply_limit="3 working_days")
START = "2023-02-15T10:00"


def told(world: SkippedTime, rung: str) -> list[str]:
    return [as_2023(notice.planned_at) for notice in world.notices.sent if notice.rung == rung]


async def test_each_word_of_the_party_starts_the_follow_up_anew(env: WorkflowEnvironment) -> None:
    async with skipped_time(env, START) as world:
        await world.start(world.launch(OWNER, LICENCE))
        await world.until("2023-02-20T10:00")
        word = AnswerExternal(
            command_id="word",
            decided_by="user:clerk",
            reason="rang twice",
            request_id=f"{CASE}.owner",
            reply={"code": "INTERIM", "note": "the owner looks for the deed"},
        )
        await world.engine.decide(CASE, word)
        owner = await world.request("owner")
        assert [as_2023(clock.started_at) for clock in owner.rounds[0].clocks] == ["2023-02-20T10:00"]
        await world.until("2023-02-22T10:00")
        proofs = (await world.request("owner")).rounds[0].rungs
    assert told(world, "external_follow_up") == ["2023-02-17T09:00", "2023-02-22T09:00"]
    assert [(proof.rung, proof.result) for proof in proofs] == [("external_follow_up", "delivered")] * 2


async def test_a_party_can_be_asked_again(env: WorkflowEnvironment) -> None:
    again = AskAgain(command_id="again", decided_by="user:leader", reason="in writing", request_id=f"{CASE}.owner")
    async with skipped_time(env, START) as world:
        await world.start(world.launch(OWNER, LICENCE))
        await world.until("2023-02-20T10:00")
        await world.engine.decide(CASE, again)
        await world.until("2023-02-22T10:00")
        owner = await world.request("owner")
    assert (owner.state, len(owner.rounds)) == (RequestState.OPEN, 2)
    assert told(world, "external_follow_up") == ["2023-02-17T09:00", "2023-02-22T09:00"]


async def test_while_nobody_asks_the_silence_is_looked_at_again_and_again(env: WorkflowEnvironment) -> None:
    async with skipped_time(env, START) as world:
        await world.start(world.launch(OWNER, LICENCE))
        await world.until("2023-03-15T10:00")
        wait = [one for one in (await world.snapshot()).waits if one.running]
        owner = (await world.request("owner")).rounds[0]
    assert [one.why for one in wait] == ["nobody moved after the last rung: owner"]
    assert (owner.due_at, owner.in_time) == (None, None), "our clock binds nobody outside: never overdue"
    assert told(world, "external_follow_up") == ["2023-02-17T09:00"]
    assert told(world, "review_due") == ["2023-02-27T09:00", "2023-03-07T09:00", "2023-03-15T09:00"]
