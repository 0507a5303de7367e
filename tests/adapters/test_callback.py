"""What a department's message may look like, and how a wrong one is named."""

import json
from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from adapters import callback
from adapters.webhook_signature import new_secret, sign
from domain.errors import ErrorCategory, LiandongError
from domain.inbox import MessageKind
from domain.reply import Refused

SECRET = new_secret()
ACCEPTED: dict[str, JsonValue] = {"code": "ACCEPTED", "note": "可以办理"}


def message(reply: JsonValue = None, **data: JsonValue) -> dict[str, JsonValue]:
    inside: dict[str, JsonValue] = {"request_id": "LD-2026-000001.licence", "round": 1, "reply": reply or ACCEPTED}
    inside.update(data)
    return {"type": "request.replied", "timestamp": "2026-03-02T09:00:00+08:00", "data": inside}


def refusal_of(body: object) -> LiandongError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(LiandongError) as caught:
        callback.parse("msg_1", raw)
    return caught.value


def test_a_reply_is_read() -> None:
    found = callback.parse("msg_1", json.dumps(message()).encode())
    assert (found.message_id, found.kind, found.request_id, found.round) == (
        "msg_1", MessageKind.REPLIED, "LD-2026-000001.licence", 1,
    )  # fmt: skip
    assert found.reply
    assert found.reply.code == "ACCEPTED"


def test_an_acknowledgement_is_read() -> None:
    body = message() | {"type": "request.acknowledged"}
    body["data"] = {"request_id": "LD-2026-000001.licence", "round": 2}
    found = callback.parse("msg_1", json.dumps(body).encode())
    assert (found.kind, found.round, found.reply) == (MessageKind.ACKNOWLEDGED, 2, None)


def test_a_lawful_refusal_is_read_with_basis_and_way_on() -> None:
    reply: JsonValue = {"code": "REFUSED", "legal_basis": "食品安全法第三十五条", "reason": "未注销", "remedy": "复议"}
    found = callback.parse("msg_1", json.dumps(message(reply)).encode())
    assert isinstance(found.reply, Refused)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (message({"code": "REFUSED", "reason": "a", "remedy": "b"}), "data.reply.legal_basis"),
        (message({"code": "REFUSED", "legal_basis": "", "reason": "a", "remedy": "b"}), "data.reply.legal_basis"),
        (message({"code": "REFUSED", "legal_basis": " \t", "reason": "a", "remedy": "b"}), "data.reply.legal_basis"),
        (message({"code": "REFUSED", "legal_basis": "x", "reason": "a"}), "data.reply.remedy"),
        (message({"code": "NOT_MINE", "basis": "x"}), "data.reply.proposed_owner"),
        (message({"code": "EXTENSION_REQUESTED", "reason": "x", "until": "soon"}), "data.reply.until"),
        (message({"code": "NEED_MORE", "materials": []}), "data.reply.materials"),
        (message({"code": "NEED_MORE", "materials": ["a", 7]}), "data.reply.materials.1"),
        (message({"code": "NEED_MORE", "materials": ["a", " "]}), "data.reply.materials"),
        (message({"code": "ACCEPTED", "note": 7}), "data.reply.note"),
        (message({"code": "ACCEPTED", "note": "x" * 4_001}), "data.reply.note"),
        (message({"code": "ACCEPTED", "verified": True}), "data.reply.verified"),
        (message({"code": "Wang Fang"}), "data.reply.code"),
        (message({"note": "x"}), "data.reply.code"),
        (message(["ACCEPTED"]), "data.reply"),
        (message(round="1"), "data.round"),
        (message(round=True), "data.round"),
        (message(round=1.0), "data.round"),
        (message(round=0), "data.round"),
        (message(round=10_001), "data.round"),
        (message(request_id=7), "data.request_id"),
        (message(request_id="LD-2026-000001"), "data.request_id"),
        (message(request_id="../LD-2026-000001.licence"), "data.request_id"),
        (message(department="police"), "data.department"),
        (message(received_at="2020-01-01T00:00:00Z"), "data.received_at"),
        (message() | {"state": "ANSWERED"}, "state"),
        (message() | {"Wang Fang": 1}, "?"),
        (message() | {"type": "request.closed"}, "type"),
        (message() | {"timestamp": "2026-03-02T09:00:00"}, "timestamp"),
        (message() | {"timestamp": 1_700_000_000}, "timestamp"),
        (message() | {"data": None}, "data"),
        (message() | {"type": "request.acknowledged"}, "data.reply"),
        ({}, "type"),
        ([], "message"),
        (None, "message"),
        ("text", "message"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_field_and_never_repeated(body: JsonValue, field: str) -> None:
    error = refusal_of(body)
    assert (error.category, error.code, error.field) == (ErrorCategory.INVALID, "invalid-message", field)
    assert "Wang" not in error.detail
    assert len(error.detail) <= 300


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b"{",
        b"{} {}",
        b"{'a': 1}",
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": 1234567890123456789}',
        b'{"a": -' + b"9" * 5_000 + b"}",
        b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}',
        b'{"a": "x\\u0000y"}',
        b'{"\\u0000": 1}',
        b"[" * 21 + b"]" * 21,
        b"[" * 10_000 + b"]" * 10_000,
        b'{"a":' * 30_000 + b"1" + b"}" * 30_000,
    ],
    ids=lambda body: repr(body[:24]),
)
def test_what_is_not_plain_json_is_refused(body: bytes) -> None:
    error = refusal_of(body)
    assert (error.category, error.code) == (ErrorCategory.INVALID, "malformed-json")


@pytest.mark.parametrize(
    "body", [b"[" * 20 + b"]" * 20, b'"\\ud83d\\ude00"', b'{"a": 999999999999999999}', b'{"a": 0.5e10}']
)
def test_plain_json_at_the_edge_gets_as_far_as_the_fields(body: bytes) -> None:
    assert refusal_of(body).code == "invalid-message"


def test_size_is_judged_before_anything_else() -> None:
    with pytest.raises(LiandongError) as caught:
        callback.receive((SECRET,), {}, b" " * (64 * 1024 + 1))
    assert caught.value.category is ErrorCategory.TOO_LARGE


def test_exactly_64_kib_are_taken_in() -> None:
    body = json.dumps(message(), ensure_ascii=False)
    body += " " * (64 * 1024 - len(body.encode()))
    headers = sign(SECRET, "msg_1", datetime.now(UTC), body)
    assert callback.receive((SECRET,), headers, body.encode()).message_id == "msg_1"


def test_an_unsigned_message_is_not_parsed_at_all() -> None:
    with pytest.raises(LiandongError) as caught:
        callback.receive((SECRET,), {}, b"{")
    assert caught.value.category is ErrorCategory.UNAUTHENTICATED
