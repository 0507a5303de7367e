"""The first start of a data directory: people with tokens, departments with secrets, notices. No door stays open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from adapters.department_secrets import DepartmentSecrets
from adapters.secret_file import SecretFile
from bootstrap.private_file import read_entries, write_entries
from bootstrap.tokens import tokens_file
from domain.codes import Technique
from domain.department import Department
from domain.notice_load import SHIPPED, ships_in_vain
from domain.person import Person, PersonRole, first_officer
from domain.store_ports import Store, StoreSession
from domain.working_calendar import YearNotice
from services.issue_token import issue_token

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


async def prepare(
    store: Store, data_dir: Path, departments: Sequence[Department], notices: Sequence[YearNotice], now: datetime
) -> Keys:
    """All that a serving process needs before it opens. Of several that start at once the others wait and find it."""
    async with store.starting() as session:
        keys = await _create_people(session, data_dir, departments, now)
        await _seed(session, departments, notices, now)
        department_secrets(data_dir, departments)
    return keys


def department_secrets(data_dir: Path, departments: Sequence[Department]) -> DepartmentSecrets:
    """The secrets of every department; those that have none get one. The file is the owner's alone."""
    return SecretFile(data_dir / SECRETS_FILE).complete_for(departments)


async def renew_token(store: Store, person_id: str, now: datetime) -> str:
    """One more token for a person; earlier ones stay valid until they expire. Raises NOT_FOUND from the store."""
    async with store.writing() as session:
        return await issue_token(session, person_id, now)


async def _create_people(
    session: StoreSession, data_dir: Path, departments: Sequence[Department], now: datetime
) -> Keys:
    """One person for each role and an officer for each department without a system, with a token each.

    Later starts add an officer only where the first start's file of tokens is still kept and does not name one.
    """
    path = tokens_file(data_dir)
    officers = tuple(first_officer(one) for one in departments if one.technique is Technique.PEOPLE and one.enabled)
    known = read_entries(path)
    first = not await session.people.any()
    added = tuple(one for one in officers if known and one.person_id not in known)
    wanted = (*_FIRST_PEOPLE, *officers) if first else added
    if not wanted:
        return Keys(path, {})
    tokens: dict[str, str] = {}
    for person in wanted:
        await session.people.save(person)
        tokens[person.person_id] = await issue_token(session, person.person_id, now)
    # Before the transaction ends: after a crash in between, the store still knows nobody and the next start writes
    # both anew
    write_entries(path, tokens if first else known | tokens)
    return Keys(path, tokens)


async def _seed(
    session: StoreSession, departments: Sequence[Department], notices: Sequence[YearNotice], now: datetime
) -> None:
    """Bring what is new in the policy into the directory, and notices that do not stand against what was loaded by
    hand."""
    for department in departments:
        await session.directory.seed(department)
    for notice in notices:
        if not ships_in_vain(notice, tuple(await session.calendars.loads(notice.year))):
            await session.calendars.load(notice, by=SHIPPED, at=now)
