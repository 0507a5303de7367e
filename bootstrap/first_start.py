"""The first start of a data directory: people with tokens, departments with secrets, notices. No door stays open."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from adapters.department_secrets import DepartmentSecrets
from bootstrap.private_file import read_entries, write_entries
from bootstrap.tokens import tokens_file
from domain.codes import Technique
from domain.department import Department
from domain.notice_load import SHIPPED, ships_in_vain
from domain.person import Person, PersonRole
from domain.store_ports import Store
from domain.working_calendar import YearNotice
from services.authenticate import token_hash

TOKEN_LIFE = timedelta(days=365)
SECRETS_FILE = "department-secrets.json"

_FIRST_PEOPLE = (
    Person(person_id="clerk", name="窗口专员", role=PersonRole.CLERK),
    Person(person_id="leader", name="值班长", role=PersonRole.DUTY_LEADER),
    Person(person_id="officer", name="部门经办人", role=PersonRole.DEPARTMENT_OFFICER, department="market"),
    Person(person_id="supervisor", name="督办员", role=PersonRole.SUPERVISOR),
    Person(person_id="auditor", name="审计员", role=PersonRole.AUDITOR),
    Person(person_id="admin", name="管理员", role=PersonRole.ADMIN),
)


@dataclass(frozen=True)
class Keys:
    """Who may come in. `new_tokens` is empty on every start but the first."""

    tokens_file: Path
    new_tokens: dict[str, str]


def department_secrets(data_dir: Path, departments: Sequence[Department]) -> DepartmentSecrets:
    """The secrets of every department; those that have none get one. The file is the owner's alone."""
    path = data_dir / SECRETS_FILE
    known = DepartmentSecrets.load(path) if path.exists() else DepartmentSecrets({})
    complete = known.completed_for(departments)
    if not complete.same_as(known):
        path.parent.mkdir(parents=True, exist_ok=True)
        complete.save(path)
    return complete


async def create_people(store: Store, data_dir: Path, departments: Sequence[Department], now: datetime) -> Keys:
    """One person for each role and an officer for each department without a system, with a token each.

    Later starts add an officer only where the first start's file of tokens is still kept and does not name one.
    """
    path = tokens_file(data_dir)
    officers = tuple(_officer(one) for one in departments if one.technique is Technique.PEOPLE and one.enabled)
    known = read_entries(path)
    async with store.reading() as session:
        first = not await session.people.any()
    added = tuple(one for one in officers if known and one.person_id not in known)
    wanted = (*_FIRST_PEOPLE, *officers) if first else added
    if not wanted:
        return Keys(path, {})
    tokens = {person.person_id: new_token() for person in wanted}
    # File first: after a crash in between, the store still knows nobody and the next start writes both anew
    write_entries(path, tokens if first else known | tokens)
    async with store.writing() as session:
        for person in wanted:
            await session.people.save(person)
            await session.people.add_token(person.person_id, token_hash(tokens[person.person_id]), now + TOKEN_LIFE)
    return Keys(path, tokens)


def _officer(department: Department) -> Person:
    return Person(
        person_id=officer_of(department.code),
        name=f"{department.name_zh}经办人",
        role=PersonRole.DEPARTMENT_OFFICER,
        department=department.code,
    )


def officer_of(department: str) -> str:
    """Person id of the officer that the first start makes."""
    return f"officer-{department}"


async def renew_token(store: Store, person_id: str, now: datetime) -> str:
    """One more token for a person; earlier ones stay valid until they expire. Raises NOT_FOUND from the store."""
    token = new_token()
    async with store.writing() as session:
        await session.people.add_token(person_id, token_hash(token), now + TOKEN_LIFE)
    return token


async def seed(store: Store, departments: Sequence[Department], notices: Sequence[YearNotice], now: datetime) -> None:
    """Bring what is new in the policy into the directory, and notices that do not stand against what was loaded by
    hand."""
    async with store.writing() as session:
        for department in departments:
            await session.directory.seed(department)
        for notice in notices:
            if not ships_in_vain(notice, tuple(await session.calendars.loads(notice.year))):
                await session.calendars.load(notice, by=SHIPPED, at=now)


def new_token() -> str:
    return f"ld_{secrets.token_urlsafe(32)}"
