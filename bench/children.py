"""Child processes of a benchmark: started with a ready line, ended with their input, their CPU time read from /proc."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0


class ChildError(RuntimeError):
    """A process of the benchmark did not start or ended by itself."""


@dataclass(frozen=True)
class Child:
    pid: int
    ready: dict[str, str]
    """What its first line said."""


@asynccontextmanager
async def child(module: str, *arguments: str) -> AsyncIterator[Child]:
    """`python -m module`: ready when it prints a line of JSON; it ends when its standard input does."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        cwd=_ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
        env=_environment(),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_START_SECONDS):
            line = await process.stdout.readline()
        if not line:
            raise ChildError(f"{module} ended with code {await process.wait()} before it was ready")
        yield Child(process.pid, json.loads(line))
        if process.returncode is not None:
            raise ChildError(f"{module} ended by itself with code {process.returncode}")
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


def children_of(pid: int) -> list[int]:
    """Empty where the kernel does not tell."""
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(child_pid) for child_pid in children.read_text().split()]
    return found


def cpu_seconds(pid: int) -> float | None:
    """User and system time of the process so far; None where the kernel does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def say_ready(**what: str) -> None:
    """The child's side: one line of JSON on standard output."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def until_input_ends() -> None:
    """The child's side: returns when the parent closes our input or dies."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


def _environment() -> dict[str, str]:
    """The settings of whoever runs the benchmark must not change what is measured."""
    return {name: value for name, value in os.environ.items() if not name.startswith("LIANDONG_")}
