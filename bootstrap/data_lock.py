"""One running product per data directory, also after a crash that left the embedded server behind."""

import asyncio
import contextlib
import fcntl
import os
import signal
from pathlib import Path
from typing import IO, Self

from bootstrap.operator_error import OperatorError

_ORPHAN_STOP_SECONDS = 10.0


class DataDirBusyError(OperatorError):
    """Another process uses the data directory; the text says which and what to do."""


class FileLock:
    """An advisory lock that ends with the last process that holds its descriptor, however that process ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def acquire(self) -> bool:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def note_holder(self, pid: int) -> None:
        if self._file is not None:
            self._file.truncate(0)
            self._file.write(str(pid))
            self._file.flush()

    def noted_holder(self) -> int | None:
        with contextlib.suppress(OSError, ValueError):
            return int(self._path.read_text())
        return None

    def fileno(self) -> int:
        if self._file is None:
            raise RuntimeError("the lock is not held")
        return self._file.fileno()

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class DataDirLock:
    """Two locks: ours, and one that the embedded server inherits and so keeps while it lives."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._own = FileLock(data_dir / "up.lock")
        self.server = FileLock(data_dir / "temporal.lock")

    async def __aenter__(self) -> Self:
        if not self._own.acquire():
            raise DataDirBusyError(
                f"数据目录正在使用 · another liandong (pid {self._own.noted_holder()}) uses "
                f"{self._data_dir.resolve()}.\n"
                "请先停止它，或用 LIANDONG_DATA_DIR 换一个目录 · "
                "Stop it first, or set LIANDONG_DATA_DIR to another directory."
            )
        self._own.note_holder(os.getpid())
        try:
            await self._take_over_server()
        except BaseException:
            self._own.release()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.release()
        self._own.release()

    async def _take_over_server(self) -> None:
        """End a server whose owner was killed: the held lock proves that the noted process is that server."""
        for stop in (signal.SIGTERM, signal.SIGKILL):
            if self.server.acquire():
                return
            orphan = self.server.noted_holder()
            if orphan is None:
                break
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(orphan, stop)
            if await self._acquired_within(_ORPHAN_STOP_SECONDS):
                return
        raise DataDirBusyError(
            f"上次启动的 Temporal 仍在使用数据目录 · the Temporal server of an earlier start (pid "
            f"{self.server.noted_holder()}) still uses {self._data_dir.resolve()} and does not end.\n"
            "请先结束该进程，再重新启动 · End it, then start again."
        )

    async def _acquired_within(self, seconds: float) -> bool:
        deadline = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < deadline:
            if self.server.acquire():
                return True
            await asyncio.sleep(0.1)
        return False
