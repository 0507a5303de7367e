"""Identity numbers: the safe synthetic ones pass, every damaged one is found, and masks say little."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identifiers import mask_identifier, resident_id_problem, uscc_problem

TODAY = date(2026, 3, 2)
RESIDENT_IDS = ("310000199001010010", "310000195512310025", "999999198002290035", "999999196203109010")
CREDIT_CODES = ("91310000ABAAMA001R", "11310114MB0000001T", "92310109MA1K00001D")


@pytest.mark.parametrize("text", [*RESIDENT_IDS, "310000551231002", "11010519491231002X"])
def test_a_genuine_looking_resident_id_passes(text: str) -> None:
    assert resident_id_problem(text, TODAY) is None


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("310000199001010011", "check character"),
        ("310000199002300010", "date of birth"),
        ("310000209001010010", "date of birth"),
        ("31000019900101001", "18 characters"),
        ("31000019900101001x", "18 characters"),
        ("３１００００１９９００１０１００１０", "18 characters"),
        ("310000551331002", "date of birth"),
    ],
)
def test_a_wrong_resident_id_is_refused_by_rule_and_never_repeated(text: str, rule: str) -> None:
    problem = resident_id_problem(text, TODAY)
    assert problem is not None
    assert rule in problem
    assert text not in problem


@given(st.sampled_from(RESIDENT_IDS), st.integers(0, 16), st.integers(1, 9))
def test_any_single_wrong_digit_is_found(text: str, place: int, shift: int) -> None:
    wrong = text[:place] + str((int(text[place]) + shift) % 10) + text[place + 1 :]
    assert resident_id_problem(wrong, TODAY) is not None


@pytest.mark.parametrize("text", CREDIT_CODES)
def test_a_genuine_looking_credit_code_passes(text: str) -> None:
    assert uscc_problem(text) is None


@pytest.mark.parametrize(
    "text", ["91310000ABAAMA001T", "9131000OABAAMA001R", "91310000ABAAMA001", "", "91A10000ABAAMA001R"]
)
def test_a_wrong_credit_code_is_refused(text: str) -> None:
    assert uscc_problem(text) is not None


def test_a_mask_keeps_one_character_at_each_end() -> None:
    assert mask_identifier("310000199001010014") == "3****…**4"
    assert mask_identifier("12") == "****"
