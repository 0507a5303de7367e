"""Decisions: each reaches the engine once, in the person's own name."""

from datetime import UTC, date, datetime
from typing import Any, get_args

import pytest

from domain.any_decision import AnyDecision
from domain.assignment import AnswerExternal, AskAgain, ReassignRequest
from domain.conference import RecordMinutes
from domain.deferral import Channel, SubmitMaterial
from domain.joint_decision import ConfirmAct
from domain.objection import Designate
from domain.person import PersonRole
from domain.time_decision import ExtendRequest
from tests.api.bodies import REASON, launched, triaged
from tests.api.conftest import Desk

REPORT = {"facts_found": "不符合条件", "alternatives_considered": "无其他政策可用"}
MATERIAL = "LD-2023-000001.dissolve-m1"
PROPOSAL = f"propose.{'0' * 40}"
DECISIONS: dict[str, dict[str, Any]] = {
    "requests/dissolve/reassign": {"round": 1, "to": "police", "reply_limit": "3 working_days"},
    "requests/dissolve/ask-again": {"round": 1},
    "requests/dissolve/extend": {"round": 1, "limit": "2 working_days"},
    "requests/dissolve/withdraw": {"round": 1},
    "requests/owner/external-answer": {"round": 1, "reply": {"code": "ACCEPTED", "note": "已联系上"}},
    "requests/dissolve/answer-extension": {"round": 1, "granted": True, "until": "2023-01-20"},
    "requests/dissolve/pause": {"round": 1, "legal_basis": "行政许可法 第四十五条"},
    "requests/dissolve/resume": {"round": 1},
    "requests/licence/proceed": {"round": 0},
    "requests/dissolve/convene-conference": {"round": 1, "participants": ["market", "police"]},
    "requests/dissolve/designate": {
        "round": 1,
        "to": "market",
        "support": ["police"],
        "minutes": "会商纪要〔2023〕3号",
    },
    "requests/dissolve/deferral/approve": {"round": 1, "authority": "示范府规〔2023〕2号"},
    "requests/dissolve/deferral/fail": {"round": 1, "legal_basis": "第八条", "remedy": "可重新申请"},
    "requests/dissolve/deferral/extend-rectification": {
        "round": 1,
        "limit": "3 working_days",
        "authority": "示范府规〔2023〕2号",
    },
    "asks": {"ask": {"key": "records", "department": "police", "text": "核对登记"}},
    "supplement-notice": {"legal_basis": "第三十二条", "limit": "3 working_days"},
    "supplement": {"received": [{"name": "租赁合同", "received_as": "纸质原件"}]},
    "minutes": {
        "number": "联席纪要〔2023〕5号",
        "held_at": "2023-01-03T09:00:00+08:00",
        "participants": ["market"],
        "actions": [{"department": "market", "what": "移交清单", "until": "2023-01-10", "basis": "第二条"}],
    },
    "escalate": {"level": "supervisor"},
    "weigh": {"prevails": "LD-2023-000001.dissolve", "authority": "示范府规〔2023〕2号"},
    "proposals": {"act": "WAIVE_REQUEST", "request_id": "LD-2023-000001.dissolve", "legal_basis": "第九条"},
    f"proposals/{PROPOSAL}/confirm": {"confirmed": False},
    f"materials/{MATERIAL}/submit": {"channel": "POST"},
    f"materials/{MATERIAL}/extend": {
        "limit": "2 working_days",
        "force_majeure": True,
        "authority": "海事通告〔2023〕12号",
    },
    "withdraw": {},
    "close": {"outcome": "LAWFULLY_REFUSED", "legal_basis": "第六条", "remedy": "可申请复议", "report": REPORT},
}


@pytest.mark.parametrize(("path", "extra"), DECISIONS.items(), ids=DECISIONS)
async def test_a_repeated_decision_is_one_command(desk: Desk, path: str, extra: dict[str, Any]) -> None:
    case_id = await launched(desk)
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        sent = [
            await leader.post(f"/v1/cases/{case_id}/{path}", json=REASON | extra, headers={"Idempotency-Key": "mine-1"})
            for _ in range(2)
        ]
        without = await leader.post(f"/v1/cases/{case_id}/{path}", json=REASON | extra)
    assert [response.status_code for response in sent] == [200, 200], sent[0].text
    assert sent[0].json() == sent[1].json()
    (decision,) = desk.engine.decisions.values()
    assert decision.decided_by == "user:duty_leader"
    assert "mine-1" not in decision.command_id
    assert without.status_code == 422
    missing = {"field": "Idempotency-Key", "rule": "missing", "detail": "Field required", "detail_zh": "此项必填"}
    assert without.json()["problems"] == [missing]


async def test_a_key_belongs_to_one_person_and_one_operation(desk: Desk) -> None:
    case_id = await launched(desk)
    headers = {"Idempotency-Key": "1"}
    for who in ("duty_leader", "other_leader"):
        async with desk.client(who) as leader:
            for path in ("requests/dissolve/withdraw", "requests/licence/withdraw", "withdraw"):
                body = REASON if path == "withdraw" else REASON | {"round": 1}
                response = await leader.post(f"/v1/cases/{case_id}/{path}", json=body, headers=headers)
                assert response.status_code == 200, response.text
    assert len(desk.engine.decisions) == 6


async def test_values_reach_the_engine_as_they_were_meant(desk: Desk) -> None:
    case_id = await launched(desk)
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        for path, extra in DECISIONS.items():
            await leader.post(f"/v1/cases/{case_id}/{path}", json=REASON | extra, headers={"Idempotency-Key": "k"})
    by_type = {type(decision): decision for decision in desk.engine.decisions.values()}
    reassign, again = by_type[ReassignRequest], by_type[AskAgain]
    extend, answer = by_type[ExtendRequest], by_type[AnswerExternal]
    assert isinstance(reassign, ReassignRequest)
    assert (reassign.to.code, str(reassign.reply_limit)) == ("police", "3 working_days")
    assert isinstance(again, AskAgain)
    assert (again.request_id, again.round) == (f"{case_id}.dissolve", 1)
    assert isinstance(extend, ExtendRequest)
    assert str(extend.limit) == "2 working_days"
    assert isinstance(answer, AnswerExternal)
    assert answer.reply == {"code": "ACCEPTED", "note": "已联系上"}


async def test_the_same_key_with_another_body_is_a_conflict(desk: Desk) -> None:
    case_id = await launched(desk)
    url, headers = f"/v1/cases/{case_id}/requests/dissolve/extend", {"Idempotency-Key": "k"}
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        first = await leader.post(url, json=REASON | {"round": 1, "limit": "2 working_days"}, headers=headers)
        other = await leader.post(url, json=REASON | {"round": 1, "limit": "3 working_days"}, headers=headers)
        again = await leader.post(url, json=REASON | {"round": 1, "limit": "2 working_days"}, headers=headers)
    assert [one.status_code for one in (first, other, again)] == [200, 409, 200]
    assert other.json()["code"] == "idempotency-key-reused"
    assert len(desk.engine.decisions) == 1


async def test_whole_decisions_arrive(desk: Desk) -> None:
    case_id = await launched(desk)
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        for path, extra in DECISIONS.items():
            response = await leader.post(
                f"/v1/cases/{case_id}/{path}", json=REASON | extra, headers={"Idempotency-Key": "k"}
            )
            assert response.status_code == 200, (path, response.text)
    sent = {decision.kind: decision for decision in desk.engine.decisions.values()}
    assert set(sent) == {one.model_fields["kind"].default for one in get_args(get_args(AnyDecision)[0])} - {
        "clear_suspicion",
        "hand_over_round",
        "learn_years",
    }
    designate, minutes = sent["designate"], sent["record_minutes"]
    assert isinstance(designate, Designate)
    assert [route.code for route in designate.support] == ["police"]
    assert isinstance(minutes, RecordMinutes)
    assert minutes.held_at == datetime(2023, 1, 3, 1, tzinfo=UTC)
    assert minutes.actions[0].until == date(2023, 1, 10)
    confirm = sent["confirm_act"]
    assert isinstance(confirm, ConfirmAct)
    assert (confirm.proposal_id, confirm.confirmed) == (PROPOSAL, False)
    material = sent["submit_material"]
    assert isinstance(material, SubmitMaterial)
    assert (material.material_id, material.channel, material.sha256) == (MATERIAL, Channel.POST, None)


async def test_nobody_smuggles_a_hash_in_without_its_file(desk: Desk) -> None:
    case_id = await launched(desk)
    body = REASON | {"channel": "POST", "sha256": "0" * 64}
    async with desk.client(PersonRole.CLERK) as clerk:
        url = f"/v1/cases/{case_id}/materials/{MATERIAL}/submit"
        response = await clerk.post(url, json=body, headers={"Idempotency-Key": "k"})
    assert (response.status_code, response.json()["problems"][0]["rule"]) == (422, "extra-forbidden")


@pytest.mark.parametrize(
    ("path", "extra", "field"),
    [
        ("requests/dissolve/reassign", {"round": 1, "to": "nowhere"}, "to"),
        (
            "requests/dissolve/designate",
            {"round": 1, "to": "market", "minutes": "3", "support": ["nowhere"]},
            "support.0",
        ),
        ("requests/dissolve/convene-conference", {"round": 1, "participants": ["market", "nowhere"]}, "participants.1"),
        ("asks", {"ask": {"key": "a", "department": "nowhere", "text": "x"}}, "ask.department"),
        ("requests/dissolve/extend", {"round": 1, "limit": "2023-01-02"}, "limit"),
        ("requests/dissolve/answer-extension", {"round": 1, "granted": True, "until": "2023-01-02"}, "until"),
        ("close", {"outcome": "LAWFULLY_REFUSED", "legal_basis": "第六条", "remedy": "可复议"}, "report"),
        ("requests/dissolve/deferral/approve", {"round": 1}, "authority"),
        ("requests/dissolve/deferral/extend-rectification", {"round": 1, "limit": "2 working_days"}, "authority"),
        ("weigh", {"prevails": "LD-2023-000001.dissolve"}, "authority"),
        (f"materials/{MATERIAL}/extend", {"limit": "2 working_days", "force_majeure": True}, "authority"),
        ("dishonesty-repair", {}, "authority"),
        ("minutes", DECISIONS["minutes"] | {"held_at": "2023-01-03T09:00:00"}, "held_at"),
    ],
)
async def test_the_field_is_the_one_that_was_sent(desk: Desk, path: str, extra: dict[str, Any], field: str) -> None:
    case_id = await launched(desk)
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        url = f"/v1/cases/{case_id}/{path}"
        response = await leader.post(url, json=REASON | extra, headers={"Idempotency-Key": "1"})
    assert response.status_code == 422, response.text
    assert [problem["field"] for problem in response.json()["problems"]] == [field]


@pytest.mark.parametrize(
    ("path", "extra", "status", "code"),
    [
        ("requests/dissolve/reassign", {"round": 1, "to": "nowhere"}, 422, "unknown-department"),
        ("requests/nothing/withdraw", {"round": 1}, 404, "unknown-request"),
        ("close", {"outcome": "LAWFULLY_REFUSED", "remedy": "可申请复议"}, 422, "negative-answer-incomplete"),
        ("close", {"outcome": "WITHDRAWN"}, 422, "outcome-not-closing"),
    ],
)
async def test_refused_before_the_engine(desk: Desk, path: str, extra: dict[str, Any], status: int, code: str) -> None:
    case_id = await launched(desk)
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        url = f"/v1/cases/{case_id}/{path}"
        response = await leader.post(url, json=REASON | extra, headers={"Idempotency-Key": "1"})
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert not desk.engine.decisions


async def test_no_decision_before_the_launch(desk: Desk) -> None:
    case_id = await triaged(desk)
    async with desk.client(PersonRole.DUTY_LEADER) as leader:
        response = await leader.post(f"/v1/cases/{case_id}/withdraw", json=REASON, headers={"Idempotency-Key": "1"})
    assert (response.status_code, response.json()["code"]) == (409, "not-coordinating")
