"""What a message and a launch cost the store: all their statements, and how often each commits."""

import pytest

from services.launch_coordination import launch_coordination
from services.relay import relay_launches
from tests.services.conftest import ACCEPTED, LEADER, Window, plan
from tests.store.statements import watched

SENDER = [("read", "BEGIN"), ("read", "SELECT departments")]
REPEATED = [("read", "BEGIN"), ("read", "SELECT inbox")]
AS_STORED = [*REPEATED, ("read", "SELECT requests")]
JUDGED = [("write", "BEGIN"), ("write", "SELECT cases"), ("write", "SELECT requests"), ("write", "SELECT inbox")]
KEPT = [("write", "INSERT INTO inbox")]
SETTLED = [("write", "BEGIN"), ("write", "SELECT inbox"), ("write", "UPDATE inbox")]


@pytest.mark.parametrize(
    ("reply", "notes"), [(ACCEPTED, []), (None, [("write", "SELECT inbox")])], ids=["answer", "note"]
)
async def test_a_message_is_kept_in_one_transaction_and_settled_in_another(
    window: Window, reply: dict[str, object] | None, notes: list[tuple[str, str]]
) -> None:
    record = await window.launched()
    window.engine.writes = False
    with watched(window.store) as asked:
        told = await window.send(f"{record.case_id}.dissolve", reply)  # type: ignore[arg-type]
    assert told.status == 200
    assert asked == [*SENDER, *AS_STORED, *JUDGED, *notes, *KEPT, *SETTLED]


async def test_a_repetition_writes_nothing(window: Window) -> None:
    record = await window.launched()
    await window.send(f"{record.case_id}.dissolve", ACCEPTED, message_id="m1")
    with watched(window.store) as asked:
        await window.send(f"{record.case_id}.dissolve", ACCEPTED, message_id="m1")
    assert asked == [*SENDER, *REPEATED]


async def test_a_launch_commits_twice_and_the_relay_leaves_it_to_its_request(window: Window) -> None:
    record = await window.triaged()
    window.engine.writes = False
    with watched(window.store) as asked:
        await launch_coordination(window.office, LEADER, record.case_id, plan())
    assert [statement for kind, statement in asked if kind == "write"] == [
        "BEGIN",
        "SELECT cases",
        "SELECT notice_loads",
        "SELECT departments",
        "SELECT cases",
        "UPDATE cases",
        "INSERT INTO launch_intents",
        "SELECT fact_chains",
        "SELECT facts",
        "INSERT INTO facts",
        "INSERT INTO fact_chains",
        "BEGIN",
        "SELECT cases",
        "UPDATE launch_intents",
        "UPDATE cases",
    ]
    assert await relay_launches(window.office) == 0
