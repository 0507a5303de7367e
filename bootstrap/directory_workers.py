"""Workers for departments that come into the directory while the process runs."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

from temporalio.worker import Worker

from bootstrap.log import get_logger
from domain.department import Department
from domain.errors import LiandongError

_log = get_logger(__name__)
LOOK_SECONDS = 2.0


async def follow_directory(
    listed: Callable[[], Awaitable[Sequence[Department]]],
    worker_of: Callable[[Department], Worker],
    served: set[str],
    stop: asyncio.Event,
) -> None:
    """A worker for every enabled department beyond `served`, until `stop`.

    A department that is disabled later keeps its worker: what is under way there must still be told that it is over.
    """
    served = set(served)
    async with AsyncExitStack() as stack:
        while not stop.is_set():
            try:
                departments = await listed()
            except LiandongError as error:
                _log.warning("the directory cannot be read; added departments wait", code=error.code)
                departments = ()
            for department in departments:
                if department.enabled and department.code not in served:
                    await stack.enter_async_context(worker_of(department))
                    served.add(department.code)
                    _log.info("worker for an added department", department=department.code)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
