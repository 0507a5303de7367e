"""Who sees what: officers their own requests only, administrators nothing, everybody the same 404."""

import pytest

from domain.case import CaseFilter
from domain.clock import ClockKind
from domain.codes import CaseStage, Outcome, RequestState, Role
from domain.deferral import DeferralSnapshot
from domain.errors import ErrorCategory, LiandongError
from domain.follow_up import Rating, RatingGiven, RecordCall, ReviewHandling
from domain.person import Person, PersonRole
from domain.supplement import NeededMaterial
from domain.time_decision import PauseRequest
from services.decide import decide
from services.launch_coordination import launch_coordination
from services.list_cases import list_cases
from services.order_follow_ups import order_follow_ups
from services.read_case import explain_clocks, read_case, read_timeline
from services.record_follow_up import read_follow_ups, record_follow_up
from services.repair_record import repair_record
from tests.api.materials import deferral, notice, proofs, submission
from tests.services.conftest import (
    ACCEPTED,
    ADMIN,
    AUDITOR,
    CLERK,
    LEADER,
    MARKET,
    POLICE,
    SUPERVISOR,
    Window,
    ask,
    plan,
)

OTHER_LEADER = LEADER.model_copy(update={"person_id": "l-2"})
PERSONAL = ("反映人甲", "13900000000", "310000199001010010", "需要透析", "原租户未注销", "餐饮店执照办不成")


async def launched(window: Window) -> str:
    record = await window.launched(
        ask("dissolve", role=Role.LEAD), ask("identity", "police", sees=("requester_name",), text="查找人员")
    )
    return record.case_id


async def test_an_officer_sees_its_own_request_and_the_fields_it_names(window: Window) -> None:
    case_id = await launched(window)
    shown = await read_case(window.office, POLICE, case_id)
    written = shown.model_dump_json()
    assert [request.key for request in shown.snapshot.requests] == ["identity"] if shown.snapshot else False
    assert [one.key for one in shown.plan.asks] == ["identity"] if shown.plan else False
    assert "反映人甲" in written
    assert not [personal for personal in PERSONAL[1:] if personal in written]
    market = (await read_case(window.office, MARKET, case_id)).model_dump_json()
    assert not [personal for personal in PERSONAL if personal in market]
    assert "查找人员" not in market


async def test_an_officers_timeline_and_clocks_are_its_own(window: Window) -> None:
    case_id = await launched(window)
    timeline = await read_timeline(window.office, POLICE, case_id)
    assert {chained.fact.request_id for chained in timeline.facts} == {f"{case_id}.identity"}
    clocks = await explain_clocks(window.office, POLICE, case_id)
    assert {clock.request_id for clock in clocks} == {f"{case_id}.identity"}


async def test_an_officers_list_holds_its_own_cases_without_titles(window: Window) -> None:
    case_id = await launched(window)
    await window.launched(ask("other", "culture"), external_id="ext-2")
    page = await list_cases(window.office, POLICE, CaseFilter())
    (line,) = page.items
    assert (line.case_id, line.title) == (case_id, case_id)
    assert [request.department for request in line.requests] == ["police"]
    assert (await list_cases(window.office, POLICE, CaseFilter(waiting_on="market"))).items == ()
    everything = await list_cases(window.office, AUDITOR, CaseFilter())
    assert len(everything.items) == 2


async def test_an_officers_list_keeps_what_its_department_has_answered(window: Window) -> None:
    case_id = await launched(window)
    await window.send(f"{case_id}.identity", ACCEPTED, department="police")
    everything = await list_cases(window.office, POLICE, CaseFilter())
    waiting = await list_cases(window.office, POLICE, CaseFilter(waiting_on="police"))
    (line,) = everything.items
    assert (line.case_id, line.requests[0].state) == (case_id, RequestState.ANSWERED)
    assert waiting.items == ()
    assert (await list_cases(window.office, POLICE, CaseFilter(department="market"))).items == ()
    hidden = await list_cases(window.office, POLICE, CaseFilter(registered_by="user:nobody"))
    assert hidden.items == everything.items, "a filter on what is hidden would tell it"


async def test_a_case_of_others_and_a_missing_case_look_the_same(window: Window) -> None:
    record = await window.launched(ask("other", "culture"))
    refusals = []
    for case_id in (record.case_id, "LD-2023-999999"):
        with pytest.raises(LiandongError) as caught:
            await read_case(window.office, POLICE, case_id)
        refusals.append((caught.value.category, caught.value.code, caught.value.detail))
    assert refusals[0] == refusals[1]
    assert refusals[0][0] is ErrorCategory.NOT_FOUND


@pytest.mark.parametrize("person", [CLERK, LEADER, AUDITOR])
async def test_those_who_handle_or_audit_read_everything(window: Window, person: Person) -> None:
    written = (await read_case(window.office, person, await launched(window))).model_dump_json()
    assert all(personal in written for personal in PERSONAL)


async def test_a_supervisor_sees_no_identity_number_and_no_health(window: Window) -> None:
    requester = (await read_case(window.office, SUPERVISOR, await launched(window))).registration.requester
    assert requester.resident_id == "3****…**0"
    assert requester.health is None


async def test_an_administrator_reads_no_case(window: Window) -> None:
    case_id = await launched(window)
    with pytest.raises(LiandongError) as caught:
        await read_case(window.office, ADMIN, case_id)
    assert caught.value.category is ErrorCategory.FORBIDDEN


async def test_without_the_engine_the_projection_is_read(window: Window) -> None:
    case_id = await launched(window)
    window.engine.writes = False
    window.wall.wait(hours=1)
    await window.send(f"{case_id}.dissolve", {"code": "ACCEPTED"})
    live = await read_case(window.office, LEADER, case_id)
    window.engine.away = True
    projected = await read_case(window.office, LEADER, case_id)
    assert live.version > projected.version > 0
    assert projected.stage is CaseStage.COORDINATING


TOLD = "反映人甲 13900000000，证件310000199001010010，另一人 １３８００１３８０００，女 310000195512310025"
HIDDEN = ("反映人甲", "13900000000", "310000199001010010", "１３８００１３８０００", "310000195512310025")


def _promise(case_id: str) -> DeferralSnapshot:
    promised = deferral(case_id, submission(1, "ab" * 32).model_copy(update={"note": TOLD, "result": TOLD}))
    words = {"form": TOLD, "holder": TOLD, "method": TOLD}
    materials = tuple(one.model_copy(update={"name": TOLD, **words}) for one in promised.materials)
    said = {"commitment": TOLD, "remote_check": f"远程核验：{TOLD}", "override_reason": TOLD, "objections": (TOLD,)}
    return promised.model_copy(update={"materials": materials, **said})


@pytest.mark.parametrize("person", [AUDITOR, OTHER_LEADER])
async def test_free_text_is_readable_but_identifiers_in_it_are_not(window: Window, person: Person) -> None:
    record = await window.triaged(title=TOLD, request=f"原租户未注销。{TOLD}")
    told = plan(ask("dissolve", role=Role.LEAD, text=f"请协助。{TOLD}"))
    await launch_coordination(window.office, LEADER, record.case_id, told)
    await window.send(f"{record.case_id}.dissolve", {"code": "INTERIM", "note": TOLD})
    asked_for = NeededMaterial(name=TOLD, asked_by=("market",), received_as=TOLD)
    missing = notice().model_copy(update={"materials": (asked_for,)})
    await window.engine.show(
        record.case_id, deferrals=(_promise(record.case_id),), weighings=(TOLD,), supplement=missing
    )
    shown = await read_case(window.office, person, record.case_id)
    texts = shown.model_copy(update={"registration": shown.registration.model_copy(update={"requester": None})})
    timeline = await read_timeline(window.office, person, record.case_id)
    (line,) = (await list_cases(window.office, person, CaseFilter())).items
    written = texts.model_dump_json() + timeline.model_dump_json()
    assert "原租户未注销" in written
    assert "请协助" in written
    assert "远程核验" in written
    assert not [value for value in HIDDEN if value in written]
    # A list knows nobody by name
    assert not [value for value in HIDDEN[1:] if value in line.title]


async def test_what_comes_back_from_a_decision_is_masked_like_the_case(window: Window) -> None:
    """Another duty leader may decide in a colleague's absence, and reads no more by it."""
    record = await window.triaged(title=TOLD)
    told = plan(ask("dissolve", role=Role.LEAD, text=f"请协助。{TOLD}"))
    await launch_coordination(window.office, LEADER, record.case_id, told)
    await window.engine.show(record.case_id, deferrals=(_promise(record.case_id),))
    pause = PauseRequest(
        command_id="p", decided_by="", reason=TOLD, request_id=f"{record.case_id}.dissolve", legal_basis="第三条"
    )
    others = await decide(window.office, OTHER_LEADER, record.case_id, pause)
    again = await launch_coordination(window.office, OTHER_LEADER, record.case_id, told)
    written = others.model_dump_json() + again.model_dump_json(include={"plan"})
    assert written.count("请协助") == 2
    assert not [value for value in HIDDEN if value in written]
    own = await decide(window.office, LEADER, record.case_id, pause)
    assert TOLD in own.model_dump_json()


@pytest.mark.parametrize("person", [AUDITOR, OTHER_LEADER])
async def test_what_was_said_after_the_outcome_is_masked_like_the_case(window: Window, person: Person) -> None:
    record = await window.launched()
    await window.engine.close(record.case_id, Outcome.REVOKED)
    await order_follow_ups(window.office)
    followed = f"{record.case_id}.followup1"
    rating = RatingGiven(coordination=Rating.VERY_DISSATISFIED, comment=f"没有人来。{TOLD}", received_at=window.wall.at)
    review = ReviewHandling(
        contact=proofs(ClockKind.REVIEW_CONTACT), contact_note=TOLD, reason=TOLD, finished_note=TOLD
    )
    await window.follow_ups.show(followed, rating=rating, review=review)
    (read,) = await read_follow_ups(window.office, person, record.case_id)
    assert read.snapshot is not None
    written = read.snapshot.model_dump_json()
    if person.role is PersonRole.DUTY_LEADER:
        said = RecordCall(command_id="c", decided_by="", reached=False)
        written += (await record_follow_up(window.office, person, record.case_id, said)).model_dump_json()
        written += (await repair_record(window.office, person, record.case_id, TOLD, "信用第一号")).model_dump_json()
        assert "信用第一号" in written
    assert "没有人来" in written
    assert not [value for value in HIDDEN if value in written]
    (own,) = await read_follow_ups(window.office, CLERK, record.case_id)
    assert TOLD in own.model_dump_json()


@pytest.mark.parametrize("person", [CLERK, LEADER, SUPERVISOR])
async def test_those_who_handle_the_case_read_it_as_written(window: Window, person: Person) -> None:
    record = await window.triaged(title=TOLD)
    await launch_coordination(window.office, LEADER, record.case_id, plan())
    assert (await read_case(window.office, person, record.case_id)).registration.title == TOLD
    assert (await list_cases(window.office, person, CaseFilter())).items[0].title == TOLD
