"""What a handed-in file really is, told from its bytes and never from its name."""

import io
import zipfile
from enum import Enum

MAX_FILE_BYTES = 20 * 1024 * 1024


class FileKind(Enum):
    """Kinds that windows accept: media type, and the ending under which they are kept."""

    PDF = ("application/pdf", ".pdf")
    JPEG = ("image/jpeg", ".jpg")
    PNG = ("image/png", ".png")
    OFD = ("application/ofd", ".ofd")
    """版式文档, the national fixed-layout format: a ZIP with `OFD.xml` at its root."""

    @property
    def media_type(self) -> str:
        return self.value[0]

    @property
    def ending(self) -> str:
        return self.value[1]


_MAGIC = {b"%PDF-": FileKind.PDF, b"\xff\xd8\xff": FileKind.JPEG, b"\x89PNG\r\n\x1a\n": FileKind.PNG}
_PNG_END = b"IEND\xaeB`\x82"
_MOST_ENTRIES = 10_000
_ZIP_ENTRY = b"PK\x01\x02"


def kind_of(content: bytes) -> FileKind | None:
    """None for everything else, also for bytes that are two kinds at once (polyglots) or cut off."""
    names = _zip_names(content)
    for magic, kind in _MAGIC.items():
        if content.startswith(magic):
            whole = kind is not FileKind.PNG or content.endswith(_PNG_END)
            return kind if names is None and whole else None
    if names is not None and content.startswith(b"PK\x03\x04") and "OFD.xml" in names:
        return FileKind.OFD if all(_stays_inside(name) for name in names) else None
    return None


def _zip_names(content: bytes) -> list[str] | None:
    """Names in the archive's directory, nothing is unpacked; None when the bytes are no archive."""
    file = io.BytesIO(content)
    if not zipfile.is_zipfile(file):
        return None
    # Before anything is built of them, and whatever number the archive itself tells
    if content.count(_ZIP_ENTRY) > _MOST_ENTRIES:
        return []
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, RecursionError):
        return []


def _stays_inside(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return not name.startswith(("/", "\\")) and ".." not in parts and ":" not in parts[0]
