"""Invariant I2 where two people must agree: what one of them did alone is found."""

import pytest

from domain.case import CaseRecord
from domain.codes import RequestState, RoundEnd
from domain.fact import FactKind
from services import verify_invariants
from tests.services.conftest import Window
from tests.services.test_verify_invariants import details


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_invariants, "_SECOND_LOOK_SECONDS", 0.0)


async def waived(window: Window, record: CaseRecord, *, first: str, second: str) -> None:
    """A request is waived on these people's account, with the facts that the engine would write."""
    request = f"{record.case_id}.dissolve"
    turn = window.engine.turn(request, 1)
    assert turn is not None
    over = turn.model_copy(update={"ended_at": window.wall.at, "end": RoundEnd.WITHDRAWN})
    told = {"command_id": "yes", "act": "WAIVE_REQUEST"}
    shown = window.engine.snapshots[record.case_id]
    await window.engine._change(shown, FactKind.PROPOSED, actor=first, data={"act": "WAIVE_REQUEST"})
    shown = window.engine.snapshots[record.case_id]
    await window.engine._change(shown, FactKind.CONFIRMED, actor=second, data={**told, "proposed_by": first})
    where, shown = (request, 1), window.engine.put(request, over, RequestState.WAIVED)
    await window.engine._change(shown, FactKind.WAIVED, where, actor=second, data={"command_id": "yes"})


async def test_a_request_that_one_person_waived_is_found(window: Window) -> None:
    honest, alone = await window.launched(), await window.launched(external_id="ext-2")
    await waived(window, honest, first="user:l-1", second="user:l-2")
    await waived(window, alone, first="user:l-1", second="user:l-1")
    assert await details(window, "I2") == [
        f"{alone.case_id}.dissolve: user:l-1 waived it, and nobody else had proposed to"
    ]


async def test_a_waiver_that_nobody_is_on_record_for_is_found(window: Window) -> None:
    record = await window.launched()
    request = f"{record.case_id}.dissolve"
    turn = window.engine.turn(request, 1)
    assert turn is not None
    over = turn.model_copy(update={"ended_at": window.wall.at, "end": RoundEnd.WITHDRAWN})
    await window.engine._change(window.engine.put(request, over, RequestState.WAIVED), FactKind.DECISION_NEEDED)
    assert await details(window, "I2") == [f"{request}: it is waived, and no fact says by whom"]
