"""Free text keeps its sense and loses its identifiers."""

import pytest

from domain.text_masking import mask_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("证件310000199001010010。", "证件3****…**0。"),
        ("旧证 310000900101001", "旧证 3****…**1"),
        ("末位 31000019551231002X 号", "末位 3****…**X 号"),
        ("电话138-0013-8000", "电话1****…**0"),
        ("电话+86 13800138000", "电话+****…**0"),
        ("电话１３８００１３８０００", "电话１****…**０"),
        ("座机021-55550000转8", "座机0****…**0转8"),
        ("邮箱 a.b@example.cn 联系", "邮箱 a****…**n 联系"),
    ],
)
def test_identifiers_are_masked(text: str, shown: str) -> None:
    assert mask_text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "2023-01-04T11:00:00+08:00",
        "LD-2023-000001.dissolve",
        "91310000ABAAMA001R",
        "《条例》第二十条第（三）项，5 个工作日内，金额 1200000 元",
        "0f8e13800138000aa113800138000bb2",
    ],
)
def test_what_identifies_nobody_stays(text: str) -> None:
    assert mask_text(text) == text


def test_what_the_case_knows_is_masked_however_it_reads() -> None:
    known = ("王小明", "王", "微信 wang-88", "")
    assert mask_text("王小明，微信 wang-88，王先生", known) == "王**，微****…**8，王先生"
