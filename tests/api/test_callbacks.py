"""Departments' messages over the public door."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from httpx import Response

from adapters.webhook_signature import sign
from tests.api.bodies import launched
from tests.api.conftest import Desk


def _reply(case_id: str, **data: Any) -> bytes:
    body = {"request_id": f"{case_id}.dissolve", "round": 1, "reply": {"code": "ACCEPTED", "note": "已办"}} | data
    message = {"type": "request.replied", "timestamp": "2023-01-03T10:00:00+08:00", "data": body}
    return json.dumps(message, ensure_ascii=False).encode()


async def _send(
    desk: Desk, body: bytes, *, message_id: str = "m-1", by: str = "market", to: str = "market"
) -> Response:
    headers = sign(desk.secrets[by], message_id, datetime.now(UTC), body.decode())
    async with desk.client() as department:
        return await department.post(
            f"/v1/departments/{to}/callbacks", content=body, headers=headers | {"Authorization": "Bearer mistake"}
        )


async def test_an_answer_reaches_its_round_once(desk: Desk) -> None:
    case_id = await launched(desk)
    first = await _send(desk, _reply(case_id))
    again = await _send(desk, _reply(case_id))
    assert (first.status_code, first.json()["status"]) == (200, "applied"), first.text
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    ((ref, answer),) = desk.engine.answers
    assert (ref.request_id, ref.round) == (f"{case_id}.dissolve", 1)
    assert answer.reply == {"code": "ACCEPTED", "note": "已办"}
    async with desk.store.reading() as session:
        (entry,) = await session.inbox.of_case(case_id)
    assert entry.raw == _reply(case_id)
    assert "mistake" not in str(entry.headers)


async def test_an_answer_is_kept_while_the_engine_is_away(desk: Desk) -> None:
    case_id = await launched(desk)
    desk.engine.away = True
    response = await _send(desk, _reply(case_id))
    assert (response.status_code, response.json()["status"]) == (202, "stored")


async def test_a_contradiction_is_kept_and_said_so(desk: Desk) -> None:
    case_id = await launched(desk)
    await _send(desk, _reply(case_id))
    other = await _send(desk, _reply(case_id, reply={"code": "NO_RESULT", "tried": "查无"}), message_id="m-2")
    assert other.status_code == 409
    assert len(desk.engine.answers) == 1


async def test_who_may_not_answer(desk: Desk) -> None:
    case_id = await launched(desk)
    body = _reply(case_id)
    wrong_secret = await _send(desk, body, by="police", to="market")
    foreign = await _send(desk, body, by="police", to="police")
    missing = await _send(desk, _reply("LD-2023-999999"), by="police", to="police", message_id="m-3")
    async with desk.client() as nobody:
        unsigned = await nobody.post("/v1/departments/market/callbacks", content=body)
        unknown = await nobody.post("/v1/departments/nowhere/callbacks", content=body)
    assert [one.status_code for one in (wrong_secret, unsigned, unknown)] == [401] * 3
    assert wrong_secret.json() == unsigned.json() == unknown.json()
    assert unknown.json()["code"] == "signature-not-valid"
    assert [one.status_code for one in (foreign, missing)] == [404] * 2
    assert foreign.json() == missing.json()
    assert not desk.engine.answers


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"reply": {"code": "REFUSED", "reason": "不符合", "remedy": "复议"}}, "legal_basis"),
        ({"round": "1"}, "round"),
        ({"received_at": "2023-01-01T00:00:00Z"}, "received_at"),
    ],
)
async def test_malformed_answers_name_field_and_rule(desk: Desk, data: dict[str, Any], field: str) -> None:
    case_id = await launched(desk)
    response = await _send(desk, _reply(case_id, **data))
    assert response.status_code == 422, response.text
    (problem, *_) = response.json()["problems"]
    assert field in problem["field"]
    assert problem["rule"]
    assert not desk.engine.answers


async def test_a_time_without_its_zone_is_refused(desk: Desk) -> None:
    case_id = await launched(desk)
    response = await _send(desk, _reply(case_id).replace(b"+08:00", b""))
    assert response.status_code == 422, response.text
    assert "timestamp" in response.json()["problems"][0]["field"]


async def test_the_content_of_a_message_is_never_logged(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    case_id = await launched(desk)
    with caplog.at_level(logging.INFO):
        await _send(desk, _reply(case_id, reply={"code": "ACCEPTED", "note": "张三13800000000"}))
        await _send(desk, b"{13800000000", message_id="m-2")
    assert not any("13800000000" in str(vars(record)) for record in caplog.records if record.name != "aiosqlite")
