"""What the product needs from the outside, named by need. Adapters and the store provide it; tests record it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from domain.any_decision import AnyDecision
from domain.department import Department
from domain.department_setup import CheckReport, IssuedKeys, KeyChange
from domain.desk import DeskEntry, Mail
from domain.dispatch import DepartmentNote, Dispatch, Receipt, RoundRef, Withdrawal
from domain.exchange import Exchange
from domain.follow_up import (
    AnyFollowUpCommand,
    FollowUpLaunch,
    FollowUpProgress,
    FollowUpSnapshot,
)
from domain.inbox import DepartmentMessage
from domain.launch import CaseLaunch, CaseResult
from domain.notice import RungFiring, RungResult
from domain.outage import OutageNote
from domain.proof import Proof
from domain.reply import PolledReply, RawAnswer
from domain.snapshot import CaseProgress, CaseSnapshot
from domain.store_ports import StoreSession
from domain.working_calendar import WorkingCalendar


class TimeSource(Protocol):
    """The present, outside of workflows and domain."""

    def now(self) -> datetime:
        """Aware, UTC."""
        ...


# --- the engine ------------------------------------------------------------------------------------------------------


class CaseEngine(Protocol):
    """The durable engine that runs the coordinations. Every call raises UNAVAILABLE when it is away."""

    async def start(self, launch: CaseLaunch) -> None:
        """Start the coordination. Starting the same case again, even after its end, changes nothing."""
        ...

    async def complete_round(self, ref: RoundRef, answer: RawAnswer) -> bool:
        """Hand an answer to the waiting round. False: nothing waits there (answered, ended, or not asked yet)."""
        ...

    async def note(self, note: DepartmentNote, case_id: str) -> bool:
        """Forward an acknowledgement or progress note. False: the case is not running."""
        ...

    async def decide(self, case_id: str, decision: AnyDecision) -> CaseSnapshot:
        """Carry out a person's decision; the same `command_id` twice has one effect. Raises the typed refusal."""
        ...

    async def snapshot(self, case_id: str) -> CaseSnapshot:
        """Read the live case, running or closed. Raises NOT_FOUND."""
        ...

    async def result(self, case_id: str) -> CaseResult | None:
        """The result of a finished coordination, None while it runs. Raises NOT_FOUND."""
        ...

    async def failing_cases(self) -> Sequence[str]:
        """Cases that the engine cannot move because their workflow task or run failed."""
        ...

    async def keeps_history_for(self) -> timedelta:
        """How long the history of a case stays after its end; later the case may be unknown."""
        ...

    async def ready(self) -> str | None:
        """None when the engine answers, else the reason why not."""
        ...


class FollowUpEngine(Protocol):
    """The durable engine that runs the follow-ups. Every call raises UNAVAILABLE when it is away."""

    async def start(self, launch: FollowUpLaunch) -> None:
        """Starting the same follow-up again, even after its end, changes nothing."""
        ...

    async def act(self, follow_up_id: str, command: AnyFollowUpCommand) -> FollowUpSnapshot:
        """The same `command_id` twice has one effect. Raises the typed refusal, NOT_FOUND once it has ended."""
        ...

    async def snapshot(self, follow_up_id: str) -> FollowUpSnapshot:
        """Raises NOT_FOUND."""
        ...


# --- departments -----------------------------------------------------------------------------------------------------


class DepartmentAdapter(Protocol):
    """One technique of reaching departments. Errors are `DepartmentRefusal` or `DepartmentUnavailable`."""

    async def deliver(self, dispatch: Dispatch) -> Receipt:
        """Send one round; safe to repeat under the same idempotency key."""
        ...

    async def poll(self, ref: RoundRef) -> PolledReply | None:
        """Ask once for the reply: None when there is none yet, else the reply as the department states it."""
        ...

    async def withdraw(self, withdrawal: Withdrawal) -> Proof | None:
        """Tell the department that the round is over. None where nothing is kept."""
        ...

    def parse_callback(self, department: str, headers: Mapping[str, str], body: bytes) -> DepartmentMessage:
        """Verify the signature and parse strictly. Raises UNAUTHENTICATED or INVALID."""
        ...


class OutageReporter(Protocol):
    """How whoever is held up by a department's system lets its case know."""

    async def report(self, case_id: str, note: OutageNote) -> None:
        """The same note twice has one effect; a case that is over needs none. Raises UNAVAILABLE."""
        ...


class DepartmentSetup(Protocol):
    """Keys of departments and trial messages to them. Keys are handed out once and never read back."""

    async def issue(self, department: Department) -> IssuedKeys:
        """Make the keys of a new department."""
        ...

    async def rotate(self, department: Department, change: KeyChange) -> IssuedKeys:
        """Replace keys; the former ones stay good for the overlap.

        Raises INVALID for a key that is none, CONFLICT while too many former ones are good.
        """
        ...

    async def check(self, department: Department) -> CheckReport:
        """Send a signed trial message. Never raises for what is wrong over there."""
        ...

    async def check_address(self, department: Department) -> str | None:
        """Why no message may go to this address; None when one may."""
        ...


class Exchanges(Protocol):
    """Keeps what is said to departments and what they say back."""

    @property
    def elsewhere(self) -> bool:
        """True: not in the store."""
        ...

    async def keep(self, exchange: Exchange) -> None:
        """Durable when it returns; again with the same entry id replaces. Raises when it cannot be kept."""
        ...


class OfficerDesk(Protocol):
    """Where requests to people lie until they are answered."""

    async def put(self, entry: DeskEntry) -> DeskEntry:
        """Lay it down once: what lies there already stays and is returned."""
        ...

    async def mailed(self, round_id: str, at: datetime, proof: Proof | None) -> None: ...
    async def withdraw(self, round_id: str, at: datetime) -> bool:
        """Take the request back. False when no such round ever lay there."""
        ...


class MailChannel(Protocol):
    """Carries mail."""

    async def send(self, mail: Mail) -> Proof | None:
        """None where nothing is kept.

        Raises DepartmentUnavailable for now, DepartmentRefusal when the mail box will never take it.
        """
        ...


class NoticeChannel(Protocol):
    """A way to tell people about a rung."""

    async def send(self, firing: RungFiring) -> RungResult:
        """Idempotent by `firing_id`."""
        ...


class MaterialShelf(Protocol):
    """Files that requesters hand in, kept apart from store and engine, each under its own SHA-256."""

    async def put(self, content: bytes, ending: str) -> str:
        """Keep the bytes and return their reference; the same bytes twice are kept once. Raises UNAVAILABLE."""
        ...

    async def get(self, reference: str) -> bytes:
        """The very bytes that were put. Raises NOT_FOUND, or UNAVAILABLE when they are damaged."""
        ...


class ProgressRecorder(Protocol):
    """Writes what a coordination did. Idempotent: the same progress twice changes nothing."""

    async def record(self, progress: CaseProgress) -> None: ...
    async def record_follow_up(self, progress: FollowUpProgress) -> None: ...


class PendingAnswers(Protocol):
    """Looks into the inbox on behalf of a rung that is about to fire."""

    async def in_time(self, request_id: str, round_number: int, due_at: datetime) -> str | None:
        """Entry id of a reply that came in time and only waits to be applied."""
        ...

    async def signed_in_time(self, request_id: str, round_number: int, due_at: datetime) -> str | None:
        """The same of an acknowledgement or a reply: whoever answers has signed for it."""
        ...


class CalendarSource(Protocol):
    """The calendar in force, as a value."""

    async def current(self) -> WorkingCalendar: ...
    async def within(self, session: StoreSession) -> WorkingCalendar:
        """For what a transaction writes down: no notice is loaded or taken back before it ends."""
        ...
