"""One worker process from settings to SIGTERM: which queues it runs, and how it leaves."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator, Sequence

from temporalio.service import RPCError
from temporalio.worker import Worker

from bootstrap.department_process import alone, department_workers
from bootstrap.effective_policy import Whereabouts
from bootstrap.log import get_logger
from bootstrap.operator_error import OperatorError
from bootstrap.running import api_url, temporal_address
from bootstrap.settings import Settings, TemporalMode
from bootstrap.workers import run_workers
from domain.errors import LiandongError

_log = get_logger(__name__)


class WorkerProcessError(OperatorError):
    """The process cannot work; the text says why and what to do."""


def choose_queues(settings: Settings, *, engine: bool, departments: Sequence[str] | None) -> Settings:
    """Settings with the command line's choice of queues; without a choice they stay as they are."""
    if not engine and departments is None:
        return settings
    chosen = settings.worker.model_copy(update={"engine": engine, "departments": tuple(departments or ())})
    return settings.model_copy(update={"worker": chosen})


async def run_worker_process(settings: Settings) -> None:
    """Work until SIGINT or SIGTERM, then let activities in flight finish. Raises OperatorError."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(wanted, stop.set)
    with _explained(settings):
        where = Whereabouts(api_url(settings), temporal_address(settings))
        departments = alone(settings, where)
        if departments:
            working = department_workers(settings, where, departments)
        else:
            # A worker inside a department's network has no store, and loads nothing of it
            from bootstrap.office_process import office_workers  # noqa: PLC0415

            working = office_workers(settings, where, stop)
        async with working as workers:
            await _run(workers, stop)


async def _run(workers: Sequence[Worker], stop: asyncio.Event) -> None:
    if not workers:
        raise WorkerProcessError("没有可处理的队列 · no queue to work on: name --engine, --department, or both")
    _log.info("worker started", queues=[worker.task_queue for worker in workers])
    await run_workers(workers, stop)
    _log.info("worker stopped")


@contextlib.contextmanager
def _explained(settings: Settings) -> Iterator[None]:
    try:
        yield
    except LiandongError as error:
        raise WorkerProcessError(str(error)) from error
    except (RPCError, RuntimeError) as error:
        hint = "start it with `liandong up`" if settings.temporal.mode is TemporalMode.EMBEDDED else "is it running?"
        raise WorkerProcessError(
            f"无法连接 Temporal · no Temporal at {temporal_address(settings)} ({hint}): {error}"
        ) from error
