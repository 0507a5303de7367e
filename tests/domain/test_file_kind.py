"""A file is what its bytes say."""

import io
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
