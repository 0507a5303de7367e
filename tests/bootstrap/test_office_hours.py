"""Office hours are the district's own: its files decide when what it promises is due."""

import datetime as dt
import re
import shutil
from datetime import datetime
from pathlib import Path

import pytest

from bootstrap.container import open_container
from bootstrap.effective_policy import Whereabouts
from bootstrap.policies import PolicyError, load_policy
from bootstrap.settings import load_settings
from domain.clock import ClockKind
from domain.codes import Cause, TriageDecision, Urgency
from domain.ladder import Rung, RungWhen
from domain.limit import Limit
from domain.working_calendar import OfficeHours
from services.preview_plan import preview_plan
from services.register_case import register_case
from services.triage_case import TriageInput, triage_case
from tests.services.conftest import CLERK, LEADER, POLICIES, plan, registration

SHANGHAI = dt.timezone(dt.timedelta(hours=8))


def district(folder: Path, opens: str, closes: str, *, next_day: bool = True) -> Path:
    shutil.copytree(POLICIES, folder, ignore=shutil.ignore_patterns("__pycache__"))
    text = (folder / "district.toml").read_text(encoding="utf-8")
    text = text.replace('opens = "09:00"', f'opens = "{opens}"').replace('closes = "17:00"', f'closes = "{closes}"')
    text = re.sub(r"(counts_next_day) = true", rf"\1 = {str(next_day).lower()}", text)
    (folder / "district.toml").write_text(text, encoding="utf-8")
    return folder


async def test_a_district_with_other_hours_gets_other_due_instants_in_a_preview(tmp_path: Path) -> None:
    settings = load_settings(
        data_dir=tmp_path / "data", policies_dir=district(tmp_path / "policies", "08:30", "16:30", next_day=False)
    )
    where = Whereabouts("http://127.0.0.1:1", "127.0.0.1:1", lazy_engine=True, serves=True)
    async with open_container(settings, where) as container:
        office = container.office
        case_id = (await register_case(office, CLERK, registration())).record.case_id
        triage = TriageInput(decision=TriageDecision.COORDINATE, cause=Cause.CROSS_DEPT, urgency=Urgency.NORMAL)
        await triage_case(office, LEADER, case_id, triage)
        seen = await preview_plan(office, LEADER, case_id, plan())
        calendar = await office.calendar.current()
    assert calendar.receipt_outside_hours_counts_next_day is False
    dues = [ask.due.at for ask in seen.asks if ask.due is not None and ask.due.at is not None]
    assert {_local(at) for at in dues} == {dt.time(16, 30)}
    fired = {_local(rung.at) for ask in seen.asks for rung in ask.rungs if rung.rung == "reply_reminder"}
    assert fired == {dt.time(8, 30)}


def _local(at: datetime) -> dt.time:
    return at.astimezone(SHANGHAI).time()


def test_an_office_that_closes_before_it_opens_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as refused:
        load_policy(district(tmp_path / "policies", "17:00", "09:00"))
    (problem,) = refused.value.problems
    assert problem.startswith("district.toml: office_hours: ")
    assert "office_hours_order" in problem


def test_the_ladder_is_judged_by_the_districts_own_hours() -> None:
    policy = load_policy(POLICIES)
    early = Rung(
        name="sign_soon",
        clock=ClockKind.SIGN_FOR,
        when=RungWhen.model_validate("before 3 hours"),
        tell=("clerk",),
        channel="notice",
    )
    others = (rung for rung in policy.ladder.rungs if rung.clock is not ClockKind.SIGN_FOR)
    changed = {
        "limits": policy.limits.model_copy(update={"sign_for": Limit.parse("end_of_business_today")}),
        "ladder": policy.ladder.model_copy(update={"rungs": (*others, early)}),
        "departments": tuple(one.model_copy(update={"sign_limit": None}) for one in policy.departments),
    }
    whole_day = policy.model_copy(update=changed)
    assert whole_day.check() == ()
    morning = whole_day.model_copy(update={"office_hours": OfficeHours(opens=dt.time(9), closes=dt.time(11))})
    assert ["can never fire" in str(problem) for problem in morning.check()] == [True]
