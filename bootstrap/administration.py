"""What an operator does beside the running product: tokens, evidence. The store is enough."""

from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from adapters.system_time import SystemTime
from bootstrap.evidence_folder import write_messages
from bootstrap.first_start import renew_token
from bootstrap.open_store import open_store
from bootstrap.policies import load_policy
from bootstrap.settings import Settings
from domain.audit import AuditKind, AuditRecord
from domain.kept_message import KeptMessage
from domain.retention import Expired, Retention, months_before
from services.read_kept_messages import read_kept_messages
from services.take_in_messages import TakenIn, take_in_messages


async def new_token(settings: Settings, person_id: str) -> str:
    """One more token for a person who is known. Raises NOT_FOUND."""
    async with open_store(settings) as store:
        return await renew_token(store, person_id, SystemTime().now())


async def kept_messages(settings: Settings, case_id: str) -> tuple[KeptMessage, ...]:
    """Everything that was said to departments and by them about a case. Raises NOT_FOUND."""
    async with open_store(settings) as store:
        return await read_kept_messages(store, case_id)


async def export_messages(settings: Settings, case_id: str, folder: Path) -> int:
    """Write the bytes into a new folder, with SHA256SUMS; the export itself stands in the audit. Raises NOT_FOUND."""
    async with open_store(settings) as store:
        kept = await read_kept_messages(store, case_id)
        async with store.writing() as session:
            record = AuditRecord(
                record_id=uuid4().hex,
                kind=AuditKind.MESSAGES_EXPORTED,
                at=SystemTime().now(),
                actor="operator",
                subject=case_id,
                data={"messages": str(len(kept))},
            )
            await session.audit.append(record)
    return write_messages(kept, folder)


async def take_in(settings: Settings, path: Path) -> TakenIn:
    """The file of a worker without a store. Raises OSError."""
    async with open_store(settings) as store:
        with path.open("rb") as lines:
            return await take_in_messages(store, lines, SystemTime().now())


class PastItsTime(NamedTuple):
    policy: Retention
    messages: Expired
    audit: Expired


async def expired(settings: Settings) -> PastItsTime:
    """What has been kept for as long as the policy says. Raises PolicyError."""
    policy, now = load_policy(settings.policies).retention, SystemTime().now()
    async with open_store(settings) as store, store.reading() as session:
        messages = await session.retention.messages(months_before(now, policy.messages_months))
        return PastItsTime(policy, messages, await session.retention.audit(months_before(now, policy.audit_months)))
