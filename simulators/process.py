"""Starts and stops the simulated departments as a process of their own, which never outlives this one."""

import json
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_ROOT = Path(__file__).resolve().parent.parent


class SimulatorProcess:
    """`with SimulatorProcess(secrets_file) as simulator: … simulator.url`. `arguments` are those of the command.

    `control` opens the door of scripts and journals; each start has another one.
    """

    def __init__(self, secrets_file: Path, arguments: Sequence[str] = (), *, port: int = 0) -> None:
        options = ["--secrets", str(secrets_file.resolve()), "--port", str(port), "--lifeline", *arguments]
        self._command = [sys.executable, "-m", "simulators", *options]
        self._process: subprocess.Popen[str] | None = None
        self.url = self.control = ""

    def start(self) -> Self:
        """Returns when requests are taken in. Raises RuntimeError when that does not come about."""
        process = subprocess.Popen(self._command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._process = process
        assert process.stdout is not None
        readable, _, _ = select.select([process.stdout], [], [], _START_SECONDS)
        line = process.stdout.readline() if readable else ""
        if not line:
            self.stop()
            raise RuntimeError(f"the simulated departments did not start (exit code {process.returncode})")
        told = json.loads(line)
        self.url, self.control = told["url"], told["control"]
        return self

    def stop(self) -> int | None:
        """Ask to end, insist after a while; the exit code."""
        if self._process is None:
            return None
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(_STOP_SECONDS)
        self._close_pipes()
        return self._process.returncode

    def kill(self) -> None:
        """As a power cut would end it."""
        if self._process:
            self._process.kill()
            self._process.wait(_STOP_SECONDS)
            self._close_pipes()

    def _close_pipes(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout) if self._process else ():
            if pipe:
                pipe.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
