"""What a broken rule wants, in words for a person; never the submitted value."""

from collections.abc import Mapping
from typing import Any

from domain.department import DEPARTMENT_CODE
from domain.ids import CASE_ID, REQUEST_ID
from domain.rule_text import rule_text

JSON_INVALID = "the body is no valid JSON"
# pydantic words these messages with the submitted value or a raw exception text in them
_BY_RULE = {
    "union_tag_invalid": "the code is none of the known ones",
    "value_error": "the value breaks a rule of this field",
    "assertion_error": "the value breaks a rule of this field",
    "json_invalid": JSON_INVALID,
}
_BY_PATTERN = {
    CASE_ID: ("案件编号如 LD-2026-000001", "a case number looks like LD-2026-000001"),
    REQUEST_ID: ("请求编号如 LD-2026-000001.dissolve", "a request id looks like LD-2026-000001.dissolve"),
    DEPARTMENT_CODE: ("部门代码如 market", "a department code looks like market"),
}


def own_words(item: Mapping[str, Any]) -> str:
    """`item`: one error as pydantic lists it."""
    if said := _BY_PATTERN.get(_pattern(item)):
        return " · ".join(said)
    return _BY_RULE.get(str(item["type"]), str(item["msg"]))


def own_words_zh(item: Mapping[str, Any]) -> str:
    said = _BY_PATTERN.get(_pattern(item))
    return said[0] if said else rule_text(str(item["type"]), item.get("ctx"))


def _pattern(item: Mapping[str, Any]) -> str:
    return str((item.get("ctx") or {}).get("pattern"))
