"""The shipped policy, and a launch as the product would make it for the benchmark's case."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from bench.shape import DEPARTMENTS
from bootstrap.policies import load_notices, load_policy
from domain.codes import Cause, Role
from domain.department import Department
from domain.launch import EDITION, CaseLaunch
from domain.plan import Ask, Plan
from domain.policy import DistrictPolicy
from domain.working_calendar import WorkingCalendar

_POLICIES = Path(__file__).resolve().parent.parent / "policies"
TEXT = "请提出意见。"


@cache
def _policy() -> DistrictPolicy:
    return load_policy(_POLICIES)


def departments() -> tuple[Department, ...]:
    return tuple(one for one in _policy().departments if one.code in DEPARTMENTS)


def plan() -> Plan:
    limits = _policy().limits
    return Plan(
        asks=tuple(
            Ask(
                key=code,
                department=code,
                role=Role.SUPPORT if number else Role.LEAD,
                text=TEXT,
                reply_limit=limits.reply_normal,
                sign_limit=limits.sign_for,
            )
            for number, code in enumerate(DEPARTMENTS)
        )
    )


def launch(case_id: str) -> CaseLaunch:
    """What the engine is handed at a launch, calendar and ladder included."""
    return _launch().model_copy(update={"case_id": case_id})


@cache
def _launch() -> CaseLaunch:
    now = datetime.now(UTC)
    calendar = WorkingCalendar(version="bench", years=load_notices(_POLICIES))
    return CaseLaunch(
        case_id="",
        launched_at=now,
        launched_by="user:leader",
        duty_leader="leader",
        cause=Cause.CROSS_DEPT,
        plan=plan(),
        routes=tuple(one.route() for one in departments()),
        calendar=calendar.for_years(now.year - 1, now.year + 2),
        ladder=_policy().ladder,
        follow_up_limit=_policy().limits.external_follow_up,
        edition=EDITION,
    )
