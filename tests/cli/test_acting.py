"""People of a demonstration case act in their order, at their time, and a wrong answer of the API is no success."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from bootstrap.api_client import ApiClient, Json
from bootstrap.api_error import ApiRefusal
from cli.demonstration.act import Act
from cli.demonstration.acting import Acting, Surprise
from cli.demonstration.requester import Requester

CASE = "LD-2026-000001"
OPEN = {"key": "permit", "state": "OPEN", "rounds": [{"number": 1, "delivered_at": "2026-02-16T01:00:00Z"}]}


class Voice(ApiClient):
    """Writes down what it would send, or refuses it."""

    def __init__(self, refusal: ApiRefusal | None = None) -> None:
        super().__init__("http://127.0.0.1:1", None)
        self.sent: list[tuple[str, Json]] = []
        self.refusal = refusal

    async def post(self, path: str, body: Json, *, key: str | None = None) -> Json:
        self.sent.append((path, body))
        if self.refusal is not None:
            raise self.refusal
        return {}


def act(**changes: Any) -> Act:
    plain = {"by": "leader", "do": "reassign", "key": "permit", "when": {"state": "DECISION"}, "body": {"to": "market"}}
    return Act.model_validate(plain | changes)


def case(**changes: Any) -> Json:
    coordination = {"requests": [OPEN | changes], "deferrals": [], "proposals": []}
    return {"case_id": CASE, "coordination": coordination}


def refusal(status: int, code: str) -> ApiRefusal:
    return ApiRefusal(status, {"type": f"urn:liandong:problem:{code}", "detail": "no"})


async def test_an_act_waits_for_its_time_and_is_done_once() -> None:
    voice = Voice()
    acting = Acting((act(),), lambda _: voice, 1.0)

    assert await acting.go_on(case()) is False
    assert await acting.go_on(case(state="DECISION")) is True
    assert await acting.go_on(case(state="DECISION")) is False
    assert acting.over
    assert voice.sent == [(f"/v1/cases/{CASE}/requests/permit/reassign", {"round": 1, "to": "market"})]


async def test_an_act_waits_the_days_it_names() -> None:
    acting = Acting((act(when={"state": "OPEN", "after_days": 1}),), lambda _: Voice(), 3_600.0)

    assert await acting.go_on(case()) is False
    assert not acting.over


async def test_an_officer_answers_in_the_inbox() -> None:
    voice, reply = Voice(), {"code": "ACCEPTED"}
    answer = act(by="officer:culture", do="answer", when={"round": 1, "delivered": True}, body=reply)

    assert await Acting((answer,), lambda _: voice, 1.0).go_on(case()) is True
    assert voice.sent == [(f"/v1/inbox/{CASE}.permit/reply", {"reply": reply})]


async def test_the_refusal_that_was_expected_is_kept_and_the_next_act_follows() -> None:
    voice = Voice(refusal(409, "conference-needed"))
    refused = act(when={}, refused={"status": 409, "code": "conference-needed"})
    acting = Acting((refused, act()), lambda _: voice, 1.0)

    assert await acting.go_on(case()) is True
    assert acting.refusals == ["reassign by leader: 409 conference-needed"]
    assert not acting.over


@pytest.mark.parametrize(("status", "code"), [(409, "no-dispute"), (422, "conference-needed")])
async def test_another_refusal_than_expected_is_a_surprise(status: int, code: str) -> None:
    refused = act(when={}, refused={"status": 409, "code": "conference-needed"})
    acting = Acting((refused,), lambda _: Voice(refusal(status, code)), 1.0)

    with pytest.raises(Surprise, match=f"409 conference-needed, got {status} {code}"):
        await acting.go_on(case())


async def test_a_wanted_refusal_that_does_not_come_is_a_surprise() -> None:
    refused = act(when={}, refused={"status": 409, "code": "conference-needed"})

    with pytest.raises(Surprise, match="but it was accepted"):
        await Acting((refused,), lambda _: Voice(), 1.0).go_on(case())


async def test_an_api_that_is_busy_is_asked_again() -> None:
    voice = Voice(refusal(503, "engine-away"))
    acting = Acting((act(when={}),), lambda _: voice, 1.0)

    assert await acting.go_on(case()) is False
    voice.refusal = None
    assert await acting.go_on(case()) is True
    assert acting.over


async def test_a_requester_hands_in_by_the_own_door_and_not_without_a_code() -> None:
    sent: list[tuple[str, str, str]] = []

    class Door(Voice):
        async def post_file(self, path: str, content: bytes, headers: Mapping[str, str], *, key: str) -> Json:
            assert content.startswith(b"%PDF-")
            sent.append((path, headers["case-number"], headers["progress-code"]))
            return {}

    handing = act(by="requester", do="hand-in", material="permit-m1", when={}, body={})
    requester = Requester(Door(), CASE, "7K3M-W9PD-4")
    assert await Acting((handing,), lambda _: Voice(), 1.0, requester).go_on(case()) is True
    assert sent == [("/v1/progress/materials/permit-m1/file", CASE, "7K3M-W9PD-4")]
    with pytest.raises(Surprise, match="code"):
        await Acting((handing,), lambda _: Voice(), 1.0).go_on(case())


@pytest.mark.parametrize("spoilt", [{"by": "clerk"}, {"material": None}, {"do": "reassign"}])
def test_only_requesters_hand_in_and_they_say_what(spoilt: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        act(**{"by": "requester", "do": "hand-in", "material": "permit-m1", "when": {}, "body": {}} | spoilt)
