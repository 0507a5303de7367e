"""The shelf of handed-in files by technique: a private folder, each file under its SHA-256."""

import asyncio
import hashlib
import os
import re
from pathlib import Path
from typing import Final
from uuid import uuid4

from domain.errors import not_found, unavailable

_REFERENCE: Final = re.compile(r"[0-9a-f]{64}\.[a-z]{1,5}")


class MaterialFolder:
    """Written whole or not at all, and safe against a power cut. Several processes may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, content: bytes, ending: str) -> str:
        reference = f"{hashlib.sha256(content).hexdigest()}{ending}"
        try:
            await asyncio.to_thread(self._write, self._path(reference), content)
        except OSError as error:
            raise unavailable("materials-unavailable", "the file cannot be kept now; send it again") from error
        return reference

    async def get(self, reference: str) -> bytes:
        try:
            content = await asyncio.to_thread(self._path(reference).read_bytes)
        except FileNotFoundError as error:
            raise _no_such_file() from error
        except OSError as error:
            raise unavailable("materials-unavailable", "the file cannot be read now") from error
        if hashlib.sha256(content).hexdigest() != reference.partition(".")[0]:
            raise unavailable("material-damaged", "the stored file is not what was handed in; tell the operators")
        return content

    def _path(self, reference: str) -> Path:
        # A reference is never a path: nothing but a hash and an ending leads to a file
        if _REFERENCE.fullmatch(reference) is None:
            raise _no_such_file()
        return self._folder / reference[:2] / reference

    def _write(self, path: Path, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        draft = path.with_name(f".{uuid4().hex}")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        for folder in (path.parent, self._folder):
            _sync(folder)


def _sync(folder: Path) -> None:
    """The name must survive a power cut like the bytes do."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _no_such_file() -> Exception:
    return not_found("no-such-file", "there is no such file")
