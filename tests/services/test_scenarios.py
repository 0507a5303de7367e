"""Real cases of Shanghai's windows: what they must be before the launch and beyond the workflow, on the real calendar.

Their course from launch to outcome is in `tests/workflows/test_scenarios.py`.
"""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from pydantic import JsonValue

from domain.case import CaseRecord, Item, Requester, RequesterType
from domain.codes import Cause, Outcome, RequestState, Role, TriageDecision, Urgency
from domain.fact import FactKind
from domain.plan import Ask, AskKind
from services.draft_precedents import draft_precedents
from services.launch_coordination import launch_coordination
from services.open_progress import open_progress
from services.read_progress import read_progress
from services.register_case import register_case
from services.triage_case import TriageInput, triage_case
from tests.services.conftest import CLERK, LEADER, Window, ask, plan, registration

SHANGHAI = timezone(timedelta(hours=8))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


async def registered(window: Window, when: str, requester: dict[str, Any], **changes: object) -> tuple[CaseRecord, str]:
    """The case and its requester's progress code."""
    window.wall.at = at(when)
    made = await register_case(
        window.office, CLERK, registration(requester=Requester.model_validate(requester), **changes)
    )
    assert made.progress_code is not None
    return made.record, made.progress_code


async def coordinated(window: Window, record: CaseRecord, cause: Cause, *asks: Ask) -> None:
    triage = TriageInput(decision=TriageDecision.COORDINATE, cause=cause, urgency=Urgency.NORMAL)
    await triage_case(window.office, LEADER, record.case_id, triage)
    await launch_coordination(window.office, LEADER, record.case_id, plan(*asks))


async def test_an_old_letter_is_explained_the_same_day_and_found_in_the_library(window: Window) -> None:
    """JD-1."""
    person = {"type": RequesterType.INDIVIDUAL, "name": "李某", "contact": "13900000000"}
    record, _ = await registered(window, "2023-03-06T10:15", person, item=Item(name="排水许可"))
    explained = TriageInput(
        decision=TriageDecision.RESOLVE_ON_SPOT,
        cause=Cause.UNAWARE,
        advice="在一网通办申请排水许可",
        library_tag="旧通知指引过时",
    )
    window.wall.wait(minutes=20)
    closed = await triage_case(window.office, LEADER, record.case_id, explained)
    assert closed.outcome is not None
    assert closed.closed_at is not None
    assert closed.outcome.outcome is Outcome.EXPLAINED
    assert closed.closed_at.astimezone(SHANGHAI).date() == date(2023, 3, 6)
    assert closed.snapshot is None
    assert not window.engine.launches
    assert await draft_precedents(window.office) == 1
    async with window.store.reading() as session:
        draft = await session.precedents.get(record.case_id)
    assert draft is not None
    assert (draft.tag, draft.counted_in_rates) == ("旧通知指引过时", True)


async def test_parking_is_referred_and_nobody_is_asked(window: Window) -> None:
    """X-1. What will be counted later is told to leave it out, in the case and in what the library keeps of it."""
    person = {"type": RequesterType.INDIVIDUAL, "name": "王某", "contact": "13900000000"}
    record, code = await registered(window, "2023-03-06T10:15", person, item=Item(name="小区停车管理"))
    referred = TriageInput(decision=TriageDecision.REFER_OUT, cause=Cause.OUT_OF_SCOPE, refer_to="12345")
    closed = await triage_case(window.office, LEADER, record.case_id, referred)
    assert closed.outcome is not None
    assert closed.outcome.outcome is Outcome.REFERRED
    assert closed.snapshot is None
    assert not window.engine.launches
    told = await read_progress(window.office, await open_progress(window.office, record.case_id, code))
    assert told.outcome is not None
    assert told.outcome.where_to_go == "12345"
    assert await draft_precedents(window.office) == 1
    async with window.store.reading() as session:
        draft = await session.precedents.get(record.case_id)
    assert draft is not None
    assert (closed.counted_in_rates, draft.counted_in_rates) == (False, False)


async def test_the_restaurant_is_called_by_the_next_working_day(window: Window) -> None:
    """HK-1."""
    firm = {"type": RequesterType.ENTERPRISE, "name": "某餐饮公司", "uscc": "91310000ABAAMA001R"}
    record, _ = await registered(window, "2023-01-03T09:30", firm, wish_date=date(2023, 1, 20))
    assert record.first_contact_due_at == at("2023-01-04T17:00")


async def test_the_lost_shareholder_never_reaches_the_requesters_view(window: Window) -> None:
    """QP-1: neither his number nor the contact that was found, whatever asks and answers say of him."""
    number, contact = "310000551231002", "13955550123"
    firm = {"type": RequesterType.ENTERPRISE, "name": "某贸易公司", "uscc": "91310000ABAAMA001R"}
    record, code = await registered(window, "2023-02-20T13:40", firm)
    await coordinated(
        window,
        record,
        Cause.MATERIAL_GAP,
        ask("identity", "police", text=f"查找十五位证件号 {number} 的人员"),
        ask("affiliate", "market", role=Role.LEAD, text=f"查找 {number} 名下企业"),
        ask("owner", None, kind=AskKind.EXTERNAL, role=Role.EXTERNAL, party=f"失联股东 {contact}"),
    )
    case = record.case_id
    window.wall.at = at("2023-02-21T10:00")
    tried: dict[str, JsonValue] = {"code": "NO_RESULT", "tried": f"人口库查无 {number}"}
    found: dict[str, JsonValue] = {"code": "ACCEPTED", "note": f"查到关联企业，联系电话 {contact}"}
    assert (await window.send(f"{case}.identity", tried, department="police")).status == 200
    assert (await window.send(f"{case}.affiliate", found)).status == 200
    kept = (await window.record(case)).model_dump_json()
    assert contact in kept, "the window itself knows it"
    assert number in kept
    opened = await open_progress(window.office, case, code)
    told = (await read_progress(window.office, opened)).model_dump_json()
    assert number not in told
    assert contact not in told
    assert "失联股东" not in told


async def test_health_never_goes_to_housing(window: Window) -> None:
    """HK-2."""
    person = {
        "type": RequesterType.INDIVIDUAL,
        "name": "张某",
        "resident_id": "310000199001010010",
        "health": "重病，需要长期治疗",
    }
    record, _ = await registered(window, "2023-05-10T09:50", person)
    await coordinated(
        window,
        record,
        Cause.LAW_BAR,
        ask("housing", "housing", role=Role.LEAD, text="低收入住房补贴或其他住房支持"),
        ask("medical", "medical", text="医疗救助", sees=("health",)),
        ask("assist", "assist", text="临时救助", sees=("health",)),
    )
    launch = window.engine.launches[record.case_id]
    sent = {one.department: one.model_dump_json() for one in launch.plan.asks}
    assert "重病" not in sent["housing"]
    assert "重病" in sent["medical"]
    assert "重病" in sent["assist"]


async def test_the_designated_department_cannot_return_it_again(window: Window) -> None:
    """X-2: refused at the door with the number of the minutes, and on record."""
    firm = {"type": RequesterType.ENTERPRISE, "name": "某文化公司", "uscc": "91310000ABAAMA001R"}
    record, _ = await registered(window, "2023-03-13T09:00", firm)
    await coordinated(window, record, Cause.RESPONSIBILITY_GAP, ask("permit", "culture", role=Role.LEAD))
    permit = f"{record.case_id}.permit"
    bound = window.engine.turn(permit, 1)
    assert bound is not None
    shown = window.engine.put(permit, bound.model_copy(update={"ruling": "no. 3/2023"}), RequestState.OPEN)
    await window.engine.show(record.case_id, requests=shown.requests)
    window.wall.at = at("2023-03-15T14:00")
    again: dict[str, JsonValue] = {"code": "NOT_MINE", "basis": "2023 rule article 4", "proposed_owner": "market"}
    refused = await window.send(permit, again, department="culture")
    assert (refused.status, refused.body["ruling"]) == (409, "no. 3/2023")
    assert len(await window.facts(record.case_id, FactKind.MESSAGE_REFUSED)) == 1
