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
