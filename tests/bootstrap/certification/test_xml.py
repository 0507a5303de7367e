"""The conformance run for SOAP services: ours passes, and each broken one is told exactly what it breaks."""

import re
from datetime import UTC, datetime

import pytest
from fastapi.responses import HTMLResponse, Response

from adapters.soap_message import ENVELOPE
from bootstrap.certification.run import NAMES
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

XML = Technique.XML
RIGHT = {"authorization": f"Bearer {TOKEN}"}


def fault(blamed: str) -> Response:
    inside = f"<faultcode>s:{blamed}</faultcode><faultstring>no</faultstring>"
    text = f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Body><s:Fault>{inside}</s:Fault></s:Body></s:Envelope>'
    return Response(text, 500, media_type="text/xml")


def changed(answer: Response, old: str, new: str) -> Response:
    text = bytes(answer.body).decode().replace(old, new)
    return Response(text, answer.status_code, media_type="text/xml")


def says(asked: Asked, operation: str) -> bool:
    return f"<{operation} ".encode() in asked.body


def about(asked: Asked) -> str:
    """The one round that is asked for; none when there are more."""
    found = re.findall(rb'requestId="([^"]+)" number="(\d+)"', asked.body)
    return b".r".join(found[0]).decode() if len(found) == 1 else ""


async def gives_no_receipt(asked: Asked) -> Response:
    return changed(await asked.forward(), "receipt>", "number>")


async def lives_elsewhere(_: Asked) -> Response:
    return Response(status_code=302, headers={"location": "http://127.0.0.1:9/"})


async def is_always_busy(_: Asked) -> Response:
    return fault("Server")


async def shows_a_login_page(_: Asked) -> Response:
    return HTMLResponse("<html>login</html>")


async def forgets_at_first(asked: Asked) -> Response:
    answer = await asked.forward()
    first = about(asked) and b'"unknown"' not in bytes(answer.body) and asked.times(about(asked)) == 1
    if not first or answer.status_code != 200:
        return answer
    return changed(changed(answer, '"pending"', '"unknown"'), '"answered"', '"unknown"')


async def has_words_of_its_own(asked: Asked) -> Response:
    return changed(await asked.forward(), '"answered"', '"done"')


async def names_a_part_twice(asked: Asked) -> Response:
    return changed(await asked.forward(), "<reply><code>", "<reply><code>REFUSED</code><code>")


async def answers_twice_differently(asked: Asked) -> Response:
    answer = await asked.forward()
    note = f"<note>{asked.times('answers')}" if about(asked) else "<note>"
    return changed(answer, "<note>", note)


async def counts_every_send(asked: Asked) -> Response:
    answer = await asked.forward()
    return (
        changed(answer, "<receipt>", f"<receipt>{asked.times('receipts')}") if says(asked, "SubmitRequest") else answer
    )


async def breaks_on_other_content(asked: Asked) -> Response:
    return fault("Server") if b"something else" in asked.body else await asked.forward()


async def wants_round_one_first(asked: Asked) -> Response:
    second = says(asked, "SubmitRequest") and b"<round>2</round>" in asked.body
    return fault("Client") if second else await asked.forward()


async def refuses_what_is_late(asked: Asked) -> Response:
    due = re.search(rb"<dueAt>([^<]+)", asked.body)
    late = due is not None and datetime.fromisoformat(due[1].decode()) < datetime.now(UTC)
    return fault("Client") if late else await asked.forward()


async def knows_only_today(asked: Asked) -> Response:
    return fault("Client") if b"<later " in asked.body else await asked.forward()


async def breaks_on_much(asked: Asked) -> Response:
    return Response(status_code=500) if len(asked.body) > 100_000 else await asked.forward()


async def knows_every_round(asked: Asked) -> Response:
    return changed(await asked.forward(), '"unknown"', '"pending"')


async def breaks_on_what_is_no_message(asked: Asked) -> Response:
    answer = await asked.forward()
    return fault("Server") if b"not-understood" in bytes(answer.body) and b"DOCTYPE" not in asked.body else answer


async def needs_no_key(asked: Asked) -> Response:
    return await asked.forward(body=asked.body.replace(b"somethingElse>", b"idempotencyKey>"))


async def believes_every_token(asked: Asked) -> Response:
    return await asked.forward(headers=RIGHT if "authorization" in asked.headers else {})


async def believes_those_without_a_token(asked: Asked) -> Response:
    return await asked.forward(headers={} if "authorization" in asked.headers else RIGHT)


async def keeps_what_it_refuses(asked: Asked) -> Response:
    answer = await asked.forward()
    if says(asked, "SubmitRequest") and answer.status_code == 401 and "authorization" in asked.headers:
        await asked.forward(headers=RIGHT)
        await answered()
    return answer


async def breaks_on_what_it_cannot_withdraw(asked: Asked) -> Response:
    answer = await asked.forward()
    return fault("Server") if says(asked, "CancelRequest") and answer.status_code == 500 else answer


async def answers_one_question_only(asked: Asked) -> Response:
    answer = await asked.forward()
    several = re.findall(r"<round .*?(?:/>|</round>)", bytes(answer.body).decode())
    return changed(answer, "".join(several), several[-1]) if len(several) > 1 else answer


async def expands_entities(asked: Asked) -> Response:
    plain = re.sub(rb"<!DOCTYPE.*\]>", b"", asked.body).replace(b"&e;", b"expanded")
    return await asked.forward(body=plain)


async def fetches_document_types(asked: Asked) -> Response:
    return await asked.forward(body=re.sub(rb'<!DOCTYPE x SYSTEM "[^"]+">', b"", asked.body))


async def says_it_is_a_page(asked: Asked) -> Response:
    answer = await asked.forward()
    return Response(answer.body, answer.status_code, media_type="text/html")


BROKEN: list[tuple[Stand, str, str]] = [
    (gives_no_receipt, "normal", "receipt"),
    (lives_elsewhere, "normal", "redirect"),
    (is_always_busy, "normal", "soap:Client"),
    (shows_a_login_page, "normal", "cannot be read"),
    (forgets_at_first, "pending", "unknown"),
    (has_words_of_its_own, "answer", '"done"'),
    (names_a_part_twice, "answer", "names a part twice"),
    (answers_twice_differently, "stable", "two different"),
    (counts_every_send, "duplicate", "receipt"),
    (breaks_on_other_content, "changed", "soap:Client"),
    (wants_round_one_first, "reordered", "soap:Client"),
    (refuses_what_is_late, "late", "soap:Client"),
    (knows_only_today, "unknown-field", "soap:Client"),
    (breaks_on_much, "oversized", "HTTP 500"),
    (knows_every_round, "unknown-round", "pending"),
    (breaks_on_what_is_no_message, "malformed", "soap:Client"),
    (needs_no_key, "malformed", "no idempotencyKey"),
    (believes_every_token, "wrong-token", "a delivery"),
    (keeps_what_it_refuses, "wrong-token", "answered"),
    (believes_those_without_a_token, "no-token", "a delivery"),
    (breaks_on_what_it_cannot_withdraw, "withdrawal", "soap:Client"),
    (answers_one_question_only, "together", "left out"),
    (expands_entities, "entities", "<!ENTITY>"),
    (fetches_document_types, "entities", "<!DOCTYPE>"),
    (says_it_is_a_page, "content-type", "text/html"),
]


async def test_our_simulator_passes_every_situation() -> None:
    async with department() as url:
        report = await judged(XML, url)
    assert broken(report) == {}
    assert report.passed
    assert tuple(finding.check for finding in report.findings) == NAMES[XML]
    assert all(finding.passed for finding in report.findings)


@pytest.mark.parametrize(("stand", "check", "reason"), BROKEN, ids=lambda one: getattr(one, "__name__", ""))
async def test_one_broken_rule_is_one_broken_situation(stand: Stand, check: str, reason: str) -> None:
    async with department(stand) as url:
        found = broken(await judged(XML, url))
    assert list(found) == [check]
    assert reason in found[check]


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (Behaviour(answer_after=None), "no final answer"),
        (WELL.model_copy(update={"reply": {"code": "NOT_MINE", "basis": "三定方案"}}), "proposed_owner"),
    ],
)
async def test_an_answer_that_is_none_is_told(behaviour: Behaviour, reason: str) -> None:
    async with department(behaviour=behaviour) as url:
        found = broken(await judged(XML, url, IMPATIENT))
    assert list(found) == ["answer"]
    assert reason in found["answer"]
