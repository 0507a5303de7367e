"""A world whose time skips: the real engine code, the real 2023 calendar, departments that answer by script.

The time-skipping server starts today and only moves forward, and the scenarios happened in 2023. So the calendar is
moved instead: 2034 begins on the same weekday, so 2023's days and notices are shifted by 574 whole weeks.
"""

import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import JsonValue
from temporalio import activity
from temporalio.api.testservice.v1 import LockTimeSkippingRequest, UnlockTimeSkippingRequest
from temporalio.client import Client, WorkflowHandle, WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from activities.department import DepartmentActivities
from activities.notice import NoticeActivities
from activities.record import RecordActivities
from adapters.case_engine import TemporalCaseEngine
from adapters.department_recorder import DepartmentRecorder
from adapters.notice_recorder import NoticeRecorder
from adapters.outage_reporter import TemporalOutageReporter
from bootstrap.policies import load_policy
from bootstrap.settings import WorkerSettings
from bootstrap.workers import department_worker, engine_worker
from domain.codes import Cause, Technique, Urgency
from domain.department import Department
from domain.errors import LiandongError
from domain.launch import EDITION, CaseLaunch, CaseResult
from domain.limit import Limit
from domain.plan import Ask, Plan
from domain.snapshot import CaseSnapshot, RequestSnapshot
from domain.working_calendar import WorkingCalendar, YearNotice
from tests.domain.calendars import REAL
from tests.workflows.recorder import ProgressMemory
from workflows.case_coordination import CaseCoordination

SHIFT = timedelta(weeks=574)
LADDER = load_policy(Path(__file__).parents[2] / "policies").ladder
CASE = "LD-2034-000001"
DEPARTMENTS = ("market", "police", "housing", "culture", "medical", "assist")


def instant(text: str) -> datetime:
    """An instant of 2023 in local time, moved into the world's year. A bare day means its opening."""
    local = dt.datetime.fromisoformat(f"{text if 'T' in text else text + 'T09:00'}+08:00")
    return (local + SHIFT).astimezone(dt.UTC)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text) + SHIFT


def as_2023(at: datetime | None) -> str:
    """The instant as the scenario tells it."""
    assert at is not None
    return (at - SHIFT).astimezone(dt.timezone(timedelta(hours=8))).strftime("%Y-%m-%dT%H:%M")


def department(code: str) -> Department:
    """Polled once an hour: often enough for the scenarios, and quick to skip."""
    return Department(
        code=code,
        name_zh=code,
        name_en=code,
        technique=Technique.POLLED,
        base_url="http://127.0.0.1:1",
        poll_seconds=3600,
    )


def _moved(notice: YearNotice) -> YearNotice:
    return YearNotice(
        year=notice.year + 11,
        notice_number=notice.notice_number,
        published=notice.published + SHIFT,
        status=notice.status,
        days_off=tuple(one + SHIFT for one in notice.days_off),
        days_on=tuple(one + SHIFT for one in notice.days_on),
    )


CALENDAR = WorkingCalendar(
    version="2023 in 2034", years=tuple(_moved(notice) for notice in REAL.years if notice.year in (2022, 2023))
)


def ask(key: str, department: str | None = None, **fields: object) -> Ask:
    limits = {name: Limit.parse(str(fields.pop(name))) for name in ("reply_limit", "sign_limit") if name in fields}
    return Ask.model_validate({"key": key, "department": department, "text": f"please: {key}", **limits, **fields})


Script = Mapping[str, Sequence[tuple[datetime, Mapping[str, JsonValue]]]]


class SkippedTime:
    """One running world. Departments are polled, because time never skips while an activity is pending."""

    def __init__(self, env: WorkflowEnvironment, script: Script) -> None:
        self.env = env
        self.departments = DepartmentRecorder(
            self.now, {key: [(at, dict(reply)) for at, reply in told] for key, told in script.items()}
        )
        self.notices = NoticeRecorder()
        self.store = ProgressMemory()
        self.engine = TemporalCaseEngine(env.client, rpc_timeout=timedelta(seconds=8))

    @property
    def client(self) -> Client:
        return self.env.client

    def now(self) -> datetime:
        """The world's time, as the server told the activity that asks."""
        return activity.info().started_time

    async def until(self, text: str) -> None:
        await self.env.sleep(instant(text) - await self.env.get_current_time())

    def launch(self, *asks: Ask, urgent: bool = False) -> CaseLaunch:
        plan = Plan(asks=asks)
        routes = tuple(department(code).route() for code in DEPARTMENTS)
        return CaseLaunch(
            case_id=CASE,
            launched_at=instant("2023-01-01"),
            launched_by="user:leader",
            duty_leader="leader",
            cause=Cause.CROSS_DEPT,
            urgency=Urgency.URGENT if urgent else Urgency.NORMAL,
            plan=plan,
            routes=routes,
            calendar=CALENDAR,
            ladder=LADDER,
            follow_up_limit=Limit.parse("1 working_days"),
            edition=EDITION,
        )

    async def start(self, launch: CaseLaunch) -> None:
        await self.engine.start(launch)

    async def result(self) -> CaseResult:
        """Let time run until the case has ended."""
        await self.client.test_service.unlock_time_skipping(UnlockTimeSkippingRequest())
        try:
            return await self._ended()
        finally:
            await self.client.test_service.lock_time_skipping(LockTimeSkippingRequest())

    async def _ended(self) -> CaseResult:
        """The skipping server ends a long wait without an event now and then."""
        for _ in range(2):
            with suppress(RuntimeError):
                return await self.handle.result()
        return await self.handle.result()

    async def history(self) -> WorkflowHistory:
        return await self.handle.fetch_history()

    @property
    def handle(self) -> WorkflowHandle[CaseCoordination, CaseResult]:
        return self.client.get_workflow_handle_for(CaseCoordination.run, CASE)

    async def snapshot(self) -> CaseSnapshot:
        """The skipping server sometimes loses a query that meets a task without a cache; asking again is harmless."""
        for _ in range(2):
            with suppress(LiandongError):
                return await self.engine.snapshot(CASE)
        return await self.engine.snapshot(CASE)

    async def request(self, key: str) -> RequestSnapshot:
        return next(one for one in (await self.snapshot()).requests if one.key == key)


@asynccontextmanager
async def skipped_time(
    env: WorkflowEnvironment, starts: str, script: Script | None = None, *, cached: int = 1000
) -> AsyncIterator[SkippedTime]:
    """Move to `starts` and run all workers. `cached=0` replays the whole history at every step."""
    world = SkippedTime(env, script or {})
    await world.until(starts)
    graceful = timedelta(seconds=1)
    record, notice = RecordActivities(world.store), NoticeActivities({"notice": world.notices}, world.store)
    acts = DepartmentActivities({Technique.POLLED: world.departments}, world, TemporalOutageReporter(env.client))
    engine = engine_worker(env.client, record, notice, WorkerSettings(max_cached_workflows=cached), graceful=graceful)
    async with engine, _departments(env.client, acts, graceful):
        yield world


@asynccontextmanager
async def _departments(client: Client, acts: DepartmentActivities, graceful: timedelta) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for code in DEPARTMENTS:
            await stack.enter_async_context(department_worker(client, department(code), acts, graceful=graceful))
        yield
