"""The first start opens the door for one person per role and for nobody else; later starts change nothing."""

import asyncio
import json
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.department_secrets import DepartmentSecret, DepartmentSecrets, random_secret
from adapters.secret_file import SecretFile
from bootstrap.first_start import SECRETS_FILE, department_secrets, prepare, renew_token
from bootstrap.open_store import open_store
from bootstrap.policies import load_notices, load_policy
from bootstrap.settings import Settings, load_settings
from bootstrap.tokens import tokens_file
from domain.department import Department
from domain.errors import LiandongError
from domain.person import PersonRole
from domain.working_calendar import YearNotice
from services.authenticate import token_hash
from services.issue_token import TOKEN_LIFE
from store.migrate import migrate
from store.sql_store import SqlStore
from tests.postgres import Postgres

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
POLICIES = Path(__file__).parents[2] / "policies"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(data_dir=tmp_path / "data")


async def test_every_role_gets_one_person_whose_token_opens_the_door(settings: Settings) -> None:
    async with open_store(settings) as store:
        keys = await prepare(store, settings.data_dir, (), (), NOW)
        async with store.reading() as session:
            people = [await session.people.by_token(token_hash(token), NOW) for token in keys.new_tokens.values()]

    assert {person.role for person in people if person} == set(PersonRole)
    assert len(people) == len(PersonRole)
    assert json.loads(keys.tokens_file.read_text(encoding="utf-8")) == keys.new_tokens
    assert stat.S_IMODE(keys.tokens_file.stat().st_mode) == 0o600


async def test_a_second_start_makes_no_new_tokens(settings: Settings) -> None:
    async with open_store(settings) as store:
        first = await prepare(store, settings.data_dir, (), (), NOW)
        second = await prepare(store, settings.data_dir, (), (), NOW)

    assert second.new_tokens == {}
    assert json.loads(tokens_file(settings.data_dir).read_text(encoding="utf-8")) == first.new_tokens


async def test_a_token_ends_after_its_life_and_a_new_one_can_be_made(settings: Settings) -> None:
    later = NOW + TOKEN_LIFE + timedelta(seconds=1)
    async with open_store(settings) as store:
        keys = await prepare(store, settings.data_dir, (), (), NOW)
        renewed = await renew_token(store, "leader", later)
        async with store.reading() as session:
            old = await session.people.by_token(token_hash(keys.new_tokens["leader"]), later)
            new = await session.people.by_token(token_hash(renewed), later)

    assert old is None
    assert new is not None
    assert new.role is PersonRole.DUTY_LEADER


async def test_nobody_gets_a_token_who_is_not_known(settings: Settings) -> None:
    async with open_store(settings) as store:
        await prepare(store, settings.data_dir, (), (), NOW)
        with pytest.raises(LiandongError, match="no such person"):
            await renew_token(store, "mayor", NOW)


def test_departments_keep_their_secrets_and_a_new_one_gets_its_own(settings: Settings) -> None:
    departments = load_policy(POLICIES).departments
    first = department_secrets(settings.data_dir, departments)
    file = settings.data_dir / "department-secrets.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    new = Department.model_validate(departments[0].model_dump() | {"code": "fire"})
    second = department_secrets(settings.data_dir, (*departments, new))

    assert second.of("market").signing_secret == first.of("market").signing_secret
    assert second.of("fire").signing_secret not in (None, first.of("market").signing_secret)
    assert first.of("housing").authorization is not None


async def test_a_notice_loaded_by_hand_outlives_a_start_while_the_directory_follows_the_policy(
    settings: Settings,
) -> None:
    policy, notices = load_policy(POLICIES), load_notices(POLICIES)
    by_hand = YearNotice.model_validate(notices[-1].model_dump() | {"notice_number": "更正〔2026〕1号"})
    async with open_store(settings) as store:
        async with store.writing() as session:
            await session.calendars.load(by_hand, by="operator", at=NOW)
        await prepare(store, settings.data_dir, policy.departments, notices, NOW)
        async with store.reading() as session:
            kept = {notice.year: notice for notice in await session.calendars.notices()}
            directory = {department.code for department in await session.directory.all()}

    assert kept[by_hand.year] == by_hand
    assert set(kept) == {notice.year for notice in notices}
    assert directory == {department.code for department in policy.departments}


@pytest.fixture(params=["sqlite", "postgresql"])
def one_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Migrated, and with nobody in it."""
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'store.db'}"
        asyncio.run(migrate(url))
        yield url
        return
    server: Postgres = request.getfixturevalue("postgres")
    yield server.url(server.migrated)
    server.empty()


async def test_of_two_that_start_at_once_the_second_finds_everything_there(
    one_database: str, settings: Settings
) -> None:
    policy, notices = load_policy(POLICIES), load_notices(POLICIES)
    stores = [SqlStore(one_database) for _ in range(4)]
    starts = [prepare(store, settings.data_dir, policy.departments, notices, NOW) for store in stores]
    found = await asyncio.gather(*starts)
    async with stores[0].reading() as session:
        kept = json.loads(tokens_file(settings.data_dir).read_text(encoding="utf-8"))
        people = [await session.people.by_token(token_hash(token), NOW) for token in kept.values()]
    for store in stores:
        await store.close()

    assert [keys.new_tokens for keys in found if keys.new_tokens] == [kept]
    assert [person.person_id for person in people if person] == list(kept)


def test_secrets_that_another_process_makes_meanwhile_are_found_and_not_replaced(settings: Settings) -> None:
    market = load_policy(POLICIES).departments[:1]
    file = settings.data_dir / SECRETS_FILE
    made: list[DepartmentSecrets] = []
    waiting = threading.Thread(target=lambda: made.append(department_secrets(settings.data_dir, market)))
    other = SecretFile(file)

    def meanwhile(_: DepartmentSecret) -> DepartmentSecret:
        waiting.start()
        waiting.join(1)
        return random_secret(market[0].technique)

    theirs = other.change(market[0].code, meanwhile)
    waiting.join()
    assert made[0].of(market[0].code) == theirs


async def test_an_official_notice_of_a_release_replaces_a_provisional_one_whoever_loaded_it(settings: Settings) -> None:
    official = load_notices(POLICIES)[-1]
    assumed = YearNotice.model_validate(official.model_dump() | {"notice_number": "预估", "status": "provisional"})
    async with open_store(settings) as store:
        async with store.writing() as session:
            await session.calendars.load(assumed, by="operator", at=NOW)
        await prepare(store, settings.data_dir, (), [official], NOW)
        async with store.reading() as session:
            assert list(await session.calendars.notices()) == [official]
        amended = YearNotice.model_validate(official.model_dump() | {"notice_number": "更正〔2026〕2号"})
        await prepare(store, settings.data_dir, (), [amended], NOW)
        await prepare(store, settings.data_dir, (), [assumed], NOW)
        async with store.reading() as session:
            assert list(await session.calendars.notices()) == [amended], (
                "a later release amends what an earlier brought"
            )


async def test_what_an_operator_took_back_does_not_come_back_with_the_next_start(settings: Settings) -> None:
    official = load_notices(POLICIES)[-1]
    async with open_store(settings) as store:
        await prepare(store, settings.data_dir, (), [official], NOW)
        async with store.writing() as session:
            (load,) = await session.calendars.loads(official.year)
            await session.calendars.take_back(load, by="operator", at=NOW)
        await prepare(store, settings.data_dir, (), [official], NOW)
        async with store.reading() as session:
            assert list(await session.calendars.notices()) == []
            (kept,) = await session.calendars.loads()
    assert (kept.loaded_by, kept.taken_back_by) == ("policy", "operator")
