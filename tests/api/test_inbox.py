"""People without a system answer: as officers with a token, or by the link that was mailed to them."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import Response
from pydantic import SecretStr

from adapters.department_people import PeopleDepartment, PeopleTools
from adapters.department_secrets import DepartmentSecret, DepartmentSecrets
from adapters.desk_recorder import MailRecorder
from domain.audit import AuditKind
from domain.codes import Role, Technique
from domain.department import Department, DepartmentRoute
from domain.dispatch import Dispatch, RoundRef, Withdrawal
from domain.inbox import DepartmentMessage, MessageKind
from domain.person import Person, PersonRole
from domain.refusal_text import VERDICTS
from services.disable_department import disable_department, enable_department
from services.relay import relay_inbox
from store.desk import StoredDesk
from tests.api.bodies import launched
from tests.api.conftest import NOW, Desk

OFFICER = PersonRole.DEPARTMENT_OFFICER
YES = {"reply": {"code": "ACCEPTED", "note": "可以办理"}}
APPLIED = {"status": "applied", "detail_zh": "已生效。"}
NO = {"reply": {"code": "REFUSED", "legal_basis": "条例第三条", "reason": "不符", "remedy": "复议"}}
ADMIN = Person(person_id="admin", name="管理员", role=PersonRole.ADMIN)
RULING = "会商纪要〔2023〕3号"
RETURNED = {"reply": {"code": "NOT_MINE", "basis": "三定方案", "proposed_owner": "housing"}}
INTERIM = {"reply": {"code": "INTERIM", "note": "正在核查"}}
REPLIES: list[dict[str, Any]] = [
    YES["reply"],
    NO["reply"],
    {"code": "NEED_MORE", "materials": ["租约"]},
    {"code": "NOT_MINE", "basis": "三定方案", "proposed_owner": "housing"},
    {"code": "EXTENSION_REQUESTED", "reason": "调档", "until": "2023-01-20"},
    INTERIM["reply"],
    {"code": "NO_RESULT", "tried": "档案库"},
    {
        "code": "ACCEPTED_CONDITIONALLY",
        "timing": "ISSUE_THEN_VERIFY",
        "deferred": [{"name": "租约", "due": "5 working_days"}],
    },
]


class Post:
    """The office's people adapter over the real store; the market bureau plays a department of people."""

    def __init__(self, desk: Desk) -> None:
        self.mail = MailRecorder()
        tools = PeopleTools(StoredDesk(desk.store), self._find, self._secrets(), self.mail)
        self.adapter = PeopleDepartment(tools, desk.wall, "http://liandong")

    async def _find(self, code: str) -> Department | None:
        mail = "office@market.example"
        return Department(code=code, name_zh="市场局", name_en="Market", technique=Technique.PEOPLE, mail=mail)

    def _secrets(self) -> DepartmentSecrets:
        return DepartmentSecrets({"market": DepartmentSecret(link_key=SecretStr("key-of-the-market-bureau"))})

    @property
    def link(self) -> str:
        (line,) = [line for line in self.mail.sent[-1].text.splitlines() if line.startswith("http")]
        return line.removeprefix("http://liandong")


def dispatch_of(case_id: str) -> Dispatch:
    return Dispatch(
        case_id=case_id,
        request_id=f"{case_id}.dissolve",
        round=1,
        department=DepartmentRoute(code="market", technique=Technique.PEOPLE),
        role=Role.LEAD,
        text="办理简易注销",
        fields={"request": "希望春节前开业"},
        dispatched_at=NOW,
        due_at=NOW + timedelta(days=3),
    )


async def delivered(desk: Desk) -> tuple[Post, str]:
    post, case_id = Post(desk), await launched(desk)
    await post.adapter.deliver(dispatch_of(case_id))
    return post, f"{case_id}.dissolve"


async def post_to(
    desk: Desk, path: str, body: dict[str, Any] | None = None, who: PersonRole | None = OFFICER
) -> Response:
    async with desk.client(who) as client:
        return await client.post(path, json=body)


async def get_from(desk: Desk, path: str, who: PersonRole | None = OFFICER) -> Response:
    async with desk.client(who) as client:
        return await client.get(path)


async def test_the_desk_shows_exactly_what_a_system_would_get_with_its_clocks(desk: Desk) -> None:
    _, request = await delivered(desk)
    (item,) = (await get_from(desk, "/v1/inbox")).json()["items"]
    assert item == (await get_from(desk, f"/v1/inbox/{request}")).json()
    assert item["fields"] == {"request": "希望春节前开业"}
    assert (item["state"], item["overdue"], item["due_at"]) == ("OPEN", False, "2023-01-06T01:30:00Z")
    desk.wall.at += timedelta(days=4)
    assert (await get_from(desk, f"/v1/inbox/{request}")).json()["overdue"] is True


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: str(reply["code"]))
async def test_every_reply_code_reaches_the_case_as_a_callback_would(desk: Desk, reply: dict[str, Any]) -> None:
    _, request = await delivered(desk)
    response = await post_to(desk, f"/v1/inbox/{request}/reply", {"reply": reply})
    assert (response.status_code, response.json()) == (200, APPLIED), response.text
    if reply["code"] == "INTERIM":
        assert desk.engine.notes[0].text == reply["note"]
    else:
        ((ref, answer),) = desk.engine.answers
        assert (ref.request_id, ref.round, answer.received_at) == (request, 1, desk.wall.at)
        assert isinstance(answer.reply, dict)
        assert reply.items() <= answer.reply.items() or reply["code"] == "ACCEPTED_CONDITIONALLY"
    async with desk.store.reading() as session:
        (entry,) = await session.inbox.of_case(request.partition(".")[0])
    assert entry.signature == "person:department_officer"
    assert b'"code"' in entry.raw


async def test_signing_for_it_is_a_note_and_twice_is_once(desk: Desk) -> None:
    _, request = await delivered(desk)
    told = [await post_to(desk, f"/v1/inbox/{request}/acknowledge") for _ in range(2)]
    assert [one.status_code for one in told] == [200, 200]
    (note,) = desk.engine.notes
    assert note.acknowledged


async def test_signing_without_a_body_is_kept_as_the_message_that_it_makes(desk: Desk) -> None:
    """The invariant of the bytes holds for people as well: what they did is readable years later."""
    post, request = await delivered(desk)
    assert (await post_to(desk, f"/v1/inbox/{request}/acknowledge")).status_code == 200
    assert (await post_to(desk, f"{post.link}/acknowledge", None, None)).status_code == 200
    async with desk.store.reading() as session:
        entries = await session.inbox.of_case(request.partition(".")[0])
    kept = [DepartmentMessage.model_validate_json(entry.raw) for entry in entries]
    assert kept == [entry.message for entry in entries]
    assert [(message.kind, message.request_id) for message in kept] == [(MessageKind.ACKNOWLEDGED, request)] * 2


async def test_the_same_answer_twice_is_one_and_another_is_a_contradiction(desk: Desk) -> None:
    _, request = await delivered(desk)
    told = [await post_to(desk, f"/v1/inbox/{request}/reply", body) for body in (YES, YES, NO, NO)]
    assert [one.status_code for one in told] == [200, 200, 409, 409]
    assert told[2].json()["status"] == "contradicted"
    assert told[2].json()["detail_zh"] == VERDICTS["contradicted"]
    assert len(desk.engine.answers) == 1


async def test_an_answer_is_kept_while_the_engine_is_away(desk: Desk) -> None:
    _, request = await delivered(desk)
    desk.engine.away = True
    assert (await post_to(desk, f"/v1/inbox/{request}/reply", YES)).status_code == 202


async def test_another_departments_desk_looks_empty(desk: Desk) -> None:
    post, request = await delivered(desk)
    other = dispatch_of(request.partition(".")[0])
    other = other.model_copy(
        update={"request_id": "LD-2023-000009.q", "department": other.department.model_copy(update={"code": "police"})}
    )
    await post.adapter._tools.desk.put(post.adapter._entry(other, None))
    assert len((await get_from(desk, "/v1/inbox")).json()["items"]) == 1
    foreign = await get_from(desk, "/v1/inbox/LD-2023-000009.q")
    missing = await get_from(desk, "/v1/inbox/LD-2023-999999.q")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json() == missing.json()
    for verb in ("reply", "acknowledge"):
        answered = await post_to(desk, f"/v1/inbox/LD-2023-000009.q/{verb}", YES)
        assert (answered.status_code, answered.json()["code"]) == (404, "unknown-request")


async def test_a_link_opens_its_request_once_and_is_nowhere_in_the_store(desk: Desk) -> None:
    post, request = await delivered(desk)
    opened = await get_from(desk, post.link, None)
    assert (opened.status_code, opened.json()["request_id"]) == (200, request)
    assert (await post_to(desk, f"{post.link}/acknowledge", None, None)).status_code == 200
    assert (await post_to(desk, f"{post.link}/reply", INTERIM, None)).status_code == 200
    assert (await post_to(desk, f"{post.link}/reply", YES, None)).json() == APPLIED
    assert (await post_to(desk, f"{post.link}/reply", YES, None)).json() == APPLIED
    after = [
        await get_from(desk, post.link, None),
        await post_to(desk, f"{post.link}/reply", NO, None),
        await post_to(desk, f"{post.link}/acknowledge", None, None),
        await get_from(desk, "/v1/links/nobody-knows-this-one", None),
    ]
    assert {one.status_code for one in after} == {404}
    assert len({one.text for one in after}) == 1
    assert len(desk.engine.answers) == 1
    async with desk.store.reading() as session:
        entry = await session.desk.get(request, 1)
    assert entry is not None
    assert post.link.rpartition("/")[2] not in entry.model_dump_json()


async def rule(desk: Desk, request: str) -> None:
    """The request was designated to its department, so that it cannot be returned."""
    shown = (await desk.engine.snapshot(request.partition(".")[0])).requests
    bound = [
        one.model_copy(update={"rounds": tuple(turn.model_copy(update={"ruling": RULING}) for turn in one.rounds)})
        for one in shown
    ]
    desk.engine.shown["requests"] = tuple(bound)


async def test_an_answer_without_effect_does_not_use_the_link_up(desk: Desk) -> None:
    post, request = await delivered(desk)
    await rule(desk, request)
    refused = await post_to(desk, f"{post.link}/reply", RETURNED, None)
    assert (refused.status_code, refused.json()["status"]) == (409, "designation-binds")
    assert (await get_from(desk, post.link, None)).status_code == 200
    assert (await post_to(desk, f"{post.link}/reply", RETURNED, None)).json() == refused.json()
    assert (await post_to(desk, f"{post.link}/acknowledge", None, None)).status_code == 200
    assert (await post_to(desk, f"{post.link}/reply", YES, None)).json() == APPLIED
    assert (await get_from(desk, post.link, None)).status_code == 404


async def test_an_answer_that_is_turned_away_later_opens_its_link_again(desk: Desk) -> None:
    post, request = await delivered(desk)
    desk.engine.away = True
    assert (await post_to(desk, f"{post.link}/reply", RETURNED, None)).status_code == 202
    assert (await get_from(desk, post.link, None)).status_code == 404
    desk.engine.away = False
    await rule(desk, request)
    desk.wall.at += timedelta(minutes=1)
    assert await relay_inbox(desk.office) == 1
    assert (await get_from(desk, post.link, None)).status_code == 200
    assert (await post_to(desk, f"{post.link}/reply", YES, None)).status_code == 200


async def test_a_link_ends_thirty_days_after_the_due_instant(desk: Desk) -> None:
    post, _ = await delivered(desk)
    desk.wall.at = NOW + timedelta(days=33) - timedelta(seconds=1)
    assert (await get_from(desk, post.link, None)).status_code == 200
    desk.wall.at += timedelta(seconds=1)
    assert (await get_from(desk, post.link, None)).status_code == 404
    assert (await post_to(desk, f"{post.link}/reply", YES, None)).status_code == 404


async def test_a_withdrawn_request_closes_its_link(desk: Desk) -> None:
    post, request = await delivered(desk)
    sent = dispatch_of(request.partition(".")[0])
    ref = RoundRef(case_id=sent.case_id, request_id=request, round=1, department=sent.department)
    await post.adapter.withdraw(Withdrawal(reason="已另行办理", **dict(ref)))
    assert (await get_from(desk, post.link, None)).status_code == 404
    assert (await get_from(desk, f"/v1/inbox/{request}")).json()["state"] == "CLOSED"


async def test_a_link_that_answered_before_the_officer_stands(desk: Desk) -> None:
    post, request = await delivered(desk)
    assert (await post_to(desk, f"{post.link}/reply", YES, None)).status_code == 200
    assert (await post_to(desk, f"/v1/inbox/{request}/reply", NO)).status_code == 409
    # The same answer by another door is a duplicate of the first
    assert (await post_to(desk, f"/v1/inbox/{request}/reply", YES)).json()["status"] == "duplicate"


async def test_the_mail_names_the_case_and_no_person(desk: Desk) -> None:
    post, request = await delivered(desk)
    (mail,) = post.mail.sent
    assert request.partition(".")[0] in mail.subject
    for private in ("希望春节前开业", "某餐饮有限公司", "310000199001010010", "021-55550000", "办理简易注销"):
        assert private not in mail.text + mail.subject


async def test_a_flood_of_answers_is_told_to_come_later(desk: Desk) -> None:
    _, request = await delivered(desk)
    async with desk.store.writing() as session:
        market = await session.directory.get("market")
        assert market is not None
        await session.directory.save(market.model_copy(update={"max_messages_per_minute": 20}))
    bodies = [{"reply": {"code": "INTERIM", "note": f"第{number}次"}} for number in range(4)]
    told = [await post_to(desk, f"/v1/inbox/{request}/reply", body) for body in bodies]
    assert [one.status_code for one in told] == [200, 200, 429, 429]
    assert told[-1].headers["retry-after"]
    desk.wall.at += timedelta(seconds=3)
    assert (await post_to(desk, f"/v1/inbox/{request}/reply", bodies[-1])).status_code == 200


async def test_a_switched_off_department_closes_every_door_of_its_people(desk: Desk) -> None:
    """The refusals are word for word those of a token and a link that never were, and each leaves a record."""
    post, request = await delivered(desk)
    link, unknown = post.link, "/v1/links/" + "x" * 43
    assert (await get_from(desk, link, None)).status_code == 200
    await disable_department(desk.office, ADMIN, "market", "系统迁移")
    tries: list[tuple[Response, Response]] = []
    async with desk.client() as nobody:
        nobody.headers["authorization"] = "Bearer never-was"
        for method, path, body in (
            ("GET", "/v1/inbox", None),
            ("GET", f"/v1/inbox/{request}", None),
            ("POST", f"/v1/inbox/{request}/acknowledge", None),
            ("POST", f"/v1/inbox/{request}/reply", YES),
            ("GET", f"/v1/cases/{request.partition('.')[0]}", None),
        ):
            async with desk.client(OFFICER) as officer:
                closed = await officer.request(method, path, json=body)
            tries.append((closed, await nobody.request(method, path, json=body)))
            assert closed.status_code == 401
    async with desk.client() as anybody:
        for method, part, body in (("GET", "", None), ("POST", "/acknowledge", None), ("POST", "/reply", YES)):
            closed = await anybody.request(method, link + part, json=body)
            tries.append((closed, await anybody.request(method, unknown + part, json=body)))
            assert closed.status_code == 404
    assert [(one.status_code, one.json()) for one, _ in tries] == [
        (other.status_code, other.json()) for _, other in tries
    ]
    async with desk.store.reading() as session:
        refused = [one for one in await session.audit.latest(50) if one.kind is AuditKind.REFUSED]
    assert len(refused) == 2 * len(tries)
    assert desk.engine.answers == []
    await enable_department(desk.office, ADMIN, "market", "完成")
    assert (await get_from(desk, link, None)).status_code == 200
