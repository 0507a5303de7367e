"""One case in a world: brought to its launch through the public API, watched in the store."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import httpx
from temporalio.api.enums.v1 import EventType
from temporalio.service import RPCError

from domain.case import CaseRecord, LaunchIntent
from domain.codes import CaseStage
from domain.fact import Fact, FactKind
from domain.inbox import InboxEntry
from domain.snapshot import RequestSnapshot, RoundSnapshot
from tests.server.waiting import PATIENCE_SECONDS, until
from tests.server.world import Json, World

LONG = "1 hours"
"""A limit that plays no part in the test."""
ACCEPTED: Json = {"code": "ACCEPTED", "note": "已办"}
NO_RESULT: Json = {"code": "NO_RESULT", "tried": "已查档案"}


def ask(key: str, department: str, *, reply: str = LONG, sign: str | None = None, **more: object) -> Json:
    return {
        "key": key,
        "department": department,
        "text": "请核实",
        "reply_limit": reply,
        "sign_limit": sign or reply,
    } | more


def registration(external_id: str) -> Json:
    return {
        "external_id": external_id,
        "title": "新店地址被占用",
        "request": "希望春节前开业",
        "requester": {"type": "individual", "name": "某人"},
        "item": {"name": "食品经营许可"},
    }


@dataclass(frozen=True)
class Case:
    world: World
    case_id: str
    asks: Sequence[Json]

    def request_id(self, key: str) -> str:
        return f"{self.case_id}.{key}"

    def reply(self, key: str, said: Json = ACCEPTED, *, round_: int = 1) -> Json:
        """The body of a callback that answers a round."""
        data = {"request_id": self.request_id(key), "round": round_, "reply": said}
        return {"type": "request.replied", "timestamp": datetime.now(UTC).isoformat(), "data": data}

    def acknowledgement(self, key: str, *, round_: int = 1) -> Json:
        data = {"request_id": self.request_id(key), "round": round_}
        return {"type": "request.acknowledged", "timestamp": datetime.now(UTC).isoformat(), "data": data}

    async def launch(self) -> httpx.Response:
        return await self.world.post("leader", f"/v1/cases/{self.case_id}/launch", {"asks": list(self.asks)})

    async def decide(self, what: str, **body: object) -> httpx.Response:
        where = f"/v1/cases/{self.case_id}/{what}"
        body = {"reason": "现场核实", **await self.seen(what), **body}
        return await self.world.post("leader", where, body, key=f"test-{what}")

    async def seen(self, what: str) -> dict[str, int]:
        """The round that a decision about a request is made on: the one that the API shows at the moment."""
        if not what.startswith("requests/"):
            return {}
        key = what.split("/")[1]
        shown = await self.world.get("leader", f"/v1/cases/{self.case_id}")
        requests = shown.json()["coordination"]["requests"]
        return {"round": next(len(one["rounds"]) for one in requests if one["key"] == key)}

    async def record(self) -> CaseRecord:
        async with self.world.inside.store.reading() as session:
            return await session.cases.get(self.case_id)

    async def request(self, key: str) -> RequestSnapshot:
        record = await self.record()
        assert record.snapshot is not None
        return next(request for request in record.snapshot.requests if request.key == key)

    async def round(self, key: str, number: int = 1) -> RoundSnapshot:
        return (await self.request(key)).rounds[number - 1]

    async def inbox(self) -> dict[str, InboxEntry]:
        """By the department's message id."""
        async with self.world.inside.store.reading() as session:
            return {entry.message_id: entry for entry in await session.inbox.of_case(self.case_id)}

    async def facts(self, kind: FactKind) -> list[Fact]:
        async with self.world.inside.store.reading() as session:
            return [found.fact for found in await session.facts.of_case(self.case_id) if found.fact.kind is kind]

    async def intent(self) -> LaunchIntent:
        async with self.world.inside.store.reading() as session:
            found = await session.intents.get(self.case_id)
        assert found is not None
        return found

    async def until(
        self, condition: Callable[[CaseRecord], object], what: str, *, seconds: float = PATIENCE_SECONDS
    ) -> CaseRecord:
        async def look() -> CaseRecord | None:
            record = await self.record()
            return record if condition(record) else None

        try:
            return await until(look, f"{self.case_id}: {what}", seconds=seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{await self._circumstances()}") from None

    async def _circumstances(self) -> str:
        """What a person needs to know when a case does not move."""
        record = await self.record()
        turns = [turn for request in (record.snapshot.requests if record.snapshot else ()) for turn in request.rounds]
        lines = [f"{record.stage} at version {record.version}", *(repr(turn) for turn in turns)]
        history = self.world.inside.client.get_workflow_handle(self.case_id).fetch_history_events()
        try:
            async for event in history:
                activity = event.activity_task_scheduled_event_attributes.activity_id
                lines.append(f"{event.event_id} {event.event_time.ToJsonString()} {event.event_type} {activity}")
        except RPCError as error:
            lines.append(f"no history: {error}")
        return "\n".join([*lines, self.world.worker.said(), self.world.api.said()])

    async def delivered(self, *keys: str) -> CaseRecord:
        """Until these asks' latest rounds have reached their departments (all asks for none named)."""
        wanted = set(keys or (one["key"] for one in self.asks))

        def all_delivered(record: CaseRecord) -> bool:
            requests = record.snapshot.requests if record.snapshot else ()
            reached = {one.key for one in requests if one.round is not None and one.round.delivered_at is not None}
            return wanted <= reached

        return await self.until(all_delivered, f"delivery of {sorted(wanted)}")

    async def closed(self) -> CaseRecord:
        """Until its run is over: the outcome is known earlier, while the last proofs are still being written."""
        await self.until(lambda record: record.stage is CaseStage.CLOSED, "the case to close")
        result = await until(
            lambda: self.world.inside.office.engine.result(self.case_id), f"{self.case_id}: its run to end"
        )
        record = await self.record()
        assert record.outcome == result.outcome
        return record

    async def runs(self) -> int:
        """How many runs of its workflow the engine has ever had."""
        found = self.world.inside.client.list_workflows(f"WorkflowId = '{self.case_id}'")
        return len([one async for one in found])

    async def ordered(self) -> int:
        """Events of its history that its commands and messages brought about, without the engine's own tasks."""
        history = self.world.inside.client.get_workflow_handle(self.case_id).fetch_history_events()
        return len([one async for one in history if "WORKFLOW_TASK" not in EventType.Name(one.event_type)])


async def triaged(world: World, *asks: Json) -> Case:
    """Registered, contacted and triaged: ready to be launched with these asks."""
    response = await world.post("clerk", "/v1/cases", registration(f"test-{uuid4().hex}"))
    assert response.status_code == 201, response.text
    case_id = response.json()["case_id"]
    for path, person, body in (
        ("first-contact", "clerk", {"channel": "电话", "note": ""}),
        ("triage", "leader", {"decision": "COORDINATE", "cause": "CROSS_DEPT"}),
    ):
        response = await world.post(person, f"/v1/cases/{case_id}/{path}", body)
        assert response.status_code == 200, response.text
    return Case(world, case_id, asks)


async def launched(world: World, *asks: Json) -> Case:
    case = await triaged(world, *asks)
    response = await case.launch()
    assert response.status_code == 200, response.text
    return case
