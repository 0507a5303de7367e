"""Messages to departments as lines of a file, for workers in a network that has no store."""

import asyncio
import os
from pathlib import Path

from domain.errors import unavailable
from domain.outbox import SentMessage


class OutboxFile:
    """One line before a message leaves and one with what came back; the later line of an entry is the whole entry."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = asyncio.Lock()

    async def keep(self, sent: SentMessage) -> None:
        async with self._lock:
            try:
                await asyncio.to_thread(self._append, sent.model_dump_json() + "\n")
            except OSError:
                raise unavailable("store-unavailable", "the outbox file cannot be written") from None

    def _append(self, line: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # One write of the whole line: two workers may share the file
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, line.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
