"""Keys that keep case contents unreadable for whoever operates Temporal: file format, creation, rotation."""

import base64
import binascii
import contextlib
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bootstrap.operator_error import OperatorError
from bootstrap.settings import Settings, TemporalMode

KEY_BYTES = 32
_KEY_ID = re.compile(r"^[A-Za-z0-9._-]{1,64}$")


class KeyRingError(OperatorError):
    """The keys are missing or damaged; the text tells a person what to do and never contains a key."""


@dataclass(frozen=True)
class KeyRing:
    """The current key encrypts; every key decrypts, so that histories from before a rotation stay readable."""

    current: str
    ciphers: Mapping[str, AESGCM] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "KeyRing":
        """Read `id:base64` entries, split by line ends or commas; the first is the current key, # starts a comment."""
        lines = (line.split("#", 1)[0] for line in text.splitlines())
        entries = [entry.strip() for line in lines for entry in line.split(",") if entry.strip()]
        if not entries:
            raise KeyRingError("没有加密密钥 · no encryption key is given")
        ciphers: dict[str, AESGCM] = {}
        for number, entry in enumerate(entries, start=1):
            key_id, _, encoded = entry.partition(":")
            if not _KEY_ID.match(key_id):
                raise KeyRingError(
                    f"第 {number} 个加密密钥的编号有误 · encryption key {number}: "
                    "the id must be 1-64 letters, digits, dots, dashes"
                )
            if key_id in ciphers:
                raise KeyRingError(f"加密密钥编号重复 · encryption key {key_id} is given twice")
            ciphers[key_id] = AESGCM(_decoded(key_id, encoded))
        return cls(current=next(iter(ciphers)), ciphers=ciphers)


def new_key_line(key_id: str) -> str:
    """Make a key in the file's format: put the line first in the file to rotate, keep the others below it."""
    return f"{key_id}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}\n"


def open_key_ring(settings: Settings) -> KeyRing:
    """Read the keys from the environment or the key file; only a fresh embedded data directory gets a new file."""
    if settings.codec.keys is not None:
        return KeyRing.parse(settings.codec.keys.get_secret_value())
    path = settings.codec_key_file
    if path.exists():
        return _read(path)
    if settings.temporal.mode is TemporalMode.OUTSIDE:
        raise KeyRingError(
            f"没有加密密钥 · no encryption key: {path} does not exist.\n"
            "各进程须用同一密钥，请设置 LIANDONG_CODEC__KEYS 或 LIANDONG_CODEC__KEY_FILE · "
            "Every process needs the same keys: set one of these."
        )
    leftovers = [name for name in ("temporal.db", "liandong.db") if (settings.data_dir / name).exists()]
    if leftovers:
        raise KeyRingError(
            f"加密密钥丢失 · the encryption key {path} is missing, but {settings.data_dir} holds cases "
            f"({', '.join(leftovers)}).\n"
            "没有它案件无法读取，请从备份恢复密钥文件，或换一个数据目录 · "
            "Without it they cannot be read: restore the key file from the backup, or use another data directory."
        )
    _create(path)
    return _read(path)


def _create(path: Path) -> None:
    """Written aside and linked: two processes starting at once see one whole file, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(
                "# Back this file up apart from the data: without it no case can be read.\n" + new_key_line("k1")
            )
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(aside, path)
    finally:
        aside.unlink()


def _read(path: Path) -> KeyRing:
    if path.stat().st_mode & 0o077:
        raise KeyRingError(f"密钥文件可被他人读取，请收紧权限 · {path} is readable for others: chmod 600 {path}")
    try:
        return KeyRing.parse(path.read_text())
    except (KeyRingError, UnicodeDecodeError) as error:
        reason = error if isinstance(error, KeyRingError) else "不是文本 · it is not text"
        raise KeyRingError(f"{path}: {reason}") from None


def _decoded(key_id: str, encoded: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyRingError(f"加密密钥有误 · encryption key {key_id} must be base64 of {KEY_BYTES} bytes")
    return key
