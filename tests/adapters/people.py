"""A department of people: a desk, a mail carrier, an officer who reads the inbox, and the inbox itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from pydantic import JsonValue, SecretStr

from adapters.department_people import PeopleTools
from adapters.department_secrets import DepartmentSecret, DepartmentSecrets
from adapters.departments import build_adapters
from adapters.desk_recorder import DeskRecorder, MailRecorder
from adapters.system_time import SystemTime
from domain.codes import Technique
from domain.department import Department
from domain.desk import DeskEntry
from domain.dispatch import Dispatch
from domain.ports import DepartmentAdapter
from simulators.officer import SimulatedOfficer
from simulators.script import Behaviour, Script
from simulators.server import serving
from tests.adapters.arrangement import dispatch, eventually, lines_to, new_secrets


def asked(*, key: str = "permit", number: int = 1) -> Dispatch:
    return dispatch(Technique.PEOPLE, key=key, number=number)


@dataclass
class People:
    """A desk in memory, a mail carrier in memory, and the inbox over HTTP in the shape of the API."""

    desk: DeskRecorder = field(default_factory=DeskRecorder)
    mail: MailRecorder = field(default_factory=MailRecorder)
    told: list[tuple[str, str, Any]] = field(default_factory=list)
    enabled: bool = True

    async def find(self, code: str) -> Department | None:
        if code != "culture":
            return None
        mail = "office@culture.example"
        return Department(
            code=code, name_zh="文旅局", name_en="Culture", technique=Technique.PEOPLE, mail=mail, enabled=self.enabled
        )

    def adapter(self) -> DepartmentAdapter:
        secrets = DepartmentSecrets({"culture": DepartmentSecret(link_key=SecretStr("key-of-the-culture-bureau"))})
        tools = PeopleTools(self.desk, self.find, secrets, self.mail)
        lines = lines_to("http://127.0.0.1:1", Technique.WEBHOOK, new_secrets())
        return build_adapters(lines, SystemTime(), "https://liandong.example/", tools)[Technique.PEOPLE]

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/v1/inbox")
        async def inbox() -> dict[str, Any]:
            return {"items": [self._shown(entry) for entry in self.desk.entries.values()]}

        @app.post("/v1/inbox/{request_id}/{verb}")
        async def answer(request_id: str, verb: str, request: Request) -> dict[str, str]:
            if request.headers.get("authorization") != "Bearer token-of-the-officer":
                raise HTTPException(401)
            body = await request.json() if verb == "reply" else None
            self.told.append((request_id, verb, body and body["reply"]))
            return {"status": "applied"}

        return app

    def _shown(self, entry: DeskEntry) -> dict[str, Any]:
        sent = entry.dispatch.model_dump(mode="json", exclude={"department"})
        state = "OPEN" if entry.withdrawn_at is None else "CLOSED"
        return sent | {"arrived_at": entry.arrived_at.isoformat(), "state": state}


@asynccontextmanager
async def working(people: People, behaviour: Behaviour) -> AsyncIterator[SimulatedOfficer]:
    async with serving(people.app()) as url:
        officer = SimulatedOfficer("culture", url, "token-of-the-officer", Script(default=behaviour))
        task = asyncio.create_task(officer.run())
        try:
            yield officer
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@dataclass
class PeopleArrangement:
    """What `Arrangement` is for systems."""

    people: People
    adapter: DepartmentAdapter
    officer: SimulatedOfficer
    technique: Technique = Technique.PEOPLE

    def behave(self, behaviour: Behaviour) -> None:
        self.officer.script = Script(default=behaviour)

    async def answers(self, sent: Dispatch) -> list[JsonValue]:
        async def replies() -> list[JsonValue] | None:
            mine = [reply for request, verb, reply in self.people.told if (request, verb) == (sent.request_id, "reply")]
            return mine or None

        return await eventually(replies)

    def replied_to(self, sent: Dispatch) -> int:
        return sum(request == sent.request_id for request, _, _ in self.people.told)

    @property
    def commits(self) -> int:
        return len(self.people.desk.entries)


@asynccontextmanager
async def arranged_people() -> AsyncIterator[PeopleArrangement]:
    people = People()
    async with working(people, Behaviour(acknowledge_after=None, answer_after=0.05)) as officer:
        yield PeopleArrangement(people, people.adapter(), officer)
