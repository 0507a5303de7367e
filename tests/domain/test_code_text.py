"""Every code that people read has its Chinese, in the table of its own enum."""

import importlib
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import api.schemas
from api.schemas.values import Shown
from domain.code_text import CODES, RUNGS, chinese
from domain.codes import Outcome, RequestState

LADDERS = Path(__file__).resolve().parents[2] / "policies" / "ladders.toml"


# Names of its own in cli/fact_text.py, and codes for programs that no command shows
ELSEWHERE = {"FactKind", "Action", "AuditKind", "CompletionRule", "DeskState", "ReopenCause", "RequesterType"}


def _shown(schema: Any) -> Iterator[type[StrEnum]]:
    if isinstance(schema, dict):
        if schema.get("type") == "enum":
            yield schema["cls"]
        for part in schema.values():
            yield from _shown(part)
    elif isinstance(schema, list | tuple):
        for part in schema:
            yield from _shown(part)


def _models(of: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for one in of.__subclasses__():
        yield one
        yield from _models(one)


def test_every_code_that_the_api_shows_has_a_table() -> None:
    for module in pkgutil.iter_modules(api.schemas.__path__):
        importlib.import_module(f"api.schemas.{module.name}")
    shown = {code for model in _models(Shown) for code in _shown(model.__pydantic_core_schema__)}
    assert Outcome in shown
    assert {code.__name__ for code in shown - CODES.keys()} <= ELSEWHERE


@pytest.mark.parametrize("kind", list(CODES), ids=lambda kind: kind.__name__)
def test_every_member_has_its_chinese(kind: type[StrEnum]) -> None:
    assert CODES[kind].keys() == set(kind)
    for code in kind:
        assert re.search(r"[\u4e00-\u9fff]", chinese(code)), code


def test_one_word_in_two_tables_may_mean_two_things() -> None:
    assert chinese(Outcome.WITHDRAWN) == chinese(RequestState.WITHDRAWN) == "已撤回"
    assert chinese(Outcome.REVOKED) == "已撤销"


def test_every_rung_that_ships_has_its_chinese() -> None:
    ladder = tomllib.loads(LADDERS.read_text(encoding="utf-8"))["ladder"]
    assert RUNGS.keys() == {rung["name"] for rung in ladder["rungs"]}
