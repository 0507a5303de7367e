"""Messages as files that everybody can check: `sha256sum -c SHA256SUMS`."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from domain.kept_message import KeptMessage


def write_messages(kept: Sequence[KeptMessage], folder: Path) -> int:
    """How many were written. For the owner alone: they hold personal data. Raises FileExistsError."""
    folder.mkdir(parents=True, mode=0o700)
    sums, listed = [], []
    for number, message in enumerate(kept, start=1):
        name = f"{number:04d}-{message.direction.value.lower()}-{message.department or 'unknown'}.bin"
        if message.content is not None:
            _write(folder / name, message.content)
            sums.append(f"{message.sha256}  {name}\n")
        listed.append(
            {
                "file": name if message.content is not None else None,
                "kept_as": message.kept_as,
                "direction": message.direction.value,
                "standing": message.standing.value,
                "at": message.at.isoformat(),
                "department": message.department,
                "rounds": list(message.about),
                "sha256": message.sha256,
            }
        )
    _write(folder / "SHA256SUMS", "".join(sums).encode())
    _write(folder / "messages.json", json.dumps(listed, ensure_ascii=False, indent=1).encode())
    return len(sums)


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
