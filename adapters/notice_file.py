"""Notices as lines of a file: durable, each firing once, shared by several processes of one machine."""

import asyncio
import fcntl
import json
import os
from pathlib import Path

import structlog

from domain.notice import RungFiring, RungResult
from domain.ports import TimeSource

_log = structlog.get_logger(__name__)
_DELIVERED = RungResult(result="delivered")


class NoticeFile:
    """One JSON line per firing; the file itself remembers what was told."""

    def __init__(self, path: Path, time: TimeSource) -> None:
        self._path = path
        self._time = time
        self._told: set[str] = set()
        self._read_up_to = 0
        self._inode: int | None = None
        self._lock = asyncio.Lock()

    async def send(self, firing: RungFiring) -> RungResult:
        """Raises OSError when the file cannot be written: nothing was told then."""
        line = firing.model_dump(mode="json") | {
            "firing_id": firing.firing_id,
            "told_at": self._time.now().isoformat(),
        }
        async with self._lock:
            fresh = await asyncio.to_thread(self._append, firing.firing_id, json.dumps(line, ensure_ascii=False))
        if fresh:
            _log.info("notice", firing_id=firing.firing_id, tell=list(firing.tell), channel=firing.channel)
        return _DELIVERED

    def _append(self, firing_id: str, line: str) -> bool:
        """False when this firing stands in the file already, whoever wrote it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            inode = os.fstat(file.fileno()).st_ino
            if inode != self._inode or file.seek(0, os.SEEK_END) < self._read_up_to:
                # A new file, perhaps because somebody rotated the old one away; what was told stays told
                self._inode, self._read_up_to = inode, 0
            file.seek(self._read_up_to)
            complete, newline, _torn = file.read().rpartition(b"\n")
            self._told.update(_firing_ids(complete))
            self._read_up_to += len(complete) + len(newline)
            if firing_id in self._told:
                return False
            # A line cut off by a crash or a full disk told nobody anything
            file.truncate(self._read_up_to)
            file.seek(self._read_up_to)
            data = line.encode() + b"\n"
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            self._told.add(firing_id)
            self._read_up_to += len(data)
        return True


def _firing_ids(lines: bytes) -> set[str]:
    found = set()
    for line in lines.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and isinstance(entry.get("firing_id"), str):
            found.add(entry["firing_id"])
    return found
