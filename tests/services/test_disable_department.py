"""A department that is switched off: what it owes goes to the duty leader, also when the engine comes back later."""

from domain.codes import RequestState
from domain.fact import FactKind
from services.disable_department import disable_department, hand_over_disabled
from tests.services.conftest import ADMIN, Window, ask


async def _states(window: Window, case_id: str) -> dict[str, RequestState]:
    record = await window.record(case_id)
    assert record.snapshot is not None
    return {request.key: request.state for request in record.snapshot.requests}


async def test_open_requests_become_the_duty_leaders_decision_and_others_go_on(window: Window) -> None:
    record = await window.launched(ask("dissolve"), ask("identity", "police"))
    assert await disable_department(window.office, ADMIN, "market", "系统迁移") == 1
    states = await _states(window, record.case_id)
    assert states == {"dissolve": RequestState.DECISION, "identity": RequestState.OPEN}
    assert len(await window.facts(record.case_id, FactKind.QUARANTINED)) == 1
    assert await hand_over_disabled(window.office) == 0, "the loop has nothing left to do"


async def test_the_loop_hands_over_what_the_engine_missed(window: Window) -> None:
    record = await window.launched(ask("dissolve"))
    window.engine.away = True
    assert await disable_department(window.office, ADMIN, "market", "系统迁移") == 0
    assert (await _states(window, record.case_id))["dissolve"] is RequestState.OPEN
    window.engine.away = False
    assert await hand_over_disabled(window.office) == 1
    assert (await _states(window, record.case_id))["dissolve"] is RequestState.DECISION
