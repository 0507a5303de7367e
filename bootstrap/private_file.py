"""Files that only their owner may read, written whole or not at all."""

import json
import os
from collections.abc import Mapping
from pathlib import Path


def write_private(path: Path, content: str) -> None:
    """Replace the file in one step; nobody else can read it at any moment, and a crash leaves the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, 0o600)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)


def read_entries(path: Path) -> dict[str, str]:
    """The names and values of a file that `write_entries` wrote; empty when there is none.

    Raises ValueError when it was damaged.
    """
    if not path.exists():
        return {}
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error.__class__.__name__}): restore it or remove it") from None
    if not isinstance(entries, dict) or not all(isinstance(value, str) for value in entries.values()):
        raise ValueError(f"{path} is damaged: it must hold names and texts only")
    return entries


def write_entries(path: Path, entries: Mapping[str, str]) -> None:
    write_private(path, json.dumps(dict(entries), ensure_ascii=False, indent=2) + "\n")
