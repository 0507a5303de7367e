"""Workers beside the store: the engine's queue, departments' queues, and those of departments that are added later."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio.worker import Worker

from bootstrap.container import open_container
from bootstrap.effective_policy import Whereabouts
from bootstrap.settings import Settings


@asynccontextmanager
async def office_workers(settings: Settings, where: Whereabouts, stop: asyncio.Event) -> AsyncIterator[list[Worker]]:
    """Leaving the block sets `stop` and waits for the workers of added departments. Raises as `open_container`."""
    async with open_container(settings, where) as container:
        workers = container.workers(settings.worker.departments, engine=settings.worker.engine)
        following = settings.worker.departments is None
        added = asyncio.create_task(container.follow_directory(stop)) if following else None
        try:
            yield workers
        finally:
            stop.set()
            if added is not None:
                await added
