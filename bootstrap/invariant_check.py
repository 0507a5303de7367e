"""The invariant check beside the running product."""

from collections.abc import Callable
from typing import Final, NamedTuple

from bootstrap.container import open_container
from bootstrap.effective_policy import Whereabouts
from bootstrap.history_check import check_histories
from bootstrap.operator_error import OperatorError
from bootstrap.running import find_running
from bootstrap.settings import Settings, TemporalMode
from domain.audit_chain import AuditHead
from domain.invariants import Finding
from services.verify_invariants import verify

REPLAYS: Final = 20


class CheckProgress(NamedTuple):
    """Who is told how far the check has come."""

    checked: Callable[[int], None]
    """Cases so far."""
    replayed: Callable[[int, int], None] = lambda _done, _drawn: None
    """Histories so far, and how many it will be."""
    unexamined: Callable[[str], None] | None = None
    """Each closed case whose history is past its time."""


async def check_invariants(
    settings: Settings, progress: CheckProgress, noted: AuditHead | None = None, replays: int = REPLAYS
) -> tuple[tuple[Finding, ...], AuditHead]:
    """Compare store and engine, case by case, and replay some histories. Also tells where the audit ends, to be noted
    down for the next time."""
    async with open_container(settings, Whereabouts("", _temporal_address(settings), lazy_engine=True)) as container:
        async with container.store.reading() as session:
            head = await session.audit.head()
        findings = await verify(container.office, progress.checked, noted, progress.unexamined)
        interceptor = container.telemetry.temporal_interceptor()
        histories = await check_histories(container.client, interceptor, replays, progress.replayed)
        return (*findings, *histories), head


def _temporal_address(settings: Settings) -> str:
    if settings.temporal.mode is TemporalMode.OUTSIDE:
        return settings.temporal.address
    running = find_running(settings)
    if running is None or running.temporal_address is None:
        raise OperatorError(
            f"联动未在运行 · Liandong does not run in {settings.data_dir.resolve()}, so its Temporal cannot be "
            "asked. Start it with `liandong up`, then check again."
        )
    return running.temporal_address
