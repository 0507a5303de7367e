"""The one place that wires everything: from settings to a working office."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from temporalio.client import Client
from temporalio.worker import Worker

from activities.department import DepartmentActivities
from activities.notice import NoticeActivities
from activities.record import GATHER_SECONDS, RecordActivities
from adapters.case_engine import TemporalCaseEngine
from adapters.department_check import DepartmentCheck
from adapters.department_line import DepartmentLines, FindDepartment, LineOptions
from adapters.department_people import PeopleTools
from adapters.department_setup import FileDepartmentSetup
from adapters.departments import build_adapters
from adapters.follow_up_engine import TemporalFollowUpEngine
from adapters.material_folder import MaterialFolder
from adapters.notice_file import NoticeFile
from adapters.outage_reporter import TemporalOutageReporter
from adapters.secret_file import SecretFile
from adapters.system_time import SystemTime
from bootstrap.calendar import stored_calendar
from bootstrap.circuit_metrics import CircuitCollector
from bootstrap.data_converter import build_data_converter
from bootstrap.data_dir import open_data_dir
from bootstrap.directory_workers import follow_directory
from bootstrap.effective_policy import NOTICE_CHANNEL, Whereabouts, effective_policy
from bootstrap.first_start import SECRETS_FILE, Keys, department_secrets, prepare
from bootstrap.keyring import open_key_ring
from bootstrap.mail import build_mail
from bootstrap.matching_key import open_seals
from bootstrap.open_store import open_store
from bootstrap.policies import PolicyError, load_notices
from bootstrap.settings import Settings
from bootstrap.telemetry import Telemetry, build_telemetry
from bootstrap.temporal_client import connect
from bootstrap.tokens import tokens_file
from bootstrap.workers import department_worker, engine_worker
from domain.codes import Technique
from domain.department import Department
from domain.policy import DistrictPolicy
from domain.ports import DepartmentAdapter, NoticeChannel
from services.office import Office
from store.desk import StoredDesk
from store.kept_exchanges import StoredExchanges
from store.pending_answers import StoredPendingAnswers
from store.progress_recorder import StoredProgress
from store.sql_store import SqlStore


@dataclass(frozen=True)
class Container:
    """Everything of one process, ready to work."""

    settings: Settings
    policy: DistrictPolicy
    store: SqlStore
    office: Office
    client: Client
    telemetry: Telemetry
    lines: DepartmentLines
    adapters: Mapping[Technique, DepartmentAdapter]
    channels: Mapping[str, NoticeChannel]
    keys: Keys

    async def check(self) -> Mapping[str, str | None]:
        """The API's health probe."""
        return {"store": await self.store.ready(), "engine": await self.office.engine.ready()}

    def departments(self) -> Mapping[str, str]:
        """The API's view of outages."""
        return {code: state.value for code, state in self.lines.circuits().items()}

    def workers(self, departments: Sequence[str] | None, *, engine: bool) -> list[Worker]:
        """Workers of the named departments, all of them for None. Raises PolicyError for unknown codes."""
        known = {department.code: department for department in self.policy.departments if department.enabled}
        chosen = list(known) if departments is None else list(departments)
        if unknown := [code for code in chosen if code not in known]:
            raise PolicyError(
                (f"LIANDONG_WORKER__DEPARTMENTS: 没有在用的部门 · no enabled department {', '.join(unknown)}",)
            )
        workers = [self.department_worker(known[code]) for code in chosen]
        graceful = timedelta(seconds=self.settings.graceful_shutdown_seconds)
        if engine:
            record = RecordActivities(StoredProgress(self.store), gather_seconds=GATHER_SECONDS)
            notice = NoticeActivities(self.channels, StoredPendingAnswers(self.store))
            workers.append(engine_worker(self.client, record, notice, self.settings.worker, graceful=graceful))
        return workers

    def department_worker(self, department: Department) -> Worker:
        graceful = timedelta(seconds=self.settings.graceful_shutdown_seconds)
        activities = DepartmentActivities(self.adapters, self.office.time, TemporalOutageReporter(self.client))
        return department_worker(self.client, department, activities, graceful=graceful)

    async def follow_directory(self, stop: asyncio.Event) -> None:
        """Work for departments that are added while the process runs. Returns at `stop`, when they have ended."""

        async def listed() -> Sequence[Department]:
            async with self.store.reading() as session:
                return await session.directory.all()

        served = {department.code for department in self.policy.departments if department.enabled}
        await follow_directory(listed, self.department_worker, served, stop)


@asynccontextmanager
async def open_container(settings: Settings, where: Whereabouts) -> AsyncIterator[Container]:
    """Wire one process. Raises DataDirError, PolicyError, KeyRingError, or what the store and Temporal say."""
    open_data_dir(settings.data_dir)
    policy = effective_policy(settings, where)
    keys_of_payloads = open_key_ring(settings)
    time = SystemTime()
    telemetry = build_telemetry(settings.telemetry)
    async with open_store(settings) as store:
        if where.serves:
            notices = load_notices(settings.policies)
            keys = await prepare(store, settings.data_dir, policy.departments, notices, time.now())
        else:
            keys = Keys(tokens_file(settings.data_dir), {})
            department_secrets(settings.data_dir, policy.departments)
        secrets = SecretFile(settings.data_dir / SECRETS_FILE)
        exchanges = StoredExchanges(store)
        options = LineOptions(prepare=telemetry.instrument, exchanges=exchanges)
        lines = DepartmentLines(_finder(store), secrets, options)
        mail = build_mail(settings.mail, time, exchanges)
        people = PeopleTools(StoredDesk(store), _finder(store), secrets, mail, exchanges)
        adapters = build_adapters(lines, time, where.public_url, people)
        telemetry.registry.register(CircuitCollector(lines.circuits))
        client = await connect(settings.temporal, where, telemetry, build_data_converter(keys_of_payloads))
        channels = {NOTICE_CHANNEL: NoticeFile(settings.notice_log_file, time)}
        office = Office(
            store=store,
            engine=TemporalCaseEngine(client),
            time=time,
            policy=policy,
            calendar=stored_calendar(store, policy, settings),
            adapters=adapters,
            materials=MaterialFolder(settings.data_dir / "materials"),
            follow_ups=TemporalFollowUpEngine(client),
            seals=open_seals(settings),
            notices=channels,
            new_id=lambda: uuid4().hex,
            setup=FileDepartmentSetup(secrets, DepartmentCheck(time), time, plays=where.simulators_url is not None),
        )
        try:
            yield Container(settings, policy, store, office, client, telemetry, lines, adapters, channels, keys)
        finally:
            await lines.close()
            telemetry.shutdown()


def _finder(store: SqlStore) -> FindDepartment:
    async def find(code: str) -> Department | None:
        async with store.reading() as session:
            return await session.directory.get(code)

    return find
