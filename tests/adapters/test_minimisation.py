"""What leaves for a department: the contract's fields and what the ask may see. Planted data must not be elsewhere."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from adapters import department_message
from adapters.department_line import DepartmentLines
from adapters.departments import build_adapters
from adapters.http_client import HttpCall, HttpClient, HttpReply
from adapters.system_time import SystemTime
from domain.case import Item, Registration, Requester, RequesterType
from domain.codes import Technique
from domain.department import Department
from domain.department_failure import DepartmentRefusal, DepartmentUnavailable
from domain.dispatch import Dispatch
from domain.plan_completion import FIELDS, SENSITIVE_FIELDS
from tests.adapters.arrangement import SYSTEMS, dispatch, new_secrets, ref_of, withdrawal_of

PLANTED = {
    "name": "植入姓名甲",
    "contact": "13955550123",
    "resident_id": "310000199001010010",
    "uscc": "91310000ABAAMA001R",
    "health": "植入病情透析",
    "agent": "植入代理人乙",
    "title": "植入标题丙",
    "request": "植入诉求丁",
    "item": "植入事项戊",
}
BY_FIELD = {
    "requester_name": "name",
    "requester_contact": "contact",
    "uscc": "uscc",
    "resident_id": "resident_id",
    "health": "health",
    "item": "item",
    "request": "request",
}
CONTRACT = {
    "request_id", "round", "idempotency_key", "case_id", "role", "text", "note", "fields", "dispatched_at", "due_at",
    "sign_due_at", "urgent", "ruling",
}  # fmt: skip


def registration() -> Registration:
    person = {name: PLANTED[name] for name in ("name", "contact", "resident_id", "uscc", "health", "agent")}
    return Registration(
        external_id="ext-1",
        title=PLANTED["title"],
        request=PLANTED["request"],
        requester=Requester(type=RequesterType.INDIVIDUAL, **person),
        item=Item(name=PLANTED["item"]),
    )


def sent_with(technique: Technique, *sees: str) -> Dispatch:
    fields = {name: value for name in sees if (value := FIELDS[name](registration()))}
    return dispatch(technique).model_copy(update={"fields": fields})


@dataclass
class Wire:
    """Everything that leaves, instead of leaving."""

    calls: list[HttpCall] = field(default_factory=list)

    async def send(self, _: HttpClient, call: HttpCall) -> HttpReply:
        self.calls.append(call)
        return HttpReply(200, {"content-type": "application/json"}, b'{"receipt": "1", "status": "pending"}')


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    wire = Wire()
    monkeypatch.setattr(HttpClient, "send", lambda client, call: wire.send(client, call))
    return wire


@asynccontextmanager
async def lines_of(technique: Technique) -> AsyncIterator[DepartmentLines]:
    async def find(code: str) -> Department | None:
        return Department(
            code=code, name_zh=code, name_en=code, technique=technique, base_url="https://department.example"
        )

    lines = DepartmentLines(find, new_secrets())
    yield lines
    await lines.close()


async def all_messages(technique: Technique, sent: Dispatch) -> None:
    async with lines_of(technique) as lines:
        adapter = build_adapters(lines, SystemTime(), "https://liandong.example")[technique]
        for call in (adapter.deliver(sent), adapter.poll(ref_of(sent)), adapter.withdraw(withdrawal_of(sent))):
            try:
                await call
            # What came back is not the question here
            except (DepartmentRefusal, DepartmentUnavailable, TypeError):
                continue


def test_every_field_that_an_ask_may_see_is_planted() -> None:
    assert set(BY_FIELD) == set(FIELDS)


@pytest.mark.parametrize("technique", SYSTEMS)
@pytest.mark.parametrize("sees", [(), ("item",), ("request", "item"), ("health",), tuple(FIELDS)], ids=str)
async def test_only_what_the_ask_may_see_leaves(wire: Wire, technique: Technique, sees: tuple[str, ...]) -> None:
    await all_messages(technique, sent_with(technique, *sees))
    left = "\n".join((call.content or b"").decode() for call in wire.calls)
    seen = {BY_FIELD[name] for name in sees}
    for name, value in PLANTED.items():
        assert (value in left) is (name in seen), name


@pytest.mark.parametrize("technique", SYSTEMS)
async def test_nothing_of_it_stands_in_an_address_or_a_header(wire: Wire, technique: Technique) -> None:
    await all_messages(technique, sent_with(technique, *FIELDS))
    assert wire.calls
    for call in wire.calls:
        outside = json.dumps([call.url, dict(call.headers), dict(call.query)], ensure_ascii=False)
        assert not [name for name, value in PLANTED.items() if value in outside]


async def test_the_message_has_the_contracts_fields_and_no_other(wire: Wire) -> None:
    sent = sent_with(Technique.WEBHOOK, "item")
    assert set(department_message.dispatched(sent)) == CONTRACT
    await all_messages(Technique.WEBHOOK, sent)
    data = json.loads(wire.calls[0].content or b"")["data"]
    assert set(data) == CONTRACT | {"reply_to"}
    assert data["fields"] == {"item": PLANTED["item"]}


def test_a_department_that_is_not_told_of_the_health_cannot_learn_it_from_the_dispatch() -> None:
    """Scenario HK-2: health goes to the one department whose ask names it."""
    told, not_told = sent_with(Technique.WEBHOOK, "health"), sent_with(Technique.WEBHOOK, "item", "request")
    assert PLANTED["health"] in told.model_dump_json()
    assert PLANTED["health"] not in not_told.model_dump_json()
    assert {"health", "resident_id"} == SENSITIVE_FIELDS
