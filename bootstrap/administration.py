"""What an operator does beside the running product: tokens, calendar notices, the invariant check."""

from collections.abc import Callable
from pathlib import Path

from adapters.system_time import SystemTime
from bootstrap.container import open_container, open_store
from bootstrap.effective_policy import Whereabouts
from bootstrap.embedded_temporal import EmbeddedTemporalError
from bootstrap.first_start import renew_token
from bootstrap.policies import load_notice_file
from bootstrap.running import find_running
from bootstrap.settings import Settings, TemporalMode
from domain.audit_chain import AuditHead
from domain.invariants import Finding
from domain.working_calendar import YearNotice
from services.verify_invariants import verify


async def new_token(settings: Settings, person_id: str) -> str:
    """One more token for a person who is known. Raises NOT_FOUND."""
    async with open_store(settings) as store:
        return await renew_token(store, person_id, SystemTime().now())


async def load_calendar(settings: Settings, path: Path) -> YearNotice:
    """Load a year notice into the store; it holds for clocks that start from now on. Raises PolicyError."""
    notice = load_notice_file(path)
    async with open_store(settings) as store, store.writing() as session:
        await session.calendars.load(notice)
    return notice


async def check_invariants(
    settings: Settings, progress: Callable[[int], None], noted: AuditHead | None = None
) -> tuple[tuple[Finding, ...], AuditHead]:
    """Compare store and engine, case by case. Also tells where the audit ends, to be noted down for the next time."""
    async with open_container(settings, Whereabouts("", _temporal_address(settings), lazy_engine=True)) as container:
        async with container.store.reading() as session:
            head = await session.audit.head()
        return await verify(container.office, progress, noted), head


def _temporal_address(settings: Settings) -> str:
    if settings.temporal.mode is TemporalMode.OUTSIDE:
        return settings.temporal.address
    running = find_running(settings)
    if running is None or running.temporal_address is None:
        raise EmbeddedTemporalError(
            f"联动未在运行 · Liandong does not run in {settings.data_dir.resolve()}, so its Temporal cannot be "
            "asked. Start it with `liandong up`, then check again."
        )
    return running.temporal_address
