"""`liandong case decide`: its list is the API's, and what it sends is what was said."""

import json
import threading
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

from api.routers import conferences, decisions, deferrals, follow_ups
from cli.decisions import DECISIONS, About
from cli.main import app

RUNNER = CliRunner()
CASE = "LD-2026-000001"
MATERIAL = f"{CASE}.change-m1"
PROPOSAL = f"propose.{'0' * 40}"
_PART = {About.REQUEST: "{key}", About.MATERIAL: "{material_id}", About.PROPOSAL: "{proposal_id}", About.CASE: ""}


@cache
def posted() -> dict[str, dict[str, Any]]:
    """Path below the case → body schema, for every decision of the API."""
    api = FastAPI()
    for router in (decisions.router, conferences.router, deferrals.router, follow_ups.router):
        api.include_router(router)
    document = api.openapi()
    schemas = document["components"]["schemas"]
    found = {}
    for path, operations in document["paths"].items():
        body = operations.get("post", {}).get("requestBody")
        if body is not None:
            name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            found[path.removeprefix("/v1/cases/{case_id}/")] = schemas[name]
    return found


def test_every_decision_of_the_api_has_a_kind_and_no_kind_is_invented() -> None:
    paths = {one.path.format(part=_PART[one.about]) for one in DECISIONS.values()}

    assert paths == set(posted())


@pytest.mark.parametrize("kind", DECISIONS)
def test_a_kind_names_the_fields_of_its_body(kind: str) -> None:
    decision = DECISIONS[kind]
    schema = posted()[decision.path.format(part=_PART[decision.about])]
    said = {name.rstrip("?"): name.endswith("?") for name in decision.fields.split()}
    given = {"reason"} if decision.reasoned else {"note"}
    if decision.about is About.REQUEST:
        # What the person has seen is sent along
        given |= {"round"}

    assert given <= set(schema["properties"])
    assert decision.authorised is ("authority" in schema["properties"]) or not decision.reasoned
    for name, optional in said.items():
        assert optional is (name not in schema["required"]), name
    assert set(schema.get("required", ())) <= set(said) | given


class Desk(ThreadingHTTPServer):
    """Speaks like the API about one case, and keeps what it was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.posts: list[tuple[str, str, dict[str, Any]]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Desk

    def do_GET(self) -> None:
        self._answer(follow_ups_shown() if self.path.endswith("/follow-ups") else case_shown())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.posts.append((self.path, self.headers["idempotency-key"], body))
        self._answer(case_shown()["coordination"])

    def log_message(self, *_: object) -> None:
        return None

    def _answer(self, value: dict[str, Any]) -> None:
        content = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def case_shown() -> dict[str, Any]:
    at = "2026-02-16T01:00:00Z"
    clock: dict[str, Any] = {"clock": {}, "rungs": []}
    material = {
        "material_id": MATERIAL,
        "request_id": f"{CASE}.change",
        "name": "身份证",
        "form": "原件",
        "channels": ["POST"],
        "verifier": "market",
        "state": "REJECTED",
        "clock": clock,
        "due_at": at,
        "extensions": 1,
        "submissions": [{"number": 1, "at": at, "channel": "POST", "note": "", "sha256": None, "result": "看不清"}],
        "verified_at": None,
    }
    deferral = {
        "request_id": f"{CASE}.change",
        "instrument": "ISSUE_THEN_VERIFY",
        "state": "RECTIFYING",
        "objections": ["dishonesty-record: an earlier promise was broken and not repaired"],
        "objections_zh": ["有未修复的失信记录"],
        "override_reason": "本人到场",
        "commitment": "",
        "remote_check": "视频核验通过",
        "materials": [material],
        "rectification": clock,
        "rectify_by": at,
    }
    needed = {"name": "租赁合同", "asked_by": ["market"], "held_by": None, "received_at": None, "received_as": ""}
    supplement = {"issued_at": at, "issued_by": "user:leader", "materials": [needed], "clock": clock}
    proposal = {
        "proposal_id": PROPOSAL,
        "act": "REVOKE",
        "proposed_by": "user:leader",
        "proposed_at": at,
        "reason": "逾期",
        "legal_basis": "第六十九条",
        "remedy": None,
        "request_id": None,
        "outcome": None,
        "settled_by": None,
        "settled_at": None,
        "confirmed": None,
    }
    wait = {
        "wait_id": f"{CASE}.wait1",
        "why": "a second person must confirm or turn down: REVOKE",
        "why_zh": "请第二人同意或否决",
        "deciders": ["supervisor", "duty_leader"],
        "clock": {"clock": {"stopped_at": None}},
        "due_at": at,
    }
    turn = {"number": 1, "department": "market"}
    requests: list[dict[str, Any]] = [
        {"key": key, "department": "market", "party": None, "kind": "DEPARTMENT", "state": "OPEN", "rounds": rounds}
        for key, rounds in (("change", [turn, turn | {"number": 2}]), ("tax", []))
    ]
    return {
        "case_id": CASE,
        "title": "变更登记",
        "requester": {"name": "某公司"},
        "item": {"name": "变更"},
        "stage": "COORDINATING",
        "registered_at": at,
        "registered_by": "user:clerk",
        "first_contact": {"at": at, "due_at": at},
        "triage": {"decision": "COORDINATE", "cause": "MATERIAL_GAP"},
        "launched_at": at,
        "outcome": None,
        "lineage": {"same_facts_as": "LD-2025-000009", "reopened_from": None, "reopened_as": []},
        "coordination": {
            "case_id": CASE,
            "requests": requests,
            "deferrals": [deferral],
            "supplement": supplement | {"due_at": at, "closed_at": None, "lapsed": False},
            "proposals": [proposal],
            "waits": [wait],
            "decision_needed": "revoke",
            "decision_needed_zh": "承诺未兑现",
            "interim_outcome": "DONE_CONDITIONALLY",
        },
    }


def follow_ups_shown() -> dict[str, Any]:
    at = "2026-02-16T01:00:00Z"
    state = {
        "call": {"due_at": at},
        "call_over": True,
        "attempts": [{"at": at, "by": "user:clerk", "reached": True, "resolved": False}],
        "rating": {"coordination": "DISSATISFIED", "comment": "太慢"},
        "review": {
            "contacted_at": at,
            "contact": {"due_at": at},
            "treatment": "RECTIFY",
            "reason": "上门",
            "decision": None,
            "rectification": None,
        },
        "waiting_for": "",
        "waiting_for_zh": "",
        "ended_at": at,
        "end": "COMPLETED",
    }
    order = {"number": 1, "ordered_at": at, "state": state, "reopened_as": "LD-2026-000002"}
    return {"case_id": CASE, "items": [order, order | {"number": 2, "state": None, "reopened_as": None}]}


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    with Desk() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("LIANDONG_DATA_DIR", str(tmp_path / "data"))
        monkeypatch.setenv("LIANDONG_TOKEN", "some-token")
        monkeypatch.setenv("LIANDONG_API__PUBLIC_URL", f"http://127.0.0.1:{server.server_port}")
        yield server
        server.shutdown()


def decide(*arguments: str) -> tuple[int, str]:
    answer = RUNNER.invoke(app, ["case", "decide", CASE, *arguments])
    return answer.exit_code, answer.output


def test_a_decision_carries_its_fields_its_reason_and_a_key(desk: Desk) -> None:
    fields = ("--set", "to=culture", "--set", 'support=["market"]', "--set", "minutes=3/2026")
    status, said = decide("designate", "--request", "change", *fields, "--reason", "会商认定", "--key", "k1")

    assert status == 0, said
    body = {"round": 2, "reason": "会商认定", "to": "culture", "support": ["market"], "minutes": "3/2026"}
    assert desk.posts == [(f"/v1/cases/{CASE}/requests/change/designate", "k1", body)]


def test_who_looked_earlier_says_which_round_it_was(desk: Desk) -> None:
    """The API refuses it when another round has begun since."""
    assert decide("ask-again", "--request", "change", "--round", "1", "--reason", "x")[0] == 0

    assert desk.posts[0][2] == {"round": 1, "reason": "x"}


def test_fields_come_from_a_file_and_from_within_a_field(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "answer.json"
    file.write_text('{"reply": {"code": "ACCEPTED"}}')
    status, said = decide(
        "external-answer", "--request", "tax", "--json", str(file), "--set", "reply.note=好", "--reason", "电话"
    )

    assert status == 0, said
    assert desk.posts[0][2] == {"round": 0, "reason": "电话", "reply": {"code": "ACCEPTED", "note": "好"}}


def test_the_only_material_and_the_only_waiting_proposal_need_no_name(desk: Desk) -> None:
    assert decide("submit-material", "--set", "channel=POST", "--reason", "收到")[0] == 0
    assert decide("confirm", "--reason", "核对", "--set", "confirmed=false")[0] == 0
    assert (
        decide("extend-material", "--material", "change-m1", "--set", "limit=1 working_days", "--reason", "x")[0] == 0
    )

    paths = [path.removeprefix(f"/v1/cases/{CASE}/") for path, _, _ in desk.posts]
    assert paths == [f"materials/{MATERIAL}/submit", f"proposals/{PROPOSAL}/confirm", f"materials/{MATERIAL}/extend"]
    assert desk.posts[1][2]["confirmed"] is False
    assert len({key for _, key, _ in desk.posts}) == 3, "each decision is its own"


def test_a_call_is_told_as_its_note(desk: Desk) -> None:
    assert decide("call", "--set", "reached=true", "--set", "resolved=true", "--reason", "已拿到")[0] == 0

    assert desk.posts[0][2] == {"note": "已拿到", "reached": True, "resolved": True}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("dance", "--reason", "x"), "no such decision: dance"),
        (("proceed", "--reason", "x"), "say which request: change, tax"),
        (("close", "--request", "change", "--reason", "x"), "close is about the case"),
        (("escalate", "--set", "level", "--reason", "x"), "NAME=VALUE"),
        (("minutes", "--set", "actions=[", "--reason", "x"), "not readable as JSON"),
    ],
)
def test_what_cannot_be_sent_is_said(desk: Desk, arguments: tuple[str, ...], said: str) -> None:
    status, output = decide(*arguments)

    assert status == 1
    assert said in " ".join(output.split())
    assert desk.posts == []


def test_a_case_shows_promises_supplement_proposals_and_lineage(desk: Desk) -> None:
    shown = RUNNER.invoke(app, ["case", "show", CASE])

    assert shown.exit_code == 0, shown.output
    assert desk.posts == []
    for words in (
        "告知承诺",
        "责令改正",
        "未通过",
        "看不清",
        "本人到场",
        "原件",
        "checked remotely: 视频核验通过",
        "租赁合同",
        "等待第二人",
        "LD-2025-000009",
        "容缺办成",
        "协同办理 COORDINATE",
        "有未修复的失信记录",
        "承诺未兑现 · revoke",
        "请第二人同意或否决",
        "督办员",
        "撤销办理结果",
        "邮寄 POST",
    ):
        assert words in shown.output


def test_follow_ups_show_calls_rating_and_review(desk: Desk) -> None:
    shown = RUNNER.invoke(app, ["case", "follow-ups", CASE])

    assert shown.exit_code == 0, shown.output
    assert desk.posts == []
    for words in ("未解决", "DISSATISFIED", "不满意", "RECTIFY", "整改", "LD-2026-000002", "COMPLETED", "已启动"):
        assert words in shown.output
