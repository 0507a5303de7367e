"""Turns and promises through the real API, engine and departments: disputes, supplements, files, verification."""

import hashlib
from uuid import uuid4

import pytest

from bootstrap.private_file import read_entries
from bootstrap.tokens import TOKENS_FILE
from domain.case import CaseRecord
from domain.codes import Outcome, RequestState
from domain.deferral import DeferralState, MaterialState
from domain.fact import FactKind
from domain.inbox import InboxStatus
from tests.api.materials import PDF
from tests.server.case import Case, ask, registration
from tests.server.world import Json, World

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]

RULING = "纪要〔2023〕3号"


async def launched(world: World, *asks: Json, item: str = "法定代表人变更登记") -> Case:
    body = registration(f"turns-{uuid4().hex[:8]}") | {"item": {"name": item}}
    case_id = (await world.post("clerk", "/v1/cases", body)).json()["case_id"]
    triage = {"decision": "COORDINATE", "cause": "RESPONSIBILITY_GAP"}
    assert (await world.post("leader", f"/v1/cases/{case_id}/triage", triage)).status_code == 200
    case = Case(world, case_id, asks)
    response = await case.launch()
    assert response.status_code in (200, 202), response.text
    await case.delivered(*(one["key"] for one in asks if not one.get("after")))
    return case


async def decided(case: Case, what: str, person: str = "leader", **body: object) -> Json:
    where = f"/v1/cases/{case.case_id}/{what}"
    said = await case.world.post(
        person, where, {"reason": "现场核实", **await case.seen(what), **body}, key=f"{what}-{uuid4().hex[:6]}"
    )
    assert said.status_code == 200, said.text
    shown: Json = said.json()
    return shown


async def in_state(case: Case, key: str, state: RequestState, rounds: int) -> CaseRecord:
    def there(record: CaseRecord) -> bool:
        requests = record.snapshot.requests if record.snapshot else ()
        return any(one.key == key and one.state is state and len(one.rounds) == rounds for one in requests)

    return await case.until(there, f"{key} to be {state.value} in round {rounds}")


def reply(case: Case, key: str, round_: int, **fields: object) -> Json:
    body = case.reply(key, round_=round_)
    body["data"]["reply"] = fields
    return body


def not_mine(case: Case, round_: int) -> Json:
    return reply(case, "permit", round_, code="NOT_MINE", basis="目录未移交", proposed_owner="另一部门")


async def test_two_returns_a_conference_a_designation_and_a_door_that_stays_shut(world: World) -> None:
    case = await launched(world, ask("permit", "culture", role="LEAD"))
    assert (await world.call_back("culture", not_mine(case, 1))).json() == {"status": "applied"}
    await in_state(case, "permit", RequestState.DECISION, 1)
    await decided(case, "requests/permit/reassign", to="market")
    await case.until(lambda record: _delivered(record, 2), "the second round")
    assert (await world.call_back("market", not_mine(case, 2))).json() == {"status": "applied"}
    await in_state(case, "permit", RequestState.DECISION, 2)
    again = await case.decide("requests/permit/reassign", to="culture")
    assert (again.status_code, again.json()["code"]) == (409, "conference-needed")
    await decided(case, "requests/permit/convene-conference", participants=["culture", "market"])
    shown = await decided(case, "requests/permit/designate", to="culture", support=["market"], minutes=RULING)
    assert shown["requests"][0]["rounds"][2]["ruling"] == RULING
    await case.until(lambda record: _delivered(record, 3), "the third round")

    refused = await world.call_back("culture", not_mine(case, 3), message_id="back-again")
    assert refused.status_code == 409
    assert (refused.json()["status"], refused.json()["ruling"]) == ("designation-binds", RULING)
    repeated = await world.call_back("culture", not_mine(case, 3), message_id="back-again")
    assert (repeated.status_code, repeated.json()) == (409, refused.json())
    assert (await case.inbox())["back-again"].status is InboxStatus.REFUSED

    assert (await world.call_back("culture", case.reply("permit", round_=3))).json() == {"status": "applied"}
    ended = await case.closed()
    assert ended.outcome is not None
    assert ended.outcome.outcome is Outcome.DONE
    assert (await case.request("permit")).bounces == 2
    assert len(await case.facts(FactKind.DIRECTORY_CHANGE_PROPOSED)) == 1
    await world.verified()


def _delivered(record: CaseRecord, rounds: int) -> bool:
    request = record.snapshot.requests[0] if record.snapshot else None
    turn = request.round if request else None
    return bool(request and turn and len(request.rounds) == rounds and turn.delivered_at)


async def test_what_is_missing_is_asked_once_and_what_a_department_holds_is_fetched(world: World) -> None:
    case = await launched(world, ask("a", "market", role="LEAD"), ask("b", "culture"))
    for department, key, names in (("market", "a", ["租赁合同", "户籍证明"]), ("culture", "b", ["租赁 合同"])):
        body = reply(case, key, 1, code="NEED_MORE", materials=names)
        assert (await world.call_back(department, body)).json() == {"status": "applied"}
        await in_state(case, key, RequestState.DECISION, 1)
    shown = await decided(case, "supplement-notice", legal_basis="行政许可法 第三十二条")
    materials = shown["supplement"]["materials"]
    assert [(one["name"], one["asked_by"], one["held_by"]) for one in materials] == [
        ("租赁合同", ["market", "culture"], None),
        ("户籍证明", ["market"], "police"),
    ]
    record = await case.until(lambda record: _fetched(record) is not None, "the fetch to go out")
    fetch = _fetched(record)
    assert fetch is not None
    token = read_entries(world.settings.data_dir / TOKENS_FILE)["clerk"]
    headers = {"authorization": f"Bearer {token}"}
    letter = await world.http.get(f"/v1/cases/{case.case_id}/supplement-notice", headers=headers)
    assert "依据：行政许可法 第三十二条" in letter.text
    brought = [{"name": "租赁合同", "received_as": "纸质原件"}]
    await decided(case, "supplement", "clerk", received=brought)
    assert (await world.call_back("police", case.reply(fetch))).json() == {"status": "applied"}
    for department, key in (("market", "a"), ("culture", "b")):
        await in_state(case, key, RequestState.OPEN, 2)
        await case.delivered(key)
        assert (await world.call_back(department, case.reply(key, round_=2))).json() == {"status": "applied"}
    ended = await case.closed()
    assert ended.outcome is not None
    assert ended.outcome.outcome is Outcome.DONE
    await world.verified()


def _fetched(record: CaseRecord) -> str | None:
    """The key of the request that fetches a material, once it is with its department."""
    requests = record.snapshot.requests if record.snapshot else ()
    found = (one.key for one in requests if one.department == "police" and one.round and one.round.delivered_at)
    return next(found, None)


async def test_a_promised_paper_is_handed_in_as_a_file_and_verified_by_its_department(world: World) -> None:
    case = await launched(world, ask("change", "market", role="LEAD"))
    promise = {"name": "新法定代表人身份证原件", "due": "5 working_days", "channels": ["ONLINE"], "verifier": "police"}
    body = reply(
        case, "change", 1, code="ACCEPTED_CONDITIONALLY", timing="ISSUE_THEN_VERIFY", deferred=[promise],
        commitment="承诺五个工作日内提交。",
    )  # fmt: skip
    assert (await world.call_back("market", body)).json() == {"status": "applied"}
    await case.until(lambda record: _material(record) is not None, "the promise")
    token = read_entries(world.settings.data_dir / TOKENS_FILE)["clerk"]
    headers = {"authorization": f"Bearer {token}", "idempotency-key": "file-1"}
    where = f"/v1/cases/{case.case_id}/materials/{case.case_id}.change-m1/file"
    letter = await world.http.get(f"/v1/cases/{case.case_id}/requests/change/commitment-letter", headers=headers)
    assert letter.text.startswith("告知承诺书")
    for _ in range(2):
        sent = await world.http.post(where, content=PDF, headers=headers | {"content-type": "application/pdf"})
        assert sent.status_code == 200, sent.text
    other = await world.http.post(where, content=PDF + b"\n", headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-key-reused")
    record = await case.until(lambda record: _fetched(record) is not None, "the verification to go out")
    assert record.snapshot is not None
    assert record.outcome is None
    assert record.snapshot.interim_outcome is Outcome.DONE_CONDITIONALLY
    verification = _fetched(record)
    assert verification is not None
    (send,) = await world.sends("police", f"{case.case_id}.{verification}.r1")
    assert send.data is not None
    assert send.data["fields"] == {
        "material": "新法定代表人身份证原件",
        "channel": "ONLINE",
        "sha256": hashlib.sha256(PDF).hexdigest(),
    }
    assert (await world.call_back("police", case.reply(verification))).json() == {"status": "applied"}
    ended = await case.closed()
    assert ended.snapshot is not None
    assert ended.outcome is not None
    assert ended.outcome.outcome is Outcome.DONE
    (deferral,) = ended.snapshot.deferrals
    assert (deferral.state, deferral.materials[0].state) == (DeferralState.KEPT, MaterialState.VERIFIED)
    late = await world.http.post(where, content=PDF + b"\n", headers=headers | {"idempotency-key": "file-2"})
    assert (late.status_code, late.json()["code"]) == (409, "case-ended"), late.text
    kept = await world.http.get(where, headers=headers)
    assert kept.content == PDF
    assert [fact.data["material_id"] for fact in await case.facts(FactKind.MATERIAL_OPENED)] == [
        f"{case.case_id}.change-m1"
    ]
    await world.verified()


def _material(record: CaseRecord) -> str | None:
    deferrals = record.snapshot.deferrals if record.snapshot else ()
    return next((one.material_id for deferral in deferrals for one in deferral.materials), None)


async def test_giving_up_an_answer_takes_two_people(world: World) -> None:
    case = await launched(world, ask("a", "market", role="LEAD"), ask("b", "culture"))
    assert (await world.call_back("market", case.reply("a"))).json() == {"status": "applied"}
    wanted = {"act": "WAIVE_REQUEST", "request_id": case.request_id("b"), "legal_basis": "第九条"}
    shown = await decided(case, "proposals", **wanted)
    (proposal,) = shown["proposals"]
    confirm = f"/v1/cases/{case.case_id}/proposals/{proposal['proposal_id']}/confirm"
    own = await world.post("leader", confirm, {"reason": "同意"}, key="own")
    assert (own.status_code, own.json()["code"]) == (409, "second-person-needed")
    clerk = await world.post("clerk", confirm, {"reason": "同意"}, key="clerk")
    assert clerk.status_code == 403
    second = await world.post("supervisor", confirm, {"reason": "核对无误"}, key="second")
    assert second.status_code == 200, second.text
    ended = await case.closed()
    assert ended.outcome is not None
    assert ended.outcome.outcome is Outcome.DONE
    assert (await case.request("b")).state is RequestState.WAIVED
    await world.verified()
