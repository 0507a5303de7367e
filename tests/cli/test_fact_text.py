"""The timeline speaks both languages and one time zone."""

import pytest

from cli import fact_text
from domain.fact import FactKind


@pytest.mark.parametrize("kind", list(FactKind))
def test_every_fact_has_a_chinese_name(kind: FactKind) -> None:
    shown = fact_text.kind(kind)
    assert shown.endswith(f" {kind.value}")
    assert "\u4e00" <= shown[0] <= "\u9fff"


def test_details_are_named_and_told_in_local_time() -> None:
    data = {
        "code": "ACCEPTED",
        "in_time": "yes",
        "received_at": "2026-11-23T14:22:10.140285+00:00",
        "outcome": "DONE",
        "remedy": "",
        "kept_body": "0" * 64,
        "unnamed": "2026-11-23",
    }
    assert fact_text.details({"data": data}) == (
        "答复 code: 同意办理 ACCEPTED; 按时 in_time: 是 yes; 收到 received_at: 11-23 22:22:10; "
        "结果 outcome: 办成 DONE; unnamed: 2026-11-23"
    )


def test_what_only_looks_like_an_instant_is_shown_as_it_is() -> None:
    assert fact_text.details({"data": {"note": "2026-99-99T99:99"}}) == "说明 note: 2026-99-99T99:99"


def test_codes_are_told_by_the_names_they_stand_under() -> None:
    data = {"decision": "SUPERVISE", "cause": "TIMEOUT", "act": "REVOKE", "channel": "POST", "rung": "reply_overdue"}
    assert fact_text.details({"data": data}) == (
        "研判 decision: 督办 SUPERVISE; 原因 cause: 超时无响应 TIMEOUT; 事项 act: 撤销办理结果 REVOKE; "
        "渠道 channel: 邮寄 POST; 催办级 rung: 超期未答复 reply_overdue"
    )


def test_a_withdrawn_case_is_not_called_revoked() -> None:
    assert fact_text.details({"data": {"outcome": "WITHDRAWN"}}) == "结果 outcome: 已撤回 WITHDRAWN"


def test_the_engines_own_reason_is_told_in_both_languages() -> None:
    shown = fact_text.details({"data": {"reason": "every lead accepted and nobody refused"}})
    assert shown == "理由 reason: 主办部门均已同意，无部门拒绝 · every lead accepted and nobody refused"
