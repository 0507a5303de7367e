"""The file of departments' secrets: read again whenever it changes, changed by one process at a time."""

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from adapters.department_secrets import DepartmentSecret, DepartmentSecrets
from domain.department import Department

_log = structlog.get_logger(__name__)


class SecretFile:
    """Every process that shares the file knows a change at its next look, without a restart."""

    def __init__(self, path: Path) -> None:
        """Raises ValueError when the file is there and damaged."""
        self._path = path
        self._seen = self._stamp()
        self._known = _read(path)

    def of(self, code: str) -> DepartmentSecret:
        """A file that was damaged meanwhile changes nothing: what was known last goes on."""
        stamp = self._stamp()
        if stamp != self._seen:
            self._seen = stamp
            try:
                self._known = _read(self._path)
            except (ValueError, OSError) as error:
                _log.error("the file of departments' secrets cannot be read; the last known ones stay", why=str(error))
        return self._known.of(code)

    def change(self, code: str, new: Callable[[DepartmentSecret], DepartmentSecret]) -> DepartmentSecret:
        """Replace one department's entry; durable when it returns. Blocks while another process changes the file."""
        with self._alone():
            secret = new(self._known.of(code))
            self._save(self._known.changed(code, secret))
            return secret

    def complete_for(self, departments: Iterable[Department]) -> DepartmentSecrets:
        """New secrets for departments that lack what their technique needs; nothing else changes."""
        with self._alone():
            complete = self._known.completed_for(departments)
            if not complete.same_as(self._known):
                self._save(complete)
            return complete

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """With the file as it is now, which no other process changes meanwhile."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(self._path.with_name(f".{self._path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._known = _read(self._path)
            yield
        finally:
            os.close(lock)

    def _save(self, secrets: DepartmentSecrets) -> None:
        secrets.save(self._path)
        self._known, self._seen = secrets, self._stamp()

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size


def _read(path: Path) -> DepartmentSecrets:
    return DepartmentSecrets.load(path) if path.exists() else DepartmentSecrets({})
