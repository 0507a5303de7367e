"""What the product needs from its store: one Protocol a subject, one session over all of them."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from domain.audit import AuditKind, AuditRecord
from domain.audit_chain import AuditHead
from domain.case import CaseFilter, CasePage, CaseRecord, LaunchIntent
from domain.codes import CaseStage
from domain.department import Department
from domain.desk import DeskEntry
from domain.fact import ChainedFact, Fact
from domain.follow_up_ports import FollowUps, Precedents, ProgressCodes, RatingLinks
from domain.inbox import InboxEntry, InboxStatus
from domain.kept_ports import KeptExchanges, KeptLongEnough
from domain.notice_load import NoticeLoad
from domain.office_figures import OfficeFigures
from domain.person import Person
from domain.snapshot import CaseSnapshot, RoundOwner
from domain.working_calendar import YearNotice


class Cases(Protocol):
    """Cases and the projection of their coordinations."""

    async def next_case_id(self, year: int) -> str: ...
    async def add(self, record: CaseRecord) -> None:
        """Raises CONFLICT `already-registered` when source and external id are taken."""
        ...

    async def get(self, case_id: str, *, lock: bool = False) -> CaseRecord:
        """Raises NOT_FOUND. `lock` holds the row until the end of the transaction."""
        ...

    async def hold(self, case_id: str) -> CaseStage:
        """Lock the case until the end of the transaction; its stage is all that is read. Raises NOT_FOUND."""
        ...

    async def find(self, source: str, external_id: str) -> CaseRecord | None: ...
    async def save(self, record: CaseRecord) -> None:
        """Write everything but the projection."""
        ...

    async def project(self, snapshot: CaseSnapshot) -> bool:
        """Write the projection if its version is newer than the stored one; False when it was not."""
        ...

    async def round_owner(self, request_id: str, number: int) -> RoundOwner | None:
        """As projected; None when no such round is known (yet)."""
        ...

    async def lawfully_refused(self, matter_print: str) -> str | None:
        """The latest case with this fingerprint of party and item that ended as LAWFULLY_REFUSED."""
        ...

    async def revoked_of_party(self, fingerprint: str) -> Sequence[str]:
        """Cases of the party with this `party_print` that ended as REVOKED and have no DISHONESTY_REPAIRED fact."""
        ...

    async def page(self, wanted: CaseFilter, now: datetime) -> CasePage: ...
    async def first_contacts_owed(
        self, rung: str, *, after: CaseRecord | None = None, limit: int
    ) -> Sequence[CaseRecord]:
        """Cases that owe the first contact and have no proof of this rung yet, the earliest due first."""
        ...

    async def decisions_owed(self, rung: str, *, after: CaseRecord | None = None, limit: int) -> Sequence[CaseRecord]:
        """Cases before their launch that wait for the duty leader and have no proof of this rung yet, in this stage."""
        ...

    async def ids(self, *, stage: CaseStage | None = None, after: str = "", limit: int = 500) -> Sequence[str]: ...


class Facts(Protocol):
    """Append-only, hash-chained per case."""

    async def append(self, case_id: str, facts: Sequence[Fact]) -> None:
        """Facts already there are passed over."""
        ...

    async def of_case(self, case_id: str) -> Sequence[ChainedFact]: ...
    async def problems(self, case_id: str) -> Sequence[str]:
        """Everything that shows tampering, facts missing at the end of the chain too; empty when it is intact."""
        ...


class Inbox(Protocol):
    """Messages from departments, durable before they have an effect."""

    async def add(self, entry: InboxEntry) -> bool:
        """False when this department already sent a message with this id; nothing is written then."""
        ...

    async def find(self, department: str, message_id: str, *, lock: bool = False) -> InboxEntry | None:
        """`lock` holds the message until the end of the transaction."""
        ...

    async def effective(self, request_id: str, round_number: int) -> InboxEntry | None:
        """The first reply to this round that is applied or waits to be."""
        ...

    async def notes_of_round(self, request_id: str, round_number: int) -> int: ...
    async def settle(self, entry: InboxEntry, status: InboxStatus) -> None:
        """Write status, attempts, error and response of the entry."""
        ...

    async def waiting(self, now: datetime, limit: int) -> Sequence[InboxEntry]:
        """RECEIVED entries whose next attempt is due, oldest first."""
        ...

    async def waiting_in_time(self, request_id: str, round_number: int, due_at: datetime) -> InboxEntry | None:
        """A reply to this round received at or before `due_at` that is not yet applied."""
        ...

    async def applied_in_vain(self, since: datetime, limit: int) -> Sequence[InboxEntry]:
        """APPLIED replies that came since then, to rounds that ended without them."""
        ...

    async def set_aside(self, entry: InboxEntry, why: str) -> bool:
        """An APPLIED reply was not: it is LATE. What its sender was told stays; False when it is not APPLIED."""
        ...

    async def give_turn(self, request_id: str, round_number: int) -> None:
        """No reply to this round stands any more: the oldest that was judged by one that did waits to be brought now.
        What its sender was told stays."""
        ...

    async def of_case(self, case_id: str) -> Sequence[InboxEntry]: ...
    async def unsettled(self, older_than: datetime) -> int: ...


class LaunchIntents(Protocol):
    """Ordered launches until the engine has them."""

    async def add(self, intent: LaunchIntent) -> bool:
        """False when the case already has one."""
        ...

    async def get(self, case_id: str) -> LaunchIntent | None: ...
    async def waiting(self, limit: int) -> Sequence[LaunchIntent]: ...
    async def save(self, intent: LaunchIntent) -> None: ...


class Commands(Protocol):
    """What was decided under which key, so that a key cannot stand for two decisions."""

    async def remember(self, command_id: str, case_id: str, fingerprint: str, at: datetime) -> str | None:
        """None when the command is new and now written down, else the fingerprint it came with first."""
        ...

    async def forget(self, command_id: str) -> None:
        """For a command that was refused: it had no effect."""
        ...


class Desk(Protocol):
    """What lies on the desks of people without a system."""

    async def add(self, entry: DeskEntry) -> bool:
        """False when this round lies there already."""
        ...

    async def get(self, request_id: str, round_number: int, *, lock: bool = False) -> DeskEntry | None:
        """`lock` holds the entry until the end of the transaction."""
        ...

    async def latest(self, department: str, request_id: str) -> DeskEntry | None:
        """The newest round of this request on this department's desk."""
        ...

    async def by_link(self, link_hash: str) -> DeskEntry | None: ...
    async def save(self, entry: DeskEntry) -> None: ...
    async def of_department(self, code: str, limit: int) -> Sequence[DeskEntry]:
        """Open rounds first, the earliest due before the others; then those that are over, newest first."""
        ...


class Directory(Protocol):
    """Departments and their callback secrets."""

    async def all(self) -> Sequence[Department]: ...
    async def add(self, department: Department) -> bool:
        """False when the code is taken."""
        ...

    async def get(self, code: str, *, lock: bool = False) -> Department | None:
        """`lock` holds the entry until the end of the transaction."""
        ...

    async def save(self, department: Department) -> None: ...
    async def seed(self, department: Department) -> None:
        """Save what the policy says, unless it says the same as at the last start."""
        ...


class Audit(Protocol):
    """What happened beside the cases."""

    async def append(self, record: AuditRecord) -> None:
        """Chained as the last step of the transaction."""
        ...

    async def latest(
        self, limit: int, subject: str | None = None, kind: AuditKind | None = None
    ) -> Sequence[AuditRecord]:
        """Newest first."""
        ...

    async def head(self) -> AuditHead:
        """Where the chain ends, as recorded."""
        ...

    async def problems(self, noted: AuditHead | None = None) -> Sequence[str]:
        """Everything that shows tampering; empty when the chain is intact. `noted`: a head written down earlier."""
        ...


class Figures(Protocol):
    async def at(self, now: datetime) -> OfficeFigures:
        """What is under way and owed at `now`."""
        ...


class People(Protocol):
    """Users and their tokens (stored hashed)."""

    async def by_token(self, token_hash: str, now: datetime) -> Person | None: ...
    async def save(self, person: Person) -> None: ...
    async def add_token(self, person_id: str, token_hash: str, expires_at: datetime | None) -> None: ...
    async def any(self) -> bool: ...


class Calendars(Protocol):
    """Year notices, kept load by load, the oldest first; `notices` are those in force."""

    async def hold(self) -> None:
        """No notice is loaded or taken back before this transaction ends."""
        ...

    async def notices(self) -> Sequence[YearNotice]: ...
    async def loads(self, year: int | None = None) -> Sequence[NoticeLoad]: ...
    async def load(self, notice: YearNotice, *, by: str, at: datetime) -> None: ...
    async def take_back(self, load: NoticeLoad, *, by: str, at: datetime) -> None:
        """The one before is in force again, or nothing is known. CONFLICT `notice-not-latest`: it was not in force."""
        ...


class StoreSession(Protocol):
    """One transaction over everything stored."""

    @property
    def cases(self) -> Cases: ...
    @property
    def facts(self) -> Facts: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def intents(self) -> LaunchIntents: ...
    @property
    def commands(self) -> Commands: ...
    @property
    def desk(self) -> Desk: ...
    @property
    def directory(self) -> Directory: ...
    @property
    def people(self) -> People: ...
    @property
    def calendars(self) -> Calendars: ...
    @property
    def follow_ups(self) -> FollowUps: ...
    @property
    def rating_links(self) -> RatingLinks: ...
    @property
    def progress_codes(self) -> ProgressCodes: ...
    @property
    def precedents(self) -> Precedents: ...
    @property
    def audit(self) -> Audit: ...
    @property
    def exchanges(self) -> KeptExchanges: ...
    @property
    def retention(self) -> KeptLongEnough: ...
    @property
    def figures(self) -> Figures: ...


class Store(Protocol):
    """Opens transactions. A write session commits when its block ends without an error."""

    def writing(self) -> AbstractAsyncContextManager[StoreSession]: ...
    def starting(self) -> AbstractAsyncContextManager[StoreSession]:
        """A write session for what only the first process does: another one's begins when this one has ended."""
        ...

    def reading(self) -> AbstractAsyncContextManager[StoreSession]: ...
    async def ready(self) -> str | None:
        """None when the store answers, else the reason why not."""
        ...
