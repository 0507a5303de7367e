"""What Temporal's own UI shows of a running case is not sealed: codes, keys and instants stand there, and no name."""

from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.testing import WorkflowEnvironment

from domain.supplement import IssueSupplementNotice
from tests.workflows.skipped_time import CASE, Script, SkippedTime, ask, instant, skipped_time

PARTY = "王小明 13900001234"
MATERIAL = "李四与王小明的租赁合同"
OWNER = ask("owner", kind="EXTERNAL", role="EXTERNAL", party=PARTY, reply_limit="1 working_days")
PERMIT = ask("permit", "culture", role="LEAD", reply_limit="3 working_days")


async def shown(world: SkippedTime) -> str:
    metadata = await world.handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    assert isinstance(metadata, WorkflowMetadata)
    return metadata.current_details


async def test_the_details_name_no_party_and_no_material(env: WorkflowEnvironment) -> None:
    script: Script = {
        f"{CASE}.permit.r1": [(instant("2023-02-16T16:00"), {"code": "NEED_MORE", "materials": [MATERIAL]})]
    }
    notice = IssueSupplementNotice(
        command_id="notice", decided_by="user:leader", reason="all at once", legal_basis="art. 32"
    )
    async with skipped_time(env, "2023-02-15T10:00", script) as world:
        await world.start(world.launch(OWNER, PERMIT))
        await world.until("2023-02-16T16:59")
        await world.engine.decide(CASE, notice)
        await world.until("2023-02-24T10:00")
        needed = (await world.snapshot()).decision_needed
        details = await shown(world)
    assert MATERIAL in needed, "whoever decides is told what is missing"
    assert "| owner | – | OPEN | – | external party |" in details
    assert "| permit | culture | SUPPLEMENT NEED_MORE |" in details
    assert f"- SUPPLEMENT · {CASE}.supplement1 · duty_leader, due 2034-" in details
    for private in (PARTY, MATERIAL, "王小明", "13900001234", "李四"):
        assert private not in details
