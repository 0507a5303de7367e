"""Triage: each decision with what it needs, the closing ones with exactly one outcome."""

import pytest

from domain.codes import CaseStage, Cause, Outcome, TriageDecision
from domain.errors import ErrorCategory, LiandongError
from domain.fact import FactKind
from services.triage_case import TriageInput, triage_case
from tests.services.conftest import CLERK, LEADER, Window

EXPLAINED = TriageInput(decision=TriageDecision.RESOLVE_ON_SPOT, cause=Cause.UNAWARE, advice="请在一网通办平台申请")
REFERRED = TriageInput(decision=TriageDecision.REFER_OUT, cause=Cause.OUT_OF_SCOPE, refer_to="12345")
COORDINATED = TriageInput(decision=TriageDecision.COORDINATE, cause=Cause.CROSS_DEPT)
SUPERVISED = TriageInput(decision=TriageDecision.SUPERVISE, cause=Cause.CONDUCT, complained_of="market")


@pytest.mark.parametrize(("triage", "outcome"), [(EXPLAINED, Outcome.EXPLAINED), (REFERRED, Outcome.REFERRED)])
async def test_closing_decisions_record_one_outcome(window: Window, triage: TriageInput, outcome: Outcome) -> None:
    record = await window.register()
    closed = await triage_case(window.office, LEADER, record.case_id, triage)
    again = await triage_case(window.office, LEADER, record.case_id, triage)
    assert again == closed
    assert closed.stage is CaseStage.CLOSED
    assert closed.outcome is not None
    assert closed.outcome.outcome is outcome
    assert closed.outcome.decided_by == "user:l-1"
    (chained,) = await window.facts(record.case_id, FactKind.OUTCOME)
    assert chained.fact.data == {"outcome": outcome.value}


@pytest.mark.parametrize("triage", [COORDINATED, SUPERVISED])
async def test_the_others_leave_the_case_open_with_an_owner(window: Window, triage: TriageInput) -> None:
    record = await window.register()
    triaged = await triage_case(window.office, LEADER, record.case_id, triage)
    assert triaged.stage is CaseStage.TRIAGED
    assert triaged.owner == "l-1"
    assert triaged.outcome is None


@pytest.mark.parametrize(
    ("triage", "field"),
    [
        (EXPLAINED.model_copy(update={"advice": None}), "advice"),
        (EXPLAINED.model_copy(update={"advice": "   "}), "advice"),
        (REFERRED.model_copy(update={"refer_to": None}), "refer_to"),
        (SUPERVISED.model_copy(update={"complained_of": None}), "complained_of"),
        (COORDINATED.model_copy(update={"complained_of": "market"}), "complained_of"),
        (COORDINATED.model_copy(update={"category": "nonsense"}), "category"),
    ],
)
async def test_what_a_decision_lacks_is_named(window: Window, triage: TriageInput, field: str) -> None:
    record = await window.register()
    with pytest.raises(LiandongError) as caught:
        await triage_case(window.office, LEADER, record.case_id, triage)
    assert caught.value.category is ErrorCategory.INVALID
    assert caught.value.field == field
    assert (await window.record(record.case_id)).triage is None


async def test_another_triage_is_a_conflict(window: Window) -> None:
    record = await window.register()
    await triage_case(window.office, LEADER, record.case_id, COORDINATED)
    with pytest.raises(LiandongError) as caught:
        await triage_case(window.office, LEADER, record.case_id, EXPLAINED)
    assert caught.value.code == "already-triaged"


async def test_a_clerk_does_not_triage(window: Window) -> None:
    record = await window.register()
    with pytest.raises(LiandongError) as caught:
        await triage_case(window.office, CLERK, record.case_id, COORDINATED)
    assert caught.value.category is ErrorCategory.FORBIDDEN
