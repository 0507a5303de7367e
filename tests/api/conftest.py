"""The application on the real use cases and a real SQLite store; only the engine and the departments are recorded."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from prometheus_client import CollectorRegistry, Counter
from pydantic import SecretStr

from adapters.department_check import DepartmentCheck
from adapters.department_recorder import DepartmentRecorder
from adapters.department_secrets import DepartmentSecret, DepartmentSecrets
from adapters.department_setup import FileDepartmentSetup
from adapters.material_folder import MaterialFolder
from adapters.notice_recorder import NoticeRecorder
from adapters.secret_file import SecretFile
from adapters.system_time import SystemTime
from adapters.webhook_signature import new_secret
from api.app import create_app
from bootstrap.policies import load_notices, load_policy
from domain.codes import Technique
from domain.notice_load import SHIPPED
from domain.person import Person, PersonRole
from domain.policy import DistrictPolicy
from services.authenticate import token_hash
from services.office import Office
from services.seals import Seals
from store.calendar_source import StoredCalendar
from store.migrate import migrate
from store.progress_recorder import StoredProgress
from store.sql_store import SqlStore
from tests.api.engine_recorder import EngineRecorder
from tests.services.follow_up_recorder import FollowUpRecorder
from tests.store.one_session import OneSessionStore

POLICIES = Path(__file__).resolve().parents[2] / "policies"
NOW = datetime(2023, 1, 3, 1, 30, tzinfo=UTC)


@dataclass
class Wall:
    """A clock that stands still until it is set."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@dataclass
class Probe:
    parts: Mapping[str, str | None]

    async def check(self) -> Mapping[str, str | None]:
        return self.parts

    def departments(self) -> Mapping[str, str]:
        return {"market": "closed", "police": "open"}


@dataclass
class Desk:
    """Everything a test may turn."""

    office: Office
    store: SqlStore
    engine: EngineRecorder
    wall: Wall
    probe: Probe
    app: FastAPI
    secrets: Mapping[str, str]
    follow_ups: FollowUpRecorder

    def client(self, role: PersonRole | str | None = None) -> AsyncClient:
        headers = {"Authorization": f"Bearer {token(role)}"} if role is not None else {}
        return AsyncClient(transport=ASGITransport(self.app), base_url="http://liandong", headers=headers)

    async def project(self, case_id: str) -> None:
        """What the workflow's own record would have written by now."""
        shown = await self.engine.snapshot(case_id)
        async with self.store.writing() as session:
            await session.cases.project(shown)


def token(who: str) -> str:
    return f"token-of-{who}-0123456789abcdef"


@pytest.fixture(scope="session")
def policy() -> DistrictPolicy:
    return load_policy(POLICIES)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory, policy: DistrictPolicy) -> Path:
    """A store with people, departments and notices, made once: each test gets a copy."""
    path = tmp_path_factory.mktemp("store") / "template.db"
    asyncio.run(_furnish(f"sqlite+aiosqlite:///{path}", policy))
    return path


@pytest.fixture
async def desk(tmp_path: Path, furnished: Path, policy: DistrictPolicy) -> AsyncIterator[Desk]:
    shutil.copy(furnished, tmp_path / "store.db")
    store = OneSessionStore(f"sqlite+aiosqlite:///{tmp_path / 'store.db'}")
    wall, engine, numbers = Wall(), EngineRecorder(), count(1)
    secrets = {"market": new_secret(), "police": new_secret()}
    follow_ups = FollowUpRecorder(StoredProgress(store), wall.now)
    file = tmp_path / "secrets.json"
    DepartmentSecrets(
        {code: DepartmentSecret(webhook_secrets=(SecretStr(secret),)) for code, secret in secrets.items()}
    ).save(file)
    departments = DepartmentRecorder(wall.now, secrets=SecretFile(file))
    office = Office(
        store=store,
        engine=engine,
        time=wall,
        policy=policy,
        calendar=StoredCalendar(store),
        materials=MaterialFolder(tmp_path / "materials"),
        follow_ups=follow_ups,
        seals=Seals(bytes(32)),
        adapters=dict.fromkeys(Technique, departments),
        notices={"notice": NoticeRecorder()},
        new_id=lambda: f"id-{next(numbers)}",
        # A process of its own: what it changes must be known to the other one without a restart
        setup=FileDepartmentSetup(SecretFile(file), DepartmentCheck(SystemTime(), resolve=_one_address), SystemTime()),
    )
    probe = Probe({"store": None, "engine": None})
    registry = CollectorRegistry()
    Counter("liandong_tests", "Something to count", registry=registry).inc()
    app = create_app(office, probe, metrics=registry)
    try:
        yield Desk(office, store, engine, wall, probe, app, secrets, follow_ups)
    finally:
        await store.close()


async def _furnish(url: str, policy: DistrictPolicy) -> None:
    await migrate(url)
    store = SqlStore(url)
    people = [Person(person_id=role.value, name="某人", role=role, department=_department(role)) for role in PersonRole]
    people.append(Person(person_id="other_leader", name="某人", role=PersonRole.DUTY_LEADER))
    people.append(Person(person_id="disabled", name="某人", role=PersonRole.DUTY_LEADER))
    async with store.writing() as session:
        for person in people:
            await session.people.save(person)
            await session.people.add_token(person.person_id, token_hash(token(person.person_id)), None)
        await session.people.add_token("clerk", token_hash(token("expired")), datetime(2022, 1, 1, tzinfo=UTC))
        await session.people.save(people[-1].model_copy(update={"enabled": False}))
        for department in policy.departments:
            await session.directory.save(department)
        for notice in load_notices(POLICIES):
            await session.calendars.load(notice, by=SHIPPED, at=NOW)
    await store.close()


async def _one_address(host: str, port: int) -> list[str]:
    """Every name is known; no test asks a name server."""
    return ["93.184.216.34"]


def _department(role: PersonRole) -> str | None:
    return "market" if role is PersonRole.DEPARTMENT_OFFICER else None
