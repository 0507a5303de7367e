"""Before the launch the ball lies with the duty leader: triage and launch each have a clock, and its ladder climbs."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.case import CaseFilter
from domain.codes import CaseStage, Cause, TriageDecision
from domain.fact import FactKind
from services import verify_invariants
from services.triage_case import TriageInput, triage_case
from services.verify_invariants import verify
from services.watch_first_contact import watch_first_contact
from services.watch_triage import watch_triage
from tests.services.conftest import LEADER, Window

DUE_DAY = datetime(2023, 1, 4, 1, 0, tzinfo=UTC)
"""Wed 09:00 in Shanghai: a case registered on Tuesday is triaged by 17:00 of this day."""
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_invariants, "_SECOND_LOOK_SECONDS", 0.0)


async def climbed(window: Window, case_id: str) -> list[tuple[str, str]]:
    facts = [one.fact for one in await window.facts(case_id, FactKind.RUNG_FIRED)]
    return [(fact.data["rung"], fact.data["told"]) for fact in facts if fact.data["clock"] == "decision"]


async def overdue(window: Window) -> list[str]:
    async with window.store.reading() as session:
        page = await session.cases.page(CaseFilter(overdue=True), window.wall.at)
    return [line.case_id for line in page.items]


async def test_a_case_that_nobody_triages_climbs_the_ladder_rung_by_rung(window: Window) -> None:
    record = await window.register()
    for days in (0, 1, 2, 5, 6):
        window.wall.at = DUE_DAY + days * DAY
        await watch_triage(window.office)
        assert await watch_triage(window.office) == 0, "each rung once"
    assert await climbed(window, record.case_id) == [
        ("decision_today", "duty_leader"),
        ("decision_overdue", "duty_leader"),
        ("decision_supervision", "supervisor, duty_leader"),
        ("decision_leading_group", "leading_group, supervisor"),
    ]
    assert await overdue(window) == [record.case_id]


async def test_after_the_triage_the_launch_has_a_clock_of_its_own(window: Window) -> None:
    record = await window.triaged()
    assert record.stage is CaseStage.TRIAGED
    assert record.decision_clock is not None
    assert record.decision_clock.started_at == record.triage.decided_at if record.triage else False
    window.wall.at = DUE_DAY + DAY
    await watch_triage(window.office)
    assert [rung for rung, _ in await climbed(window, record.case_id)] == ["decision_today", "decision_overdue"]
    proofs = [one.fact.fact_id for one in await window.facts(record.case_id, FactKind.RUNG_FIRED)]
    assert f"{record.case_id}.triaged.decision_overdue" in proofs


async def test_nobody_is_chased_for_what_is_launched_or_closed(window: Window) -> None:
    launched = await window.launched()
    assert launched.decision_clock is None
    window.wall.at = DUE_DAY + 10 * DAY
    assert await watch_triage(window.office) == 0
    assert await climbed(window, launched.case_id) == []


async def test_a_case_resolved_on_the_spot_waits_for_nobody(window: Window) -> None:
    record = await window.register()
    resolved = TriageInput(decision=TriageDecision.RESOLVE_ON_SPOT, cause=Cause.UNAWARE, advice="去三楼窗口")
    closed = await triage_case(window.office, LEADER, record.case_id, resolved)
    assert (closed.stage, closed.decision_clock) == (CaseStage.CLOSED, None)
    window.wall.at = DUE_DAY + 10 * DAY
    assert await watch_triage(window.office) == 0
    assert await overdue(window) == []


async def test_the_checker_finds_a_triage_that_was_owed_in_silence(window: Window) -> None:
    await window.register()
    window.wall.at = DUE_DAY + DAY + timedelta(hours=1)
    await watch_first_contact(window.office)
    silent = [finding.detail for finding in await verify(window.office) if finding.invariant == "I6"]
    assert len(silent) == 2
    assert all("left no proof" in detail for detail in silent)
    await watch_triage(window.office)
    assert await verify(window.office) == ()
