"""Every refusal ends with a way on, and says nothing twice."""

import re

import pytest

from bootstrap.api_error import ApiRefusal
from cli.next_step import _BY_CODE, _BY_STATUS, _CASE_CODES, next_steps
from cli.screen import explained
from domain.errors import conflict
from domain.refusal_text import advice


def _refused(status: int, code: str, detail: str = "no", problems: tuple[dict[str, str], ...] = ()) -> list[str]:
    zh = {"title_zh": advice(code).title, "detail_zh": advice(code).next_step}
    said = {"type": f"urn:liandong:problem:{code}", "detail": detail, "problems": list(problems)}
    return explained(ApiRefusal(status, said | zh))


@pytest.mark.parametrize(
    ("status", "code", "way_on"),
    [
        (404, "unknown-case", "liandong case list"),
        (404, "no-such-department", "liandong department list"),
        (422, "unknown-department", "liandong department list"),
        (404, "no-such-material", "liandong case show CASE"),
        (404, "no-such-request", "liandong case show CASE"),
        (404, "follow-up-not-running", "liandong case follow-ups CASE"),
        (409, "case-ended", "decide CASE reopen"),
        (401, "unknown-token", "liandong token new PERSON"),
        (503, "engine-unavailable", "/health/ready"),
    ],
)
def test_a_refusal_says_what_to_do_next(status: int, code: str, way_on: str) -> None:
    first, *steps = _refused(status, code)
    assert first == f"{advice(code).title} · no [{code}]"
    assert way_on in " ".join(steps)
    assert re.search(r"[\u4e00-\u9fff].* · ", " ".join(steps))


def test_a_refusal_of_one_field_says_its_sentence_once() -> None:
    sentence = "a department with a system has an address"
    problem = {"field": "base_url", "rule": "address-needed", "detail": sentence, "detail_zh": "有系统的部门须填写地址"}
    lines = _refused(422, "department-not-valid", sentence, (problem,))
    assert lines == [
        f"部门信息有误 · {sentence} [department-not-valid]",
        "base_url: 有系统的部门须填写地址 (rule: address-needed)",
        "请按所列各项更正。",
    ]


def test_a_field_that_has_the_refusals_own_rule_says_only_its_name() -> None:
    problem = {"field": "reason", "rule": "reason-required", "detail": "no", "detail_zh": "缺少理由"}
    assert _refused(422, "reason-required", "no", (problem,))[1] == "reason (rule: reason-required)"


def test_a_sentence_in_both_languages_is_shown_once() -> None:
    problem = {"field": "case_id", "rule": "x", "detail": "案件编号 · case number", "detail_zh": "案件编号"}
    assert _refused(422, "invalid-input", "no", (problem,))[1] == "case_id: 案件编号 · case number (rule: x)"


def test_a_refusal_without_a_command_of_its_own_says_what_to_do_in_chinese() -> None:
    assert _refused(409, "round-moved-on", "look again") == [
        "请求已进入新一轮 · look again [round-moved-on]",
        "请重新查看后再决定。",
    ]


def test_a_refusal_from_within_is_told_in_both_languages() -> None:
    assert explained(conflict("token-taken", "this token exists")) == [
        "内部：令牌重复 · this token exists [token-taken]",
        "请通知运维人员。",
    ]


def test_what_an_older_server_refuses_is_still_told() -> None:
    assert explained(ApiRefusal(409, {"type": "urn:liandong:problem:key-taken", "detail": "no"})) == ["no [key-taken]"]


def test_every_way_on_is_told_in_both_languages() -> None:
    for code in (*_BY_CODE, *_CASE_CODES, *map(str, _BY_STATUS)):
        for line in next_steps(code, int(code) if code.isdecimal() else None):
            assert re.search(r"[\u4e00-\u9fff].* · .*[A-Za-z]", line), code
