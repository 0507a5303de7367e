"""The conformance run for polled departments: ours passes, and each broken one is told exactly what it breaks."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from bootstrap.certification.failure import NobodyThere
from bootstrap.certification.run import NAMES
from bootstrap.certification.times import Times
from domain.codes import Technique
from simulators.script import Behaviour
from tests.bootstrap.certification.standing_in import (
    IMPATIENT,
    TOKEN,
    WELL,
    Asked,
    Stand,
    answered,
    broken,
    department,
    judged,
)

POLLED = Technique.POLLED
RIGHT = {"authorization": f"Bearer {TOKEN}"}


def told(response: Response) -> Any:
    return json.loads(bytes(response.body))


def data_of(asked: Asked) -> dict[str, Any]:
    try:
        found = json.loads(asked.body)["data"]
    except (ValueError, LookupError):
        return {}
    return found if isinstance(found, dict) else {}


def one_round(asked: Asked) -> bool:
    return asked.method == "GET" and "/rounds/" in asked.path


async def gives_no_receipt(asked: Asked) -> Response:
    answer = await asked.forward()
    return JSONResponse({}) if asked.method == "PUT" and answer.status_code == 200 else answer


async def lives_elsewhere(_: Asked) -> Response:
    return RedirectResponse("http://127.0.0.1:9/", 302)


async def is_always_busy(_: Asked) -> Response:
    return JSONResponse({}, 503)


async def shows_a_login_page(_: Asked) -> Response:
    return HTMLResponse("<html>login</html>")


async def forgets_at_first(asked: Asked) -> Response:
    answer = await asked.forward()
    if one_round(asked) and answer.status_code == 200 and asked.times(asked.path) == 1:
        return JSONResponse({}, 404)
    return answer


async def has_words_of_its_own(asked: Asked) -> Response:
    answer = await asked.forward()
    if one_round(asked) and answer.status_code == 200 and told(answer)["status"] == "answered":
        return JSONResponse(told(answer) | {"status": "done"})
    return answer


async def answers_twice_differently(asked: Asked) -> Response:
    answer = await asked.forward()
    if one_round(asked) and answer.status_code == 200 and told(answer)["status"] == "answered":
        return JSONResponse(told(answer) | {"reply": {"code": "ACCEPTED", "note": str(asked.times("answers"))}})
    return answer


async def takes_its_answer_back(asked: Asked) -> Response:
    answer = await asked.forward()
    answered = one_round(asked) and answer.status_code == 200 and told(answer)["status"] == "answered"
    return JSONResponse({"status": "pending"}) if answered and asked.times(asked.path) > 1 else answer


async def counts_every_send(asked: Asked) -> Response:
    answer = await asked.forward()
    if asked.method == "PUT" and answer.status_code == 200:
        return JSONResponse({"receipt": str(asked.times("receipts"))})
    return answer


async def breaks_on_other_content(asked: Asked) -> Response:
    return JSONResponse({}, 500) if b"something else" in asked.body else await asked.forward()


async def begins_anew_on_other_content(asked: Asked) -> Response:
    if b"something else" in asked.body:
        asked.times(f"again {asked.path}")
    anew = one_round(asked) and f"again {asked.path}" in asked.notes
    return JSONResponse({"status": "pending"}) if anew else await asked.forward()


async def wants_round_one_first(asked: Asked) -> Response:
    if asked.method == "PUT" and asked.path.endswith("/rounds/2"):
        return JSONResponse({}, 422)
    return await asked.forward()


async def refuses_what_is_late(asked: Asked) -> Response:
    due = data_of(asked).get("due_at")
    late = due is not None and datetime.fromisoformat(due) < datetime.now(UTC)
    return JSONResponse({}, 422) if late else await asked.forward()


async def knows_only_today(asked: Asked) -> Response:
    return JSONResponse({}, 422) if b"later_version" in asked.body else await asked.forward()


async def breaks_on_much(asked: Asked) -> Response:
    return JSONResponse({}, 500) if len(asked.body) > 100_000 else await asked.forward()


async def knows_every_round(asked: Asked) -> Response:
    answer = await asked.forward()
    return JSONResponse({"status": "pending"}) if one_round(asked) and answer.status_code == 404 else answer


async def breaks_on_no_json(asked: Asked) -> Response:
    return JSONResponse({}, 500) if asked.method == "PUT" and not data_of(asked) else await asked.forward()


async def takes_everything(asked: Asked) -> Response:
    return JSONResponse({"receipt": "1"}) if asked.method == "PUT" and not data_of(asked) else await asked.forward()


async def believes_every_token(asked: Asked) -> Response:
    return await asked.forward(headers=RIGHT if "authorization" in asked.headers else {})


async def believes_those_without_a_token(asked: Asked) -> Response:
    return await asked.forward(headers={} if "authorization" in asked.headers else RIGHT)


async def believes_every_token_when_asked(asked: Asked) -> Response:
    return await asked.forward(headers=RIGHT if asked.method == "GET" and "authorization" in asked.headers else {})


async def keeps_what_it_refuses(asked: Asked) -> Response:
    answer = await asked.forward()
    if asked.method == "PUT" and answer.status_code == 401 and "authorization" in asked.headers:
        await asked.forward(headers=RIGHT)
        await answered()
    return answer


async def breaks_on_a_second_withdrawal(asked: Asked) -> Response:
    again = asked.method == "DELETE" and asked.headers == asked.headers | RIGHT and asked.times(asked.path) > 1
    return JSONResponse({}, 500) if again else await asked.forward()


async def mixes_rounds_up(asked: Asked) -> Response:
    answer = await asked.forward()
    if "rounds=" in asked.query:
        return JSONResponse({"rounds": [one | {"status": "pending"} for one in told(answer)["rounds"]]})
    return answer


async def has_one_etag_for_everything(asked: Asked) -> Response:
    if "rounds=" not in asked.query or "," in asked.query or "%2C" in asked.query:
        return await asked.forward()
    listed = told(await asked.forward())["rounds"]
    if asked.times(asked.query) == 1:
        listed = [{**one, "status": "pending"} for one in listed]
    return JSONResponse({"rounds": listed}, headers={"etag": '"always"'})


async def never_says_not_modified(asked: Asked) -> Response:
    return await asked.forward(headers={"if-none-match": '"no"'})


async def says_it_is_text(asked: Asked) -> Response:
    answer = await asked.forward()
    return Response(answer.body, answer.status_code, {"content-type": "text/plain"})


BROKEN: list[tuple[Stand, str, str]] = [
    (gives_no_receipt, "normal", "receipt"),
    (lives_elsewhere, "normal", "redirect"),
    (is_always_busy, "normal", "HTTP 503"),
    (shows_a_login_page, "normal", "no JSON"),
    (forgets_at_first, "pending", "HTTP 404"),
    (has_words_of_its_own, "answer", '"done"'),
    (answers_twice_differently, "stable", "two different"),
    (takes_its_answer_back, "stable", "pending"),
    (counts_every_send, "duplicate", "receipt"),
    (breaks_on_other_content, "changed", "HTTP 500"),
    (begins_anew_on_other_content, "changed", "has changed"),
    (wants_round_one_first, "reordered", "HTTP 422"),
    (refuses_what_is_late, "late", "HTTP 422"),
    (knows_only_today, "unknown-field", "HTTP 422"),
    (breaks_on_much, "oversized", "HTTP 500"),
    (knows_every_round, "unknown-round", "pending"),
    (breaks_on_no_json, "malformed", "HTTP 500"),
    (takes_everything, "malformed", "HTTP 200"),
    (believes_every_token, "wrong-token", "a delivery"),
    (believes_every_token_when_asked, "wrong-token", "a question"),
    (keeps_what_it_refuses, "wrong-token", "answered"),
    (believes_those_without_a_token, "no-token", "a delivery"),
    (breaks_on_a_second_withdrawal, "withdrawal", "HTTP 500"),
    (mixes_rounds_up, "together", "pending"),
    (has_one_etag_for_everything, "etag", "stayed the same"),
    (never_says_not_modified, "etag", "no 304"),
    (says_it_is_text, "content-type", "text/plain"),
]


async def test_our_simulator_passes_every_situation() -> None:
    async with department() as url:
        report = await judged(POLLED, url)
    assert broken(report) == {}
    assert report.passed
    assert tuple(finding.check for finding in report.findings) == NAMES[POLLED]
    assert all(finding.passed for finding in report.findings)


@pytest.mark.parametrize(("stand", "check", "reason"), BROKEN, ids=lambda one: getattr(one, "__name__", ""))
async def test_one_broken_rule_is_one_broken_situation(stand: Stand, check: str, reason: str) -> None:
    async with department(stand) as url:
        found = broken(await judged(POLLED, url))
    assert list(found) == [check]
    assert reason in found[check]


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (Behaviour(answer_after=None), "no final answer"),
        (WELL.model_copy(update={"reply": {"code": "REFUSED", "reason": "x"}}), "legal_basis"),
        (WELL.model_copy(update={"reply": {"code": "INTERIM", "note": "x"}}), "no final answer"),
        (WELL.model_copy(update={"reply": ["no"]}), "not in form"),
    ],
)
async def test_an_answer_that_is_none_is_told(behaviour: Behaviour, reason: str) -> None:
    async with department(behaviour=behaviour) as url:
        found = broken(await judged(POLLED, url, IMPATIENT))
    assert list(found) == ["answer"]
    assert reason in found["answer"]


async def test_what_need_not_be_offered_does_not_count() -> None:
    async def one_at_a_time(asked: Asked) -> Response:
        return JSONResponse({}, 404) if "rounds=" in asked.query else await asked.forward()

    async with department(one_at_a_time) as url:
        report = await judged(POLLED, url)
    assert report.passed
    assert [finding.check for finding in report.findings if finding.optional] == ["together", "etag"]


async def test_an_answer_that_takes_too_long_is_told() -> None:
    async def thinks_long(asked: Asked) -> Response:
        if one_round(asked) and asked.times("questions") == 1:
            await asyncio.sleep(5.5)
        return await asked.forward()

    async with department(thinks_long) as url:
        found = broken(await judged(POLLED, url, Times(patience=20, settle=0.1, pause=0.02, answer=5)))
    assert list(found) == ["in-time"]
    assert " took " in found["in-time"]


async def test_nobody_there_is_told_with_the_address() -> None:
    with pytest.raises(NobodyThere, match="connect") as caught:
        await judged(POLLED, "http://127.0.0.1:9")
    assert caught.value.url == "http://127.0.0.1:9"
    assert "无法连接" in caught.value.reason.zh
