"""The simulated departments keep their word: what is scripted happens, and the journal says all of it."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from standardwebhooks import Webhook, WebhookVerificationError

from simulators.app import create_app
from simulators.department import Secrets
from simulators.memory import Memory
from simulators.script import Behaviour, Script
from simulators.server import serving

SECRET = "whsec_c2ltdWxhdG9yLXNlY3JldC1mb3ItdGVzdHM="
TOKEN = "token-for-tests-only"
CONTROL = "control-token-of-the-tests"
ALLOWED = {"Authorization": f"Bearer {CONTROL}"}
REQUEST = "LD-2026-000007.licence"


@dataclass
class Engine:
    """Plays the engine's door: checks signatures and keeps what it acknowledged."""

    acknowledged: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    turned_away: list[int] = field(default_factory=list)
    busy_first: int = 0

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/v1/departments/market/callbacks")
        async def callbacks(request: Request) -> JSONResponse:
            status = self._judge(dict(request.headers), await request.body())
            if status != 200:
                self.turned_away.append(status)
            return JSONResponse({"status": status}, status_code=status)

        return app

    def _judge(self, headers: dict[str, str], body: bytes) -> int:
        if self.busy_first > 0:
            self.busy_first -= 1
            return 503
        if len(body) > 65_536:
            return 413
        try:
            Webhook(SECRET).verify(body, headers, json_parse=False)
        except WebhookVerificationError:
            return 401
        try:
            data = json.loads(body)["data"]
        except (ValueError, KeyError):
            return 422
        if "round" not in data or not isinstance(data["round"], int):
            return 422
        self.acknowledged.append((headers["webhook-id"], data))
        return 200


@dataclass
class Market:
    engine: Engine
    http: httpx.AsyncClient
    engine_url: str

    async def script(self, default: dict[str, object], **more: object) -> None:
        response = await self.http.put("/scripts/market", json={"default": default, **more})
        assert response.status_code == 200, response.text

    async def dispatch(self, *, number: int = 1, request_id: str = REQUEST, secret: str = SECRET) -> httpx.Response:
        key = f"{request_id}.r{number}"
        reply_to = f"{self.engine_url}/v1/departments/market/callbacks"
        data = {"request_id": request_id, "round": number, "idempotency_key": key, "reply_to": reply_to}
        body, now = json.dumps({"type": "request.dispatched", "data": data}), datetime.now(UTC)
        headers = {
            "webhook-id": key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(key, now, body),
        }
        return await self.http.post("/market/requests", content=body, headers=headers)

    async def journal(self) -> dict[str, list[dict[str, object]]]:
        found: dict[str, list[dict[str, object]]] = (await self.http.get("/journal/market")).json()
        return found

    async def settled(self, count: int) -> list[dict[str, object]]:
        """The journal's callbacks once this many have come to an end."""
        async with asyncio.timeout(50):
            while True:
                callbacks = (await self.journal())["callbacks"]
                if sum(bool(callback["finished"]) for callback in callbacks) >= count:
                    return callbacks
                await asyncio.sleep(0.03)


@pytest.fixture
async def market() -> AsyncIterator[Market]:
    engine = Engine()
    secrets = {"market": Secrets(webhook_secrets=(SECRET,)), "housing": Secrets(bearer_token=TOKEN)}
    async with (
        serving(engine.app()) as engine_url,
        serving(create_app(secrets, control=CONTROL)) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=50, headers=ALLOWED) as http,
    ):
        yield Market(engine, http, engine_url)


async def test_without_a_script_it_signs_for_a_request_and_accepts_it(market: Market) -> None:
    assert (await market.dispatch()).json() == {"receipt": "market-000001"}
    await market.settled(2)
    assert [data.get("reply") for _, data in market.engine.acknowledged] == [None, {"code": "ACCEPTED", "note": ""}]


async def test_the_journal_names_exactly_what_the_engine_acknowledged(market: Market) -> None:
    await market.script({"acknowledge_after": 0, "interim": [{"after": 0, "note": "x"}], "answer_after": 0})
    market.engine.busy_first = 3
    for number in (1, 2, 3):
        await market.dispatch(number=number)
    callbacks = await market.settled(9)
    claimed = {callback["message_id"] for callback in callbacks if callback["status"] == 200}
    assert claimed == {message_id for message_id, _ in market.engine.acknowledged}
    assert len(claimed) == 9
    assert market.engine.turned_away == [503] * 3


async def test_a_wrong_signature_is_not_taken_in(market: Market) -> None:
    response = await market.dispatch(secret="whsec_d3JvbmctZW5naW5lLXNlY3JldC1oZXJlLW5vdw==")
    assert response.status_code == 401
    (received,) = (await market.journal())["received"]
    assert (received["authentic"], received["committed"]) == (False, False)


async def test_repetitions_are_counted_and_have_one_effect(market: Market) -> None:
    statuses = [(await market.dispatch()).status_code for _ in range(3)]
    assert statuses == [200, 409, 409]
    received = (await market.journal())["received"]
    assert Counter(entry["committed"] for entry in received) == {True: 1, False: 2}
    assert {entry["idempotency_key"] for entry in received} == {f"{REQUEST}.r1"}


async def test_it_fails_the_first_sends_of_each_round(market: Market) -> None:
    await market.script({"fail_first": 2, "fail_status": 500, "retry_after": 4})
    responses = [await market.dispatch(number=number) for number in (1, 1, 1, 2)]
    assert [response.status_code for response in responses] == [500, 500, 200, 500]
    assert responses[0].headers["retry-after"] == "4"


async def test_it_breaks_the_connection_after_it_committed(market: Market) -> None:
    await market.script({"fault": "drop"})
    with pytest.raises(httpx.RemoteProtocolError):
        await market.dispatch()
    assert (await market.dispatch()).status_code == 409
    assert [entry["outcome"] for entry in (await market.journal())["received"]] == ["drop", "409"]


@pytest.mark.parametrize("fault", ["slow", "hang"])
async def test_it_keeps_the_caller_waiting(market: Market, fault: str) -> None:
    await market.script({"fault": fault})
    waiting = asyncio.create_task(market.dispatch())
    async with asyncio.timeout(50):
        while not (received := (await market.journal())["received"]):
            await asyncio.sleep(0.03)
    assert not waiting.done()
    assert [entry["committed"] for entry in received] == [fault == "slow"]
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


async def test_a_restarted_department_remembers_and_answers_under_the_same_id(tmp_path: Path) -> None:
    engine, memory = Engine(), Memory(tmp_path / "rounds.jsonl")
    secrets = {"market": Secrets(webhook_secrets=(SECRET,))}
    script = {"market": Script(default=Behaviour(acknowledge_after=0, answer_after=0.5))}
    async with serving(engine.app()) as engine_url:
        for run in range(3):
            app = create_app(secrets, script, memory=memory, control=CONTROL)
            async with serving(app) as url, httpx.AsyncClient(base_url=url, trust_env=False, headers=ALLOWED) as http:
                market = Market(engine, http, engine_url)
                assert (await market.dispatch()).status_code == (409 if run else 200)
                await market.settled((1, 2, 0)[run])
    ids = [message_id.rpartition("_")[2] for message_id, _ in engine.acknowledged]
    assert Counter(ids) == {"ack": 2, "answer": 1}
    assert len({message_id for message_id, _ in engine.acknowledged}) == 2


async def test_a_restarted_department_answers_where_the_engine_is_now(tmp_path: Path) -> None:
    engine, memory = Engine(), Memory(tmp_path / "rounds.jsonl")
    secrets = {"market": Secrets(webhook_secrets=(SECRET,))}
    slow = {"market": Script(default=Behaviour(acknowledge_after=None, answer_after=0.5))}
    gone = "http://127.0.0.1:9"
    async with (
        serving(create_app(secrets, slow, memory=memory)) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as http,
    ):
        assert (await Market(engine, http, gone).dispatch()).status_code == 200
    async with serving(engine.app()) as engine_url:
        app = create_app(secrets, callback_base=engine_url, memory=memory, control=CONTROL)
        async with serving(app) as url, httpx.AsyncClient(base_url=url, trust_env=False, headers=ALLOWED) as http:
            await Market(engine, http, engine_url).settled(1)
    assert len(engine.acknowledged) == 1


async def test_silence(market: Market) -> None:
    await market.script({"acknowledge_after": None, "answer_after": None})
    await market.dispatch()
    await market.script({"acknowledge_after": None, "answer_after": 0})
    await market.dispatch(number=2)
    # The later round has said all that it had to say: so has the silent one
    assert [callback["round"] for callback in await market.settled(1)] == [2]


async def test_duplicates_repeats_and_a_contradiction(market: Market) -> None:
    second = {"code": "NO_RESULT", "tried": "x"}
    answer = {"answer_after": 0, "copies": 2, "repeats": 1, "second_reply": second, "second_after": 0.4}
    await market.script({"acknowledge_after": None} | answer)
    await market.dispatch()
    await market.settled(4)
    ids = [message_id for message_id, _ in market.engine.acknowledged]
    assert len(ids) == 4
    assert len(set(ids)) == 3
    assert ids[0] == ids[1]
    assert market.engine.acknowledged[-1][1]["reply"] == second


@pytest.mark.parametrize(("style", "status"), [("wrong_signature", 401), ("oversized", 413), ("poison", 422)])
async def test_callbacks_that_the_engine_must_refuse_are_not_repeated(market: Market, style: str, status: int) -> None:
    await market.script({"acknowledge_after": None, "answer_after": 0, "callback": style})
    await market.dispatch()
    (callback,) = await market.settled(1)
    assert callback["status"] == status
    assert market.engine.turned_away == [status]


async def test_an_answer_to_another_round_or_request(market: Market) -> None:
    await market.script(
        {"acknowledge_after": None, "answer_after": 0, "round_offset": -1},
        requests={"permit": {"acknowledge_after": None, "answer_after": 0, "as_request": "LD-2026-000009.other"}},
    )
    await market.dispatch(number=2)
    await market.dispatch(request_id="LD-2026-000007.permit")
    await market.settled(2)
    answered = {(data["request_id"], data["round"]) for _, data in market.engine.acknowledged}
    assert answered == {(REQUEST, 1), ("LD-2026-000009.other", 1)}


async def test_the_most_exact_entry_of_a_script_wins(market: Market) -> None:
    def code(status: int) -> dict[str, object]:
        return {"fail_first": 99, "fail_status": status}

    requests = {f"{REQUEST}.r2": code(502), REQUEST: code(503), "permit": code(504)}
    await market.script(code(500), cases={"LD-2026-000008": code(501)}, requests=requests)
    sends = [(REQUEST, 2), (REQUEST, 1), ("LD-2026-000008.permit", 1), ("LD-2026-000008.x", 1), ("LD-2026-000009.x", 1)]
    statuses = [(await market.dispatch(request_id=name, number=number)).status_code for name, number in sends]
    assert statuses == [502, 503, 504, 501, 500]


@pytest.mark.parametrize("given", [{}, {"Authorization": "Bearer x"}, {"Authorization": f"Bearer {TOKEN}"}])
async def test_scripts_and_journals_have_a_key_of_their_own(given: dict[str, str]) -> None:
    """They tell what was sent, and what a department will do next."""
    secrets = {"housing": Secrets(bearer_token=TOKEN)}
    for control in (CONTROL, None):
        app = create_app(secrets, control=control)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x", headers=given) as http:
            asked = [
                await http.put("/scripts/housing", json={"default": {"answer_after": 1}}),
                await http.get("/scripts/housing"),
                await http.get("/journal/housing"),
                await http.get("/journal/nobody"),
            ]
            assert (await http.get("/health")).status_code == 200
        assert [one.status_code for one in asked] == [401] * 4


async def test_a_script_can_be_read_back_and_a_wrong_one_is_refused(market: Market) -> None:
    await market.script({"answer_after": 9})
    assert (await market.http.get("/scripts/market")).json()["default"]["answer_after"] == 9
    assert (await market.http.put("/scripts/market", json={"default": {"anwser_after": 1}})).status_code == 422
    assert (await market.http.put("/scripts/nobody", json={})).status_code == 404


async def test_a_polled_department_needs_its_token_and_answers_when_asked(market: Market) -> None:
    path = f"/housing/requests/{REQUEST}/rounds/1"
    headers = {"authorization": f"Bearer {TOKEN}"}
    body = {"data": {"request_id": REQUEST, "round": 1}}
    assert (await market.http.put(path, json=body)).status_code == 401
    script = {"default": {"answer_after": None, "poll_fault": "html"}}
    assert (await market.http.put("/scripts/housing", json=script)).status_code == 200
    assert (await market.http.get(path, headers=headers)).status_code == 404
    for _ in range(2):
        assert (await market.http.put(path, json=body, headers=headers)).json() == {"receipt": "housing-000001"}
    assert (await market.http.get(path, headers=headers)).text.startswith("<html>")
    assert (await market.http.get(path, headers=headers)).json() == {"status": "pending"}
    assert (await market.http.put("/scripts/housing", json={"default": {"answer_after": 0}})).status_code == 200
    second, body = path.replace("/rounds/1", "/rounds/2"), {"data": {"request_id": REQUEST, "round": 2}}
    assert (await market.http.put(second, json=body, headers=headers)).status_code == 200
    answer = (await market.http.get(second, headers=headers)).json()
    assert (answer["status"], answer["reply"]["code"]) == ("answered", "ACCEPTED")
    assert (await market.http.delete(second, headers=headers)).status_code == 200
    assert (await market.http.get(second, headers=headers)).json() == {"status": "pending"}
