"""Every rule that a problem can name has a Chinese sentence: the product's own, and those of the forms."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

import api.routers
import api.schemas
from api.schemas.case_list import CaseQuery
from api.schemas.values import Body
from domain.person import PersonRole
from domain.rule_text import RULES, rule_text
from tests.api.bodies import REGISTRATION, TRIAGE
from tests.api.conftest import Desk

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("domain", "services", "api", "bootstrap")
# By the maker's name: which argument is the rule
MAKERS = {"PydanticCustomError": 0, "_refuse": 0, "_problem": 2}
OF_TRIAGE = {"advice-required", "refer-to-required", "complained-of-required"}
_TEXT = {"string-type", "string-unicode", "string-too-short", "string-too-long", "string-pattern-mismatch"}
_MANY = {"too-short", "too-long"}
_CLOCK = {"datetime-type", "datetime-parsing", "datetime-object-invalid", "datetime-from-date-parsing"}
_DATE = {"date-type", "date-parsing", "date-from-datetime-parsing", "date-from-datetime-inexact"}
_BOUNDS = {"greater-than-equal", "less-than-equal"}
OF_FORMS = {
    "bool": {"bool-type", "bool-parsing"},
    "date": _DATE | _BOUNDS,
    "datetime": _CLOCK | {"timezone-aware"},
    "enum": {"enum"},
    "int": {"int-type", "int-parsing", "int-parsing-size", "int-from-float", "finite-number"} | _BOUNDS,
    "list": {"list-type"} | _MANY,
    "literal": {"literal-error"},
    "model": {"model-type", "model-attributes-type"},
    "model-field": {"missing"},
    "model-fields": {"extra-forbidden"},
    "str": _TEXT,
    "tagged-union": {"union-tag-invalid", "union-tag-not-found"},
    "tuple": {"tuple-type"} | _MANY,
    # What stands around others names no rule of its own; a function's rule is a PydanticCustomError
    "default": set(),
    "definition-ref": set(),
    "definitions": set(),
    "function-after": {"value-error", "assertion-error"},
    "function-before": {"value-error", "assertion-error"},
    "no-info": set(),
    "nullable": set(),
}


def _own_rules() -> Iterator[str]:
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    yield from _rules_of(node)


def _rules_of(call: ast.Call) -> Iterator[str]:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    place = MAKERS.get(name)
    given = [call.args[place]] if place is not None and len(call.args) > place else []
    if name in ("PlanProblem", "PolicyProblem"):
        given += [one.value for one in call.keywords if one.arg == "rule"]
    for one in given:
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value.replace("_", "-")


def _form_kinds(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(kind := schema.get("type"), str):
            yield kind
        for part in schema.values():
            yield from _form_kinds(part)
    elif isinstance(schema, list | tuple):
        for part in schema:
            yield from _form_kinds(part)


def _bodies(of: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for one in of.__subclasses__():
        yield one
        yield from _bodies(one)


def _form_rules() -> set[str]:
    for room in (api.schemas, api.routers):
        for module in pkgutil.iter_modules(room.__path__):
            importlib.import_module(f"{room.__name__}.{module.name}")
    bodies: tuple[type[BaseModel], ...] = (CaseQuery, *_bodies(Body))
    kinds = {kind for body in bodies for kind in _form_kinds(body.__pydantic_core_schema__)}
    return {rule for kind in kinds for rule in OF_FORMS[kind]}


def test_every_own_rule_has_its_chinese() -> None:
    own = set(_own_rules())
    assert {"no-cycle", "limit-not-positive", "unique-code", "notice-range"} <= own
    assert not (own | OF_TRIAGE) - RULES.keys()


def test_every_rule_of_a_form_has_its_chinese() -> None:
    rules = _form_rules()
    assert len(rules) > 20
    assert not rules - RULES.keys()


def test_every_sentence_is_chinese_and_names_bounds_only() -> None:
    numbers = {"min_length": 1, "max_length": 1, "ge": 1, "le": 1, "gt": 1, "lt": 1}
    for rule in RULES:
        assert re.search(r"[\u4e00-\u9fff]", rule_text(rule, numbers)), rule


def test_a_rule_that_is_a_code_says_what_the_code_says() -> None:
    assert rule_text("reason-required") == "缺少理由"
    assert rule_text("of-a-newer-version") == rule_text("too-long") == "不符合要求，请核对"


WRONG: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"decision": "NO_SUCH"}, "decision", "请从规定的代码中选择"),
    ({"advice": "x" * 2_001}, "advice", "最多 2000 个字符"),
    ({"advice": " "}, "advice", "不得为空白"),
    ({"category": "none-of-ours"}, "category", "本区没有此类别，请核对类别代码"),
    ({"decision": "REFER_OUT"}, "refer_to", "请写明由谁负责"),
    ({"unheard_of": 1}, "unheard_of", "没有此项，请删除或核对名称"),
)


async def test_a_refusal_says_it_in_chinese_field_by_field(desk: Desk) -> None:
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        case = (await leader.post("/v1/cases", json=REGISTRATION)).json()["case_id"]
        for change, field, said in WRONG:
            problem = (await leader.post(f"/v1/cases/{case}/triage", json=TRIAGE | change)).json()
            assert problem["title_zh"] in ("填写有误", "研判内容不完整"), change
            assert problem["detail_zh"].startswith("请按所列各项"), change
            assert [(one["field"], one["detail_zh"]) for one in problem["problems"]] == [(field, said)]
        numbered = (await leader.get("/v1/cases?waiting_on=Market!")).json()
    assert [one["detail_zh"] for one in numbered["problems"]] == ["部门代码如 market"]


async def test_a_requester_reads_why_and_what_to_do(desk: Desk) -> None:
    async with desk.client() as requester:
        mistyped = {"case_id": "LD-2023-999999", "code": "7K3M-W9PD-4"}
        problem = (await requester.post("/v1/progress", json=mistyped)).json()
    said = (problem["title_zh"], problem["detail_zh"], problem["problems"][0]["detail_zh"])
    assert said == ("查询码有误", "请对照登记回执，重新输入查询码。", "查询码有误")
