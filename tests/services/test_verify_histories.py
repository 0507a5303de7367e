"""The checker where the engine is there and a case is not, or not any more."""

import pytest

from domain.codes import Outcome
from services import verify_invariants
from services.verify_invariants import verify
from tests.services.case_engine_recorder import HISTORY_KEPT_FOR
from tests.services.conftest import ACCEPTED, Window
from tests.services.test_verify_invariants import contacted_in_time, details


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_invariants, "_SECOND_LOOK_SECONDS", 0.0)


async def test_a_case_that_the_engine_is_there_for_and_cannot_show_is_a_finding(window: Window) -> None:
    first = await window.launched()
    second = await window.launched(external_id="ext-2")
    window.engine.silent.add(first.case_id)
    del window.engine.snapshots[second.case_id]
    findings = {finding.case_id: finding for finding in await verify(window.office)}
    assert {case_id: finding.invariant for case_id, finding in findings.items()} == {
        first.case_id: "I9",
        second.case_id: "I1",
    }
    assert findings[first.case_id].detail == "it cannot be examined: the engine is there and cannot show it"


async def test_a_history_is_gone_only_after_its_time(window: Window) -> None:
    counted: list[str] = []
    record = await window.launched()
    for key, department in (("dissolve", "market"), ("identity", "police")):
        await window.send(f"{record.case_id}.{key}", ACCEPTED, department=department)
    await window.engine.close(record.case_id, Outcome.DONE)
    assert await verify(window.office, unexamined=counted.append) == ()
    assert counted == []
    del window.engine.snapshots[record.case_id]
    await contacted_in_time(window, record, window.wall.at + HISTORY_KEPT_FOR)
    assert await details(window, "I8") == ["it is closed, and the engine has lost its history before its time"]
    window.wall.wait(seconds=1)
    assert await details(window, "I8") == []
    await verify(window.office, unexamined=counted.append)
    assert counted == [record.case_id]
