"""Makes payloads small before they are sealed: a case's snapshots repeat themselves a lot."""

import zlib
from typing import Final

MAX_UNPACKED_BYTES: Final = 16 * 1024 * 1024
"""Far above what Temporal lets through; whatever claims to be larger is not ours."""
_WORTH_PACKING: Final = 512
_PLAIN: Final = b"\x00"
_ZLIB: Final = b"\x01"
_LEVEL: Final = 3


class PackingError(ValueError):
    """Bytes that `pack` did not make."""


def pack(clear: bytes) -> bytes:
    """One byte that names the form, then the content."""
    if len(clear) >= _WORTH_PACKING:
        packed = zlib.compress(clear, _LEVEL)
        if len(packed) < len(clear):
            return _ZLIB + packed
    return _PLAIN + clear


def unpack(packed: bytes) -> bytes:
    """Raises PackingError for an unknown form, damage, or more than MAX_UNPACKED_BYTES."""
    form, content = packed[:1], packed[1:]
    if form == _PLAIN:
        return content
    if form != _ZLIB:
        raise PackingError("unknown form")
    inflater = zlib.decompressobj()
    try:
        clear = inflater.decompress(content, MAX_UNPACKED_BYTES)
    except zlib.error as error:
        raise PackingError("damaged") from error
    if not inflater.eof or inflater.unused_data:
        raise PackingError("too large, cut off, or followed by something else")
    return clear
