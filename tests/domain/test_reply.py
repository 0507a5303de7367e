"""Whatever a department says is understood or kept as what nobody understands; it never stops a case."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from domain.codes import ReplyCode
from domain.reply import REPLY, Answer, Unreadable, read_answer

CAME = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
UNDERSTOOD: list[dict[str, JsonValue]] = [
    {"code": "ACCEPTED"},
    {
        "code": "ACCEPTED_CONDITIONALLY",
        "timing": "ISSUE_THEN_VERIFY",
        "commitment": "已签",
        "deferred": [{"name": "原件", "due": "5 working_days"}],
    },
    {"code": "NEED_MORE", "materials": ["租赁合同"]},
    {"code": "REFUSED", "legal_basis": "第三条", "reason": "不符合", "remedy": "复议"},
    {"code": "NOT_MINE", "basis": "第四条", "proposed_owner": "police"},
    {"code": "EXTENSION_REQUESTED", "reason": "需现场核查", "until": "2026-12-01"},
    {"code": "INTERIM", "note": "在办"},
    {"code": "NO_RESULT", "tried": "两次查询"},
]
NAMES = sorted({name for reply in UNDERSTOOD for name in reply} | {"name", "due", "verifier", "channels", "unknown"})

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([*ReplyCode])
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
)


def came(reply: JsonValue) -> dict[str, JsonValue]:
    return {"reply": reply, "received_at": CAME.isoformat(), "ref": "poll:1"}


@pytest.mark.parametrize("reply", UNDERSTOOD, ids=lambda reply: reply["code"])
def test_every_kind_of_reply_is_read(reply: dict[str, JsonValue]) -> None:
    found = read_answer(came(reply))
    assert isinstance(found, Answer)
    assert found.reply.code == reply["code"]
    assert (found.received_at, found.ref) == (CAME, "poll:1")


def test_every_code_is_among_them() -> None:
    assert {reply["code"] for reply in UNDERSTOOD} == set(ReplyCode)


@given(anything)
def test_no_result_of_a_wait_raises(value: JsonValue) -> None:
    assert isinstance(read_answer(value), Answer | Unreadable)


@given(anything)
def test_what_nobody_understands_keeps_when_and_how_it_came(reply: JsonValue) -> None:
    found = read_answer(came(reply))
    assert (found.received_at, found.ref) == (CAME, "poll:1")
    if isinstance(found, Unreadable):
        assert 0 < len(found.problem) <= 300


@given(st.sampled_from(UNDERSTOOD), st.sampled_from(NAMES), anything)
def test_a_field_gone_wrong_is_named_and_its_value_is_not_told(
    reply: dict[str, JsonValue], name: str, value: JsonValue
) -> None:
    found = read_answer(came(reply | {name: [value, "13900000000"]}))
    assert isinstance(found, Answer | Unreadable)
    if isinstance(found, Unreadable):
        assert "13900000000" not in found.problem


@given(st.sampled_from(UNDERSTOOD))
def test_a_reply_survives_its_way_through_the_history(reply: dict[str, JsonValue]) -> None:
    read = REPLY.validate_python(reply)
    assert REPLY.validate_python(REPLY.dump_python(read, mode="json")) == read
