"""Every error code that the product can name is explained in docs/errors.md, in both languages, and nothing else is."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from domain.clock import ClockError
from domain.refusal_text import REFUSALS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
ROOMS = ("domain", "services", "store", "adapters", "workflows", "api")
MAKERS = {"invalid", "unsound", "not_found", "conflict", "forbidden", "unavailable"}
# Where the code is the second argument
LATER = {"LiandongError", "problem_response", "BodyRefused"}
OF_CLOCKS = {error.code for error in ClockError.__subclasses__()}
# Codes that are not written beside the call that raises them
INDIRECT = {"no-such-address", "method-not-allowed", "already-registered"}
INSIDE = set(re.findall(r"`([a-z-]+)`", DOCUMENT.partition("## Never seen by a caller")[2]))


def _named_codes() -> Iterator[str]:
    yield from OF_CLOCKS
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                    place = 0 if name in MAKERS else 1 if name in LATER else None
                    argument = node.args[place] if place is not None and len(node.args) > place else None
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        yield argument.value


def _documented() -> set[str]:
    return set(re.findall(r"^\| `([a-z-]+)` \|", DOCUMENT, re.MULTILINE)) | INSIDE


def test_every_code_is_explained() -> None:
    missing = (set(_named_codes()) | INDIRECT) - _documented()
    assert not missing, f"explain in docs/errors.md: {sorted(missing)}"


def test_no_explanation_without_its_code() -> None:
    stale = _documented() - set(_named_codes()) - INDIRECT
    assert not stale, f"nothing raises: {sorted(stale)}"


def test_codes_are_kebab_case() -> None:
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in _named_codes())


def test_every_code_has_its_chinese_and_nothing_else_has() -> None:
    assert REFUSALS.keys() == _documented()


def test_the_chinese_says_what_it_is_and_what_to_do_next() -> None:
    for code, said in REFUSALS.items():
        assert re.fullmatch(r".*[\u4e00-\u9fff].*[^。]", said.title), code
        assert re.fullmatch(r".*[\u4e00-\u9fff].*。", said.next_step), code


def test_the_document_shows_the_same_chinese() -> None:
    shown = dict(re.findall(r"^\| `([a-z-]+)` \|.*\| ([^|]+) \|$", DOCUMENT, re.MULTILINE))
    assert shown == {code: f"{said.title}。{said.next_step}" for code, said in REFUSALS.items() if code not in INSIDE}
