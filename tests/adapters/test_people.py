"""Departments of people keep the same contract: one effect a round, durable before mail, and honest when mail fails."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from adapters.desk_recorder import MailRecorder
from adapters.mail import SmtpMail
from adapters.mail_server import Encryption, MailServer
from adapters.system_time import SystemTime
from domain.department_failure import DepartmentRefusal, DepartmentUnavailable
from domain.desk import Mail
from simulators.script import Behaviour
from tests.adapters.arrangement import eventually, ref_of, withdrawal_of
from tests.adapters.people import People, asked, working


async def test_an_officer_signs_reports_and_answers_in_turn() -> None:
    people = People()
    behaviour = Behaviour.model_validate(
        {"acknowledge_after": 0, "interim": ({"after": 0, "note": "正在核实"},), "answer_after": 0.2}
    )
    receipt = await people.adapter().deliver(asked())
    assert receipt.receipt == "culture-LD-2026-000001.permit.r1"

    async def done() -> bool | None:
        return True if len(people.told) == 3 else None

    async with working(people, behaviour) as officer:
        await eventually(done)
        await _looked_again(people)
    told = [(verb, reply) for request, verb, reply in people.told if request == asked().request_id]
    assert [(verb, reply and reply["code"]) for verb, reply in told] == [
        ("acknowledge", None),
        ("reply", "INTERIM"),
        ("reply", "ACCEPTED"),
    ]
    received, _ = officer.journal.received
    assert received.data is not None
    assert received.data["fields"] == {"item": "食品经营许可"}


async def test_the_same_round_twice_is_one_entry_one_receipt_one_mail() -> None:
    people = People()
    first, second = [await people.adapter().deliver(asked()) for _ in range(2)]
    assert first.receipt == second.receipt
    assert (len(people.desk.entries), len(people.mail.sent)) == (1, 1)
    await people.adapter().deliver(asked(number=2))
    assert (len(people.desk.entries), len(people.mail.sent)) == (2, 2)


async def test_a_mail_that_fails_is_sent_again_with_the_same_link() -> None:
    people = People(mail=MailRecorder([DepartmentUnavailable("mail: away")]))
    with pytest.raises(DepartmentUnavailable, match="mail"):
        await people.adapter().deliver(asked())
    (kept,) = people.desk.entries.values()
    await people.adapter().deliver(asked())
    (entry,) = people.desk.entries.values()
    assert entry.link_hash == kept.link_hash
    assert entry.mailed_at is not None
    assert "https://liandong.example/v1/links/" in people.mail.sent[0].text


async def test_links_of_rounds_differ() -> None:
    people = People()
    for sent in (asked(), asked(number=2), asked(key="other")):
        await people.adapter().deliver(sent)
    assert len({entry.link_hash for entry in people.desk.entries.values()}) == 3


async def test_a_withdrawn_round_is_not_answered() -> None:
    people = People()
    await people.adapter().deliver(asked())
    await people.adapter().withdraw(withdrawal_of(asked()))
    async with working(people, Behaviour(acknowledge_after=0, answer_after=0)):
        await _looked_again(people)
    assert asked().request_id not in {request for request, _, _ in people.told}


async def _looked_again(people: People) -> None:
    """What was laid on the desk last is handled last: then the officer has looked at everything else once more."""
    marker = asked(key="marker")
    await people.adapter().deliver(marker)

    async def answered() -> bool | None:
        replies = [reply for request, verb, reply in people.told if (request, verb) == (marker.request_id, "reply")]
        return True if any(reply["code"] == "ACCEPTED" for reply in replies) else None

    await eventually(answered)


async def test_a_department_that_was_switched_off_is_for_the_duty_leader() -> None:
    with pytest.raises(DepartmentRefusal, match="department-disabled"):
        await People(enabled=False).adapter().deliver(asked())


async def test_people_are_never_polled_and_never_sign() -> None:
    with pytest.raises(TypeError):
        await People().adapter().poll(ref_of(asked()))
    with pytest.raises(Exception, match="signature"):
        People().adapter().parse_callback("culture", {}, b"{}")


# --- SMTP ------------------------------------------------------------------------------------------------------------

ROUND = "LD-2026-000001.permit.r1"
MAIL = Mail(
    mail_id=ROUND,
    to="office@culture.example",
    subject="协办请求",
    text="请打开链接 /links/opens-a-door\n",
    department="culture",
    round_id=ROUND,
    token="opens-a-door",
)


@asynccontextmanager
async def mail_server(recipient: str = "250 ok", greeting: str = "220 here") -> AsyncIterator[tuple[int, list[str]]]:
    """Says what a server says; keeps the lines of the mail."""
    lines: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{greeting}\r\n".encode())
        with contextlib.suppress(ConnectionError):
            while line := (await reader.readline()).decode().strip():
                verb = line.split()[0].upper()
                if verb == "DATA":
                    writer.write(b"354 go on\r\n")
                    while (line := (await reader.readline()).decode().rstrip("\r\n")) != ".":
                        lines.append(line)
                said = recipient if verb == "RCPT" else "221 bye" if verb == "QUIT" else "250 ok"
                writer.write(f"{said}\r\n".encode())
                if verb == "QUIT":
                    break
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], lines
    finally:
        server.close()
        await server.wait_closed()


def carrier(port: int) -> SmtpMail:
    server = MailServer("127.0.0.1", port, "liandong@district.example", Encryption.NONE, timeout_seconds=2)
    return SmtpMail(server, SystemTime())


async def test_a_mail_arrives_whole() -> None:
    async with mail_server() as (port, lines):
        await carrier(port).send(MAIL)
    assert "Message-ID: <LD-2026-000001.permit.r1@district.example>" in lines
    assert "To: office@culture.example" in lines
    assert any(line.startswith("Date: ") and str(datetime.now(UTC).year) in line for line in lines)


@pytest.mark.parametrize(
    ("recipient", "greeting", "error", "kind"),
    [
        ("550 nobody here", "220 here", DepartmentRefusal, "mail-box-550"),
        ("451 later", "220 here", DepartmentUnavailable, "mail-box-451"),
        ("250 ok", "421 busy", DepartmentUnavailable, "mail-421"),
        ("250 ok", "no mail server at all", DepartmentUnavailable, "mail"),
    ],
)
async def test_what_a_mail_server_refuses(recipient: str, greeting: str, error: type[Exception], kind: str) -> None:
    async with mail_server(recipient, greeting) as (port, _):
        with pytest.raises(error, match=kind):
            await carrier(port).send(MAIL)


async def test_nobody_listening_means_try_again() -> None:
    async with mail_server() as (port, _):
        gone = port
    with pytest.raises(DepartmentUnavailable, match="mail"):
        await carrier(gone).send(MAIL)


async def test_encryption_is_not_given_up_silently() -> None:
    async with mail_server() as (port, lines):
        server = MailServer("127.0.0.1", port, "liandong@district.example", Encryption.STARTTLS, timeout_seconds=2)
        with pytest.raises(DepartmentUnavailable, match="mail"):
            await SmtpMail(server, SystemTime()).send(MAIL)
    assert lines == []
