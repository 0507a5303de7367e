"""Both guides tell the same, and every message that they show is one that is really said."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from pydantic import SecretStr

from adapters import callback
from adapters.department_people import PeopleTools
from adapters.department_secrets import DepartmentSecret, DepartmentSecrets
from adapters.departments import build_adapters
from adapters.desk_recorder import DeskRecorder, MailRecorder
from adapters.system_time import SystemTime
from adapters.webhook_signature import sign
from api.routers import inbox
from api.schemas.inbox import InboxShown
from api.schemas.reply import InboxReplyBody
from bootstrap.certification.run import NAMES
from bootstrap.department_kit import FOLDER
from domain.codes import ReplyCode, Technique
from domain.department import Department
from domain.refusal_text import VERDICTS
from domain.reply import REPLY
from simulators.script import Script
from tests.adapters.arrangement import lines_to, new_secrets
from tests.bootstrap.conversation import FIRE, SECRET, Exchange, conversation

ENGLISH, CHINESE = FOLDER.parent / "departments.md", FOLDER.parent / "departments.zh-CN.md"
each_guide = pytest.mark.parametrize("guide", [ENGLISH, CHINESE], ids=lambda path: path.name)
TECHNIQUES = list(Technique)
_FIRST_CHAPTER = 4
"""Webhook; the other techniques follow."""


def blocks(text: str, language: str = r"\w+") -> list[str]:
    return [body.rstrip("\n") for body in re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)]


def chapters(guide: Path) -> list[str]:
    return re.split(r"^## ", guide.read_text(encoding="utf-8"), flags=re.MULTILINE)


def shown(guide: Path, technique: Technique) -> list[Exchange]:
    """The exchanges in the chapter of a technique: requests and responses by turns."""
    found = blocks(chapters(guide)[_FIRST_CHAPTER + TECHNIQUES.index(technique)], "http")
    return [Exchange(request, response) for request, response in zip(found[::2], found[1::2], strict=True)]


def test_both_guides_show_the_same() -> None:
    english, chinese = chapters(ENGLISH), chapters(CHINESE)
    assert len(english) == len(chinese)
    for here, there in zip(english, chinese, strict=True):
        assert blocks(here) == blocks(there)
        assert here.count("\n|") <= there.count("\n|")
        assert set(re.findall(r"`([a-z_]{4,})`", here)) <= set(re.findall(r"[`\"]?([a-z_]{4,})", there))


@each_guide
def test_every_situation_is_explained(guide: Path) -> None:
    text = chapters(guide)[-1]
    assert not {name for names in NAMES.values() for name in names if f"`{name}`" not in text}


@each_guide
@pytest.mark.parametrize("technique", [Technique.WEBHOOK, Technique.POLLED, Technique.XML])
async def test_what_a_guide_shows_is_really_said(guide: Path, technique: Technique) -> None:
    said = {exchange.plain for exchange in await conversation(technique)}
    found = [exchange for exchange in shown(guide, technique) if "/callbacks " not in exchange.request]
    assert len(found) == {Technique.WEBHOOK: 2, Technique.POLLED: 5, Technique.XML: 4}[technique]
    for exchange in found:
        assert exchange.plain in said, exchange.request


@each_guide
def test_the_signatures_are_right(guide: Path) -> None:
    found = shown(guide, Technique.WEBHOOK)
    for exchange in found:
        head, _, body = exchange.request.partition("\n\n")
        headers = dict(line.split(": ", 1) for line in head.splitlines()[1:])
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        signed = sign((SECRET,), headers["webhook-id"], at, body)
        assert signed.items() <= headers.items()
        assert datetime.fromisoformat(json.loads(body)["timestamp"]) == at
    calls = [exchange for exchange in found if "/callbacks " in exchange.request]
    kinds = [callback.parse("m", one.request.partition("\n\n")[2].encode()).kind for one in calls]
    assert kinds == ["ACKNOWLEDGED", "REPLIED"]


@each_guide
def test_people_are_shown_what_the_api_has(guide: Path) -> None:
    found = shown(guide, Technique.PEOPLE)
    routes = [route for route in (*inbox.router.routes, *inbox.links.routes) if isinstance(route, APIRoute)]
    paths = [
        (method, re.compile(re.sub(r"{[^}]+}", "[^/]+", route.path)))
        for route in routes
        for method in route.methods or ()
    ]
    for exchange in found:
        method, target, _ = exchange.request.splitlines()[0].split()
        assert any(verb == method and path.fullmatch(target) for verb, path in paths), target
        body = exchange.request.partition("\n\n")[2]
        if target.endswith("/reply"):
            InboxReplyBody.model_validate_json(body)
        told = exchange.response.partition("\n\n")[2]
        if method == "GET":
            (item,) = InboxShown.model_validate_json(told).items
            assert (item.request_id, item.fields, item.text) == (FIRE.request_id, FIRE.fields, FIRE.text)
        else:
            assert json.loads(told) == {"status": "applied", "detail_zh": VERDICTS["applied"]}
    assert len(found) == 4


@each_guide
async def test_the_mail_is_the_one_that_is_sent(guide: Path) -> None:
    async def find(code: str) -> Department:
        mail = "archive@example.org"
        return Department(code=code, name_zh="档案馆", name_en="Archives", technique=Technique.PEOPLE, mail=mail)

    mails = MailRecorder()
    secrets = DepartmentSecrets({"archive": DepartmentSecret(link_key=SecretStr("key-of-the-archives"))})
    tools = PeopleTools(DeskRecorder(), find, secrets, mails)
    lines = lines_to("http://127.0.0.1:1", Technique.WEBHOOK, new_secrets())
    await build_adapters(lines, SystemTime(), "https://liandong.example.org", tools)[Technique.PEOPLE].deliver(FIRE)
    (sent,) = mails.sent
    (text,) = blocks(chapters(guide)[_FIRST_CHAPTER + TECHNIQUES.index(Technique.PEOPLE)], "text")
    written = f"To: {sent.to}\nSubject: {sent.subject}\n\n{sent.text.strip()}"
    link = re.compile(r"/v1/links/\S+")
    assert link.sub("/v1/links/…", text) == link.sub("/v1/links/…", written)


@each_guide
def test_every_reply_code_has_an_example(guide: Path) -> None:
    found = [json.loads(block) for chapter in chapters(guide)[-2:] for block in blocks(chapter, "json")]
    replies, script = found
    assert {REPLY.validate_python(one).code for one in replies} == set(ReplyCode)
    Script.model_validate(script)
