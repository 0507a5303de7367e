"""One worker process from settings to SIGTERM: which queues it runs, and how it leaves."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator, Sequence

from temporalio.service import RPCError
from temporalio.worker import Worker

from bootstrap.container import open_container
from bootstrap.data_dir import DataDirError
from bootstrap.department_process import alone, department_workers
from bootstrap.effective_policy import Whereabouts
from bootstrap.keyring import KeyRingError
from bootstrap.log import get_logger
from bootstrap.policies import PolicyError
from bootstrap.running import api_url, temporal_address
from bootstrap.settings import Settings, TemporalMode
from bootstrap.temporal_tls import TemporalTlsError
from bootstrap.workers import run_workers
from domain.errors import LiandongError

_log = get_logger(__name__)


class WorkerProcessError(RuntimeError):
    """The process cannot work; the text says why and what to do."""


def choose_queues(settings: Settings, *, engine: bool, departments: Sequence[str] | None) -> Settings:
    """Settings with the command line's choice of queues; without a choice they stay as they are."""
    if not engine and departments is None:
        return settings
    chosen = settings.worker.model_copy(update={"engine": engine, "departments": tuple(departments or ())})
    return settings.model_copy(update={"worker": chosen})


async def run_worker_process(settings: Settings) -> None:
    """Work until SIGINT or SIGTERM, then let activities in flight finish. Raises WorkerProcessError."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(wanted, stop.set)
    with _explained(settings):
        where = Whereabouts(api_url(settings), temporal_address(settings))
        departments = alone(settings, where)
        if departments:
            async with department_workers(settings, where, departments) as workers:
                await _run(workers, stop)
            return
        async with open_container(settings, where) as container:
            workers = container.workers(settings.worker.departments, engine=settings.worker.engine)
            following = settings.worker.departments is None
            added = asyncio.create_task(container.follow_directory(stop)) if following else None
            try:
                await _run(workers, stop)
            finally:
                stop.set()
                if added is not None:
                    await added


async def _run(workers: Sequence[Worker], stop: asyncio.Event) -> None:
    if not workers:
        raise WorkerProcessError("no queue to work on: name --engine, --department, or both")
    _log.info("worker started", queues=[worker.task_queue for worker in workers])
    await run_workers(workers, stop)
    _log.info("worker stopped")


@contextlib.contextmanager
def _explained(settings: Settings) -> Iterator[None]:
    try:
        yield
    except (DataDirError, PolicyError, KeyRingError, LiandongError, TemporalTlsError) as error:
        raise WorkerProcessError(str(error)) from error
    except (RPCError, RuntimeError) as error:
        if isinstance(error, WorkerProcessError):
            raise
        hint = "start it with `liandong up`" if settings.temporal.mode is TemporalMode.EMBEDDED else "is it running?"
        raise WorkerProcessError(f"no Temporal at {temporal_address(settings)} ({hint}): {error}") from error
