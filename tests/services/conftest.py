"""The use cases on a real SQLite store; the engine, the departments and the clock are recorded."""

import asyncio
import json
import shutil
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import JsonValue, SecretStr

from adapters.department_recorder import DepartmentRecorder
from adapters.department_secrets import DepartmentSecret, DepartmentSecrets
from adapters.material_folder import MaterialFolder
from adapters.notice_recorder import NoticeRecorder
from adapters.webhook_signature import new_secret, sign
from bootstrap.policies import load_notices, load_policy
from domain.case import CaseRecord, Item, Registration, Requester, RequesterType
from domain.codes import Cause, Role, Technique, TriageDecision, Urgency
from domain.fact import ChainedFact, FactKind
from domain.inbox import InboxEntry
from domain.notice_load import SHIPPED
from domain.person import Person, PersonRole
from domain.plan import Ask, AskKind, Plan
from domain.policy import DistrictPolicy
from services.callback_verdict import CallbackReply
from services.launch_coordination import launch_coordination
from services.office import Office
from services.receive_callback import receive_callback
from services.register_case import register_case
from services.seals import Seals
from services.triage_case import TriageInput, triage_case
from store.calendar_source import StoredCalendar
from store.migrate import migrate
from store.progress_recorder import StoredProgress
from store.sql_store import SqlStore
from tests.services.case_engine_recorder import CaseEngineRecorder
from tests.services.follow_up_recorder import FollowUpRecorder
from tests.store.one_session import OneSessionStore

POLICIES = Path(__file__).resolve().parents[2] / "policies"
MORNING = datetime(2023, 1, 3, 1, 30, tzinfo=UTC)
"""Tue 3 January 2023, 09:30 in Shanghai: an ordinary working day."""

CLERK = Person(person_id="c-1", name="专员", role=PersonRole.CLERK)
LEADER = Person(person_id="l-1", name="值班长", role=PersonRole.DUTY_LEADER)
SUPERVISOR = Person(person_id="s-1", name="督办员", role=PersonRole.SUPERVISOR)
AUDITOR = Person(person_id="a-1", name="审计员", role=PersonRole.AUDITOR)
ADMIN = Person(person_id="x-1", name="管理员", role=PersonRole.ADMIN)
MARKET = Person(person_id="m-1", name="市场监管经办人", role=PersonRole.DEPARTMENT_OFFICER, department="market")
POLICE = Person(person_id="p-1", name="公安经办人", role=PersonRole.DEPARTMENT_OFFICER, department="police")

ACCEPTED: dict[str, JsonValue] = {"code": "ACCEPTED", "note": "可以办理"}


def registration(**changes: object) -> Registration:
    requester = Requester(
        type=RequesterType.INDIVIDUAL,
        name="反映人甲",
        contact="13900000000",
        resident_id="310000199001010010",
        health="需要透析",
    )
    given = Registration(
        external_id="ext-1",
        title="餐饮店执照办不成",
        request="原租户未注销，新店办不了执照",
        requester=requester,
        item=Item(name="食品经营许可"),
    )
    return given.model_copy(update=changes)


def plan(*asks: Ask) -> Plan:
    return Plan(asks=asks or (ask("dissolve", role=Role.LEAD), ask("identity", "police")))


def ask(key: str, department: str | None = "market", **changes: object) -> Ask:
    given = Ask(key=key, kind=AskKind.DEPARTMENT, text="请协助办理", role=Role.SUPPORT, department=department)
    return Ask.model_validate(given.model_dump() | changes)


@dataclass
class Wall:
    at: datetime = MORNING

    def now(self) -> datetime:
        return self.at

    def wait(self, **duration: float) -> None:
        self.at += timedelta(**duration)


@dataclass
class Window:
    """The office and everything around it that a test may turn."""

    office: Office
    store: SqlStore
    engine: CaseEngineRecorder
    wall: Wall
    secrets: dict[str, str]
    follow_ups: FollowUpRecorder
    notices: NoticeRecorder

    async def register(self, **changes: object) -> CaseRecord:
        return (await register_case(self.office, CLERK, registration(**changes))).record

    async def triaged(self, *, urgency: Urgency = Urgency.NORMAL, **changes: object) -> CaseRecord:
        record = await self.register(**changes)
        triage = TriageInput(decision=TriageDecision.COORDINATE, cause=Cause.CROSS_DEPT, urgency=urgency)
        return await triage_case(self.office, LEADER, record.case_id, triage)

    async def launched(self, *asks: Ask, external_id: str = "ext-1") -> CaseRecord:
        record = await self.triaged(external_id=external_id)
        return await launch_coordination(self.office, LEADER, record.case_id, plan(*asks))

    async def send(
        self,
        request: str,
        reply: dict[str, JsonValue] | None = None,
        *,
        department: str = "market",
        message_id: str | None = None,
        number: int = 1,
    ) -> CallbackReply:
        """A signed message from a department; without a reply it is an acknowledgement."""
        data: dict[str, JsonValue] = {"request_id": request, "round": number}
        if reply is not None:
            data["reply"] = reply
        kind = "request.replied" if reply is not None else "request.acknowledged"
        body = json.dumps({"type": kind, "timestamp": self.wall.at.isoformat(), "data": data}).encode()
        return await self.send_bytes(body, department=department, message_id=message_id)

    async def send_bytes(
        self, body: bytes, *, department: str = "market", message_id: str | None = None
    ) -> CallbackReply:
        named = message_id or f"msg-{uuid.uuid4().hex}"
        # The signature's age is judged by the computer's clock, which no test turns
        headers = sign(self.secrets[department], named, datetime.now(UTC), body.decode())
        return await receive_callback(self.office, department, headers, body)

    async def record(self, case_id: str) -> CaseRecord:
        async with self.store.reading() as session:
            return await session.cases.get(case_id)

    async def facts(self, case_id: str, *kinds: FactKind) -> list[ChainedFact]:
        async with self.store.reading() as session:
            facts = await session.facts.of_case(case_id)
        return [chained for chained in facts if not kinds or chained.fact.kind in kinds]

    async def inbox(self, case_id: str) -> list[InboxEntry]:
        async with self.store.reading() as session:
            return list(await session.inbox.of_case(case_id))


@pytest.fixture(scope="session")
def policy() -> DistrictPolicy:
    return load_policy(POLICIES)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory, policy: DistrictPolicy) -> Path:
    """A store with departments and notices, made once: each test gets a copy."""
    path = tmp_path_factory.mktemp("services") / "store.db"
    asyncio.run(_made(f"sqlite+aiosqlite:///{path}", policy))
    return path


async def _made(url: str, policy: DistrictPolicy) -> None:
    await migrate(url)
    store = SqlStore(url)
    await furnish(store, policy)
    await store.close()


async def furnish(store: SqlStore, policy: DistrictPolicy) -> None:
    """The shipped departments and notices."""
    async with store.writing() as session:
        for department in policy.departments:
            await session.directory.save(department)
        for notice in load_notices(POLICIES):
            await session.calendars.load(notice, by=SHIPPED, at=MORNING)


@pytest.fixture
async def window(furnished: Path, policy: DistrictPolicy, tmp_path: Path) -> AsyncIterator[Window]:
    shutil.copy(furnished, tmp_path / "store.db")
    store = OneSessionStore(f"sqlite+aiosqlite:///{tmp_path / 'store.db'}")
    yield open_window(store, policy, tmp_path / "materials")
    await store.close()


def open_window(store: SqlStore, policy: DistrictPolicy, materials: Path) -> Window:
    """On a furnished store."""
    secrets = {department.code: new_secret() for department in policy.departments}
    wall = Wall()
    kept = DepartmentSecrets(
        {code: DepartmentSecret(webhook_secrets=(SecretStr(secret),)) for code, secret in secrets.items()}
    )
    departments = DepartmentRecorder(wall.now, secrets=kept)
    notices = NoticeRecorder()
    engine = CaseEngineRecorder(StoredProgress(store), wall.now)
    follow_ups = FollowUpRecorder(StoredProgress(store), wall.now)
    office = Office(
        store=store,
        engine=engine,
        time=wall,
        policy=policy,
        calendar=StoredCalendar(store),
        adapters=dict.fromkeys(Technique, departments),
        materials=MaterialFolder(materials),
        follow_ups=follow_ups,
        seals=Seals(bytes(32)),
        notices={"notice": notices},
        new_id=lambda: uuid.uuid4().hex,
    )
    return Window(office, store, engine, wall, secrets, follow_ups, notices)
