"""Answers are hostile text: nothing in them runs in a page, a log, a terminal or a header."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from adapters.webhook_signature import sign
from bootstrap.log import configure_logging, get_logger
from bootstrap.settings import LogSettings
from cli.screen import harmless, table
from domain.person import PersonRole
from tests.api.bodies import REGISTRATION, launched
from tests.api.conftest import Desk
from workflows.search_attributes import at_start

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(1)",
    "a\r\nSet-Cookie: session=1\r\n\r\n<html>",
    "a\r\n2026-01-01 [info] case closed by=admin",
    "\x1b[2J\x1b]0;owned\x07\x1b[31m",
    "\u202edetpecca\u202c",
    "[bold red]not markup[/]",
    "{{7*7}}${7*7}%s%n",
    "' OR 1=1; DROP TABLE facts; --",
]
PERSONAL = [str(REGISTRATION["requester"][name]) for name in ("name", "contact", "resident_id", "health")]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """The product's own log as it is written, in the format for machines."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    configure_logging(LogSettings(format="json"))
    yield written
    logging.basicConfig(handlers=[], force=True)


@pytest.mark.parametrize("text", HOSTILE)
async def test_an_answer_is_data_wherever_it_goes(desk: Desk, log: io.StringIO, text: str) -> None:
    case_id = await launched(desk)
    data = {"request_id": f"{case_id}.dissolve", "round": 1, "reply": {"code": "ACCEPTED", "note": text}}
    body = json.dumps({"type": "request.replied", "timestamp": "2023-01-03T10:00:00+08:00", "data": data})
    headers = sign(desk.secrets["market"], "m-1", datetime.now(UTC), body)
    async with desk.client() as market:
        answer = await market.post("/v1/departments/market/callbacks", content=body, headers=headers)
    assert answer.status_code in (200, 422), answer.text
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        shown = [await leader.get(f"/v1/cases/{case_id}{part}") for part in ("", "/timeline", "/clocks")]
    for response in (answer, *shown):
        # Never a page, never guessed to be one, and no header that the text could have written
        assert response.headers["content-type"].startswith(("application/json", "application/problem+json"))
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in response.headers
        assert not any(text[:20] in value for value in response.headers.values())
    for line in log.getvalue().splitlines():
        assert isinstance(json.loads(line), dict)
    assert text not in log.getvalue()


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("text", HOSTILE)
def test_a_log_line_stays_one_line_and_moves_no_cursor(monkeypatch: pytest.MonkeyPatch, form: str, text: str) -> None:
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    configure_logging(LogSettings(format=form))
    try:
        get_logger("test").warning("a department said", why=text)
        logging.getLogger("test").warning("a department said %s", text)
    finally:
        logging.basicConfig(handlers=[], force=True)
    lines = written.getvalue().splitlines()
    assert len(lines) == 2, lines
    assert "\x1b]" not in written.getvalue()
    assert "\x1b[2J" not in written.getvalue()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_terminal_shows_it_and_obeys_none_of_it(text: str) -> None:
    out = io.StringIO()
    Console(file=out, force_terminal=True, width=200, color_system=None).print(table("t", ["c"], [[text]]))
    said = out.getvalue()
    assert "\x1b]0;" not in said
    assert "\x1b[2J" not in said
    assert "\u202e" not in said
    assert "\r" not in said
    assert harmless("普通文字 plain\n") == "普通文字 plain\n"


async def test_planted_personal_data_stands_in_no_log_and_no_name_of_the_engine(desk: Desk, log: io.StringIO) -> None:
    case_id = await launched(desk)
    async with desk.client(PersonRole.DUTY_LEADER) as leader, desk.client() as nobody:
        await leader.get(f"/v1/cases/{case_id}")
        await leader.get("/v1/cases", params={"owner": PERSONAL[0]})
        await nobody.get(f"/v1/cases/{PERSONAL[1]}")
        await nobody.post(f"/v1/departments/{PERSONAL[2]}/callbacks", content=json.dumps(PERSONAL))
    launch = desk.engine.launches[case_id]
    outside = log.getvalue() + str(at_start(launch)) + launch.case_id + str(launch.plan.departments)
    assert not [one for one in PERSONAL if one in outside]
    async with desk.client(PersonRole.AUDITOR) as auditor:
        audit = (await auditor.get("/v1/audit")).text
    assert not [one for one in PERSONAL if one in audit]


def test_there_is_no_spreadsheet_export_to_guard() -> None:
    """When somebody adds one, this test asks for a guard against formulas."""
    root = Path(__file__).resolve().parents[2]
    rooms = ("api", "services", "cli", "bootstrap", "adapters")
    files = [path for room in rooms for path in (root / room).rglob("*.py")]
    exporting = [path.name for path in files if "import csv" in path.read_text() or "openpyxl" in path.read_text()]
    assert not exporting
