"""A file is what its bytes say."""

import io
import struct
import zipfile

import pytest

from domain.file_kind import FileKind, kind_of

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20 + b"IEND\xaeB`\x82"
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 40
PDF = b"%PDF-1.7\n%%EOF\n"


def archive(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name in names:
            packed.writestr(name, "x")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [(PDF, FileKind.PDF), (JPEG, FileKind.JPEG), (PNG, FileKind.PNG), (archive("OFD.xml", "Doc_0/a"), FileKind.OFD)],
)
def test_accepted_kinds(content: bytes, kind: FileKind) -> None:
    assert kind_of(content) is kind


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        b"MZ\x90\0",
        b"<html><script>alert(1)</script></html>",
        b" %PDF-1.7",
        b"GIF89a",
        PNG[:-12],
        archive("word/document.xml"),
        archive("OFD.xml", "../../etc/passwd"),
        archive("OFD.xml", "/etc/passwd"),
        archive("OFD.xml", "..\\..\\boot.ini"),
        archive("OFD.xml", "C:/boot.ini"),
        PDF + archive("OFD.xml"),
        JPEG + archive("classes.dex"),
        b"#!/bin/sh\n" + archive("OFD.xml"),
        archive("OFD.xml")[:-10],
    ],
    ids=range(16),
)
def test_everything_else_is_nothing(content: bytes) -> None:
    assert kind_of(content) is None


@pytest.mark.parametrize("told", [10_001, 1])
def test_an_archive_of_very_many_entries_is_not_even_opened(told: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of 20 MB holds 400,000 of them, and may say that it holds one."""
    entries = [b"PK\x01\x02" + bytes(24) + (1).to_bytes(2, "little") + bytes(16) + b"x" for _ in range(10_001)]
    directory = b"".join(entries)
    start = archive("OFD.xml").partition(b"PK\x01\x02")[0]
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, told, told, len(directory), len(start), 0)
    built: list[str] = []
    monkeypatch.setattr(zipfile.ZipInfo, "__init__", lambda *_, **__: built.append("entry"))
    assert kind_of(start + directory + end) is None
    assert built == []
