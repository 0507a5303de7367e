"""The key of fingerprints and progress codes: made once, kept in the data directory, never in the store."""

import base64
import binascii
import os
import secrets
from contextlib import suppress
from pathlib import Path

from bootstrap.operator_error import OperatorError
from bootstrap.private_file import write_private
from bootstrap.settings import Settings
from services.seals import MINIMUM_KEY_BYTES, Seals


class MatchingKeyError(OperatorError):
    """The key cannot be used; the text is meant for a person."""


def open_seals(settings: Settings) -> Seals:
    """Processes of one installation need the same key: share the file, or set LIANDONG_MATCHING_KEY."""
    if settings.matching_key is not None:
        return _seals(settings.matching_key.get_secret_value(), "LIANDONG_MATCHING_KEY")
    path = matching_key_file(settings.data_dir)
    if not path.exists():
        _create(path)
    return _seals(path.read_text(encoding="utf-8"), str(path))


def matching_key_file(data_dir: Path) -> Path:
    return data_dir / "matching.key"


def _create(path: Path) -> None:
    """Whole or not at all; of two processes that start at once, both use the first one's key."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    write_private(draft, base64.b64encode(secrets.token_bytes(MINIMUM_KEY_BYTES)).decode() + "\n")
    try:
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def _seals(text: str, source: str) -> Seals:
    try:
        return Seals(base64.b64decode(text.strip(), validate=True))
    except (binascii.Error, ValueError):
        raise MatchingKeyError(
            f"匹配密钥有误 · {source}: at least {MINIMUM_KEY_BYTES} bytes in base64 are needed"
        ) from None
