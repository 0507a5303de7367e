"""The few signs of Markdown that our descriptions use, as HTML: paragraphs, lists, code. Everything else stays text."""

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby

_CODE = re.compile(r"`([^`\n]+)`")
_ITEM = "* "


def inline(text: str) -> str:
    """One line: what stands between backticks is code."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def blocks(text: str) -> Iterator[str]:
    """Paragraphs end at an empty line; lines that begin with `* ` are a list, those indented below belong to it."""
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        for listed, lines in groupby(_joined(paragraph.splitlines()), lambda line: line.startswith(_ITEM)):
            if listed:
                yield "<ul>" + "".join(f"<li>{inline(line.removeprefix(_ITEM))}</li>" for line in lines) + "</ul>"
            else:
                yield f"<p>{inline(' '.join(lines))}</p>"


def _joined(lines: list[str]) -> Iterator[str]:
    item = ""
    for line in lines:
        if line.startswith(_ITEM):
            if item:
                yield item
            item = line
        elif item and line.startswith(" "):
            item += f" {line.strip()}"
        else:
            if item:
                yield item
            item = ""
            if line.strip():
                yield line.strip()
    if item:
        yield item
