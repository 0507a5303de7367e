"""What integrators get is current, its examples are true, and the smallest department is a conforming one."""

import importlib.util
import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from adapters import callback, department_message
from adapters.department_contract import Dispatched, Withdrawn
from adapters.webhook_signature import new_secret
from bootstrap.certification.run import Subject, certify
from bootstrap.certification.times import Times
from bootstrap.department_kit import FOLDER, files
from domain.codes import Technique
from simulators.server import serving
from tests.adapters.arrangement import dispatch, withdrawal_of

GUIDES = [FOLDER.parent / "departments.md", FOLDER.parent / "departments.zh-CN.md"]


def test_the_files_are_those_that_the_code_makes() -> None:
    """After a change that was meant: python -m bootstrap.department_kit"""
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    assert written == files()


def test_what_we_send_is_what_the_schemas_say() -> None:
    sent, now = dispatch(Technique.WEBHOOK), datetime.now(UTC)
    message = json.loads(department_message.written("request.dispatched", now, department_message.dispatched(sent)))
    read = Dispatched.model_validate_json(json.dumps(message))
    assert set(message["data"]) == set(type(read.data).model_fields) - {"reply_to"}
    over = department_message.withdrawn(withdrawal_of(sent))
    again = Withdrawn.model_validate_json(department_message.written("request.withdrawn", now, over))
    assert set(over) == set(type(again.data).model_fields)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_the_examples_of_the_guides_are_messages(guide: Path) -> None:
    blocks = re.findall(r"```json\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)
    kinds = []
    for block in blocks:
        kind = json.loads(block)["type"]
        kinds.append(kind)
        if kind == "request.dispatched":
            Dispatched.model_validate_json(block)
        else:
            callback.parse("m-1", block.encode())
    assert kinds == ["request.dispatched", "request.acknowledged", "request.replied"]


def test_both_guides_tell_the_same() -> None:
    english, chinese = (path.read_text(encoding="utf-8") for path in GUIDES)
    for text in (english, chinese):
        assert all(f"`{code}`" in text for code in re.findall(r"`([A-Z_]{6,})`", english) if code != "LIANDONG")
    checks = set(re.findall(r"^\| `([a-z`0-9, 、-]+)` \|", english, re.MULTILINE))
    assert checks


def _example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("example_department", FOLDER / "example_department.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def test_the_smallest_department_keeps_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = new_secret()
    monkeypatch.setitem(os.environ, "SECRET", secret)
    example: Any = _example()
    async with serving(example.app) as url:
        report = await certify(Subject(url, secret, times=Times(patience=20, settle=0.3)))
    assert [finding for finding in report.findings if not finding.passed] == []
