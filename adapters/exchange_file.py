"""Messages to and from departments as lines of a file, for workers in a network that has no store."""

import asyncio
import os
from pathlib import Path

from domain.errors import unavailable
from domain.exchange import Exchange


class ExchangeFile:
    """One line before a message leaves and one with what came back; the later line of an entry is the whole entry.

    The digests travel with the results into the case, so the lines can be taken into the store at any later time.
    """

    elsewhere = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = asyncio.Lock()

    async def keep(self, exchange: Exchange) -> None:
        async with self._lock:
            try:
                await asyncio.to_thread(self._append, exchange.model_dump_json().encode() + b"\n")
            except OSError:
                raise unavailable("store-unavailable", "the file of messages cannot be written") from None

    def _append(self, line: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # One write of the whole line: two workers may share the file
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                # Power was lost in the middle of a line: it must not swallow this one
                os.write(descriptor, b"\n")
            if os.write(descriptor, line) != len(line):
                # A full disk: the torn line ends here, so that it spoils no other
                os.write(descriptor, b"\n")
                raise OSError("torn line")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
