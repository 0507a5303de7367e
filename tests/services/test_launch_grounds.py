"""What a launch seals for later: the party's record, the requester's wish, the district's rules of silence."""

from dataclasses import replace

import pytest

from domain.case import Item, Requester, RequesterType
from domain.codes import Cause, Outcome, Role, TriageDecision
from domain.errors import LiandongError
from domain.fact import FactKind
from domain.launch import CaseLaunch
from domain.plan import CompletionRule, Plan
from domain.policy import SilenceRule
from services.launch_coordination import launch_coordination
from services.repair_record import repair_record
from services.triage_case import TriageInput, triage_case
from tests.services.conftest import CLERK, LEADER, Window, ask, plan
from tests.store.statements import watched

FIRM = Requester(type=RequesterType.ENTERPRISE, name="某科技公司", uscc="91310000ABAAMA001R")
OTHER = Requester(type=RequesterType.ENTERPRISE, name="某科技公司", uscc="11310114MB0000001T")


async def launch(window: Window, external_id: str, requester: Requester) -> CaseLaunch:
    record = await window.triaged(external_id=external_id, requester=requester)
    await launch_coordination(window.office, LEADER, record.case_id, plan())
    return window.engine.launches[record.case_id]


async def test_a_broken_promise_counts_until_it_is_made_good_and_for_this_party_alone(window: Window) -> None:
    first = await launch(window, "ext-1", FIRM)
    assert not first.grounds.dishonesty_record
    with pytest.raises(LiandongError) as early:
        await repair_record(window.office, LEADER, first.case_id, "已补交", "信用修复〔2023〕7号")
    assert early.value.code == "nothing-to-repair"
    await window.engine.close(first.case_id, Outcome.REVOKED)
    assert (await launch(window, "ext-2", FIRM)).grounds.dishonesty_record
    assert not (await launch(window, "ext-3", OTHER)).grounds.dishonesty_record
    nameless = FIRM.model_copy(update={"uscc": None})
    assert not (await launch(window, "ext-4", nameless)).grounds.dishonesty_record

    with pytest.raises(LiandongError) as forbidden:
        await repair_record(window.office, CLERK, first.case_id, "已补交", "信用修复〔2023〕7号")
    assert forbidden.value.code == "not-your-role"
    for _ in range(2):
        await repair_record(window.office, LEADER, first.case_id, "已补交", "信用修复〔2023〕7号")
    assert len(await window.facts(first.case_id, FactKind.DISHONESTY_REPAIRED)) == 1
    assert not (await launch(window, "ext-5", FIRM)).grounds.dishonesty_record


async def test_other_parties_broken_promises_cost_a_launch_nothing(window: Window) -> None:
    async def asked(external_id: str) -> int:
        record = await window.triaged(external_id=external_id, requester=FIRM)
        with watched(window.store) as statements:
            await launch_coordination(window.office, LEADER, record.case_id, plan())
        return len(statements)

    before = await asked("ext-1")
    for number in range(3):
        revoked = await launch(window, f"other-{number}", OTHER)
        await window.engine.close(revoked.case_id, Outcome.REVOKED)
    assert await asked("ext-2") == before


@pytest.mark.parametrize("said_at", ["registration", "triage"])
async def test_the_requester_may_refuse_a_deferral(window: Window, said_at: str) -> None:
    record = await window.register(declines_deferral=said_at == "registration")
    triage = TriageInput(
        decision=TriageDecision.COORDINATE, cause=Cause.CROSS_DEPT, declines_deferral=said_at == "triage"
    )
    await triage_case(window.office, LEADER, record.case_id, triage)
    await launch_coordination(window.office, LEADER, record.case_id, plan())
    assert window.engine.launches[record.case_id].grounds.declined_by_requester


async def test_essential_materials_come_with_the_item(window: Window) -> None:
    record = await window.triaged(item=Item(name="变更", code="legal-representative-change"))
    await launch_coordination(window.office, LEADER, record.case_id, plan())
    grounds = window.engine.launches[record.case_id].grounds
    assert grounds.essential == ("变更登记申请书", "股东会决议")
    assert grounds.excluded_matter is None


async def test_nothing_leads_to_the_unit_complained_of(window: Window) -> None:
    record = await window.register()
    conduct = TriageInput(decision=TriageDecision.SUPERVISE, cause=Cause.CONDUCT, complained_of="market")
    await triage_case(window.office, LEADER, record.case_id, conduct)
    await launch_coordination(window.office, LEADER, record.case_id, plan(ask("x", "police")))
    sealed = window.engine.launches[record.case_id]
    assert "market" not in {route.code for route in sealed.routes}
    assert "market" not in sealed.held_by.values()


async def test_silence_counts_as_consent_only_under_a_document_of_the_district(window: Window) -> None:
    rule = SilenceRule(document="示范府规〔2023〕1号", roles=(Role.CONSULT,), departments=("data",))
    policy = window.office.policy.model_copy(update={"silence_consents": (rule,)})
    window.office = replace(window.office, policy=policy)
    asks = (
        ask("lead", role=Role.LEAD),
        ask("advice", "data", role=Role.CONSULT),
        ask("help", "data"),
        ask("own", "police", role=Role.CONSULT, silence_consents="我说了算"),
    )
    record = await window.launched(*asks)
    assert record.plan is not None
    assert [one.silence_consents for one in record.plan.asks] == [None, "示范府规〔2023〕1号", None, None]
    again = await launch_coordination(
        window.office, LEADER, record.case_id, plan(*asks[:3], ask("own", "police", role=Role.CONSULT))
    )
    assert again.plan == record.plan


async def test_the_completion_rule_reaches_the_engine(window: Window) -> None:
    record = await window.triaged()
    wanted = Plan(asks=plan().asks, completion=CompletionRule.QUORUM, quorum=1)
    await launch_coordination(window.office, LEADER, record.case_id, wanted)
    sealed = window.engine.launches[record.case_id].plan
    assert (sealed.completion, sealed.quorum) == (CompletionRule.QUORUM, 1)
    with pytest.raises(LiandongError) as other:
        await launch_coordination(window.office, LEADER, record.case_id, plan())
    assert other.value.code == "already-launched"


async def test_a_quorum_nobody_can_reach_is_no_plan(window: Window) -> None:
    record = await window.triaged()
    wanted = Plan(asks=plan().asks, completion=CompletionRule.QUORUM, quorum=3)
    with pytest.raises(LiandongError) as caught:
        await launch_coordination(window.office, LEADER, record.case_id, wanted)
    assert [(one.field, one.rule) for one in caught.value.problems] == [("quorum", "quorum-reachable")]
