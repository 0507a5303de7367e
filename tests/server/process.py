"""A part of the product as a process of its own, which can be killed and started again."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.server.waiting import until

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 90.0
_STOP_SECONDS = 60.0
_KILL_SECONDS = 10.0


class PartProcess:
    """Writes what it says into a file; every start adds to it."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self._command = command
        self._log = log
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("LIANDONG_")}
        self._environment = inherited | dict(environment)
        self._process: asyncio.subprocess.Process | None = None
        self._begins = 0

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def most_memory(self) -> int:
        """Bytes of memory that it has ever held at once."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    async def start(self) -> None:
        if self.alive:
            raise AssertionError(f"{self.name} runs already")
        self._begins = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    async def start_until_said(self, words: str) -> None:
        """Start, and wait until it says so: on a busy machine that alone may take most of a minute."""
        await self.start()

        async def look() -> bool:
            if not self.alive:
                raise AssertionError(f"{self.name} did not start:\n{self.said()}")
            return words.encode() in self._log.read_bytes()[self._begins :]

        await until(look, f"{self.name} to say {words!r}", seconds=_START_SECONDS)

    async def kill(self) -> None:
        """As a power cut would end it (kill -9)."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await asyncio.wait_for(self._process.wait(), _KILL_SECONDS)

    def ask_to_end(self) -> None:
        """SIGTERM, without waiting."""
        assert self._process is not None
        self._process.terminate()

    async def ended(self, seconds: float = _STOP_SECONDS) -> int:
        """The exit code."""
        assert self._process is not None
        return await asyncio.wait_for(self._process.wait(), seconds)

    async def stop(self) -> int:
        self.ask_to_end()
        return await self.ended()

    def said(self) -> str:
        """The end of its log, for messages of failed tests."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-4_000:] if self._log.exists() else ""
