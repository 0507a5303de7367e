"""An answer that was told it counts is not lost to what else became of its round in the same moment."""

from temporalio.testing import WorkflowEnvironment

from domain.codes import Outcome, RoundEnd
from domain.fact import FactKind
from tests.workflows.piled_up import refused_and_answered


async def test_an_answer_goes_before_the_failure_of_its_delivery(env: WorkflowEnvironment) -> None:
    async with refused_and_answered(env) as world:
        turn = (await world.request("permit")).rounds[0]
        assert (turn.end, turn.answer_ref) == (RoundEnd.FINAL, "inbox-1")
        result = await world.result()
    assert result.outcome.outcome is Outcome.DONE
    assert world.store.of_kind(FactKind.UNDELIVERABLE) == []
