"""Does each step to the running case and to the reference model, and holds them against each other."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from domain.any_decision import DECISION
from domain.errors import LiandongError
from domain.snapshot import CaseSnapshot
from domain.waiting import Matter
from tests.workflows.reference import Model
from tests.workflows.skipped_time import CALENDAR, CASE, SkippedTime
from tests.workflows.steps import ANSWERS, COMMANDS, SUBMISSIONS

SUBJECT = f"{CASE}.subject"
_STEP = timedelta(minutes=20)
_PART = timedelta(days=3)
_CLIMB = timedelta(days=8)
"""So long after a reply was due its whole ladder has been climbed."""


class Drive:
    def __init__(self, world: SkippedTime, model: Model) -> None:
        self.world = world
        self.model = model
        self.done: list[str] = []
        self.paper = ""
        """SHA-256 of what was handed in last."""

    async def step(self, name: str) -> None:
        """`!name` must be refused, any other must take effect."""
        self.done.append(name)
        wanted = name.removeprefix("!")
        kind, _, which = wanted.partition(" ")
        if kind == "deadline":
            await self._deadline(which)
        else:
            await self._next_morning()
            told = await self._happens(kind, which)
            assert (told is not None) is name.startswith("!"), (self.done, told)
        await self._compare()

    async def _happens(self, kind: str, which: str) -> str | None:
        if kind == "answer":
            await self._answer(which)
            return None
        if kind in SUBMISSIONS:
            return await self._submit(kind)
        body, effect = COMMANDS[kind]
        about_case = body["kind"] in ("issue_supplement_notice", "receive_supplement")
        told = await self._decide(body if about_case else {**body, "request_id": SUBJECT})
        assert told == effect(self.model), self.done
        return told

    async def _answer(self, code: str) -> None:
        """The department that is being asked answers within the next poll."""
        reply: dict[str, Any] = {"code": code, **ANSWERS[code]}
        if code == "EXTENSION_REQUESTED":
            self.model.wants = self.model.now + timedelta(days=14)
            reply["until"] = CALENDAR.local(self.model.wants).date().isoformat()
        if code == "INTERIM":
            reply["note"] += f" ({len(self.done)})"
        self.world.departments.answers(f"{SUBJECT}.r{self.model.round}", self.model.now, reply)
        received = await self._heard(code)
        self.model.goes_on(received)
        self.model.answer(code)

    async def _heard(self, code: str) -> datetime:
        """Polls come once an hour of the world's time; the case then still needs a moment of ours."""
        for _ in range(60):
            await self.world.env.sleep(_STEP)
            last = next(one for one in self._recorded().requests if one.request_id == SUBJECT).rounds[-1]
            if code == "INTERIM" and last.notes > self.model.notes:
                return await self.world.env.get_current_time()
            if last.received_at is not None:
                return last.received_at
        raise AssertionError(f"the answer never arrived: {self.done}")

    async def _submit(self, kind: str) -> str | None:
        deferrals = (await self.world.snapshot()).deferrals
        tries = len(deferrals[0].materials[0].submissions) + 1 if deferrals else 1
        reply: dict[str, Any] = {"code": "ACCEPTED"} if kind == "verify" else {"code": "REFUSED", **ANSWERS["REFUSED"]}
        self.world.departments.answers(f"subject-m1s{tries}", self.model.now, reply)
        paper = hashlib.sha256(f"try {len(self.done)}".encode()).hexdigest()
        submit = {"kind": "submit_material", "material_id": f"{SUBJECT}-m1", "channel": "POST", "sha256": paper}
        told = await self._decide(submit)
        self.paper = paper if told is None else self.paper
        assert told == SUBMISSIONS[kind](self.model), self.done
        for _ in range(60 if told is None else 0):
            await self.world.env.sleep(_STEP)
            if self._recorded().deferrals[0].materials[0].submissions[-1].result:
                return told
        assert told is not None, f"nobody verified it: {self.done}"
        return told

    async def _deadline(self, which: str) -> None:
        until = CALENDAR.next_office_instant(self.model.deadlines[which]) + timedelta(minutes=5)
        if which == "reply":
            until += _CLIMB
        while (left := until - await self.world.env.get_current_time()) > timedelta(0):
            # In parts: the departments are polled meanwhile, and one call waits only so long
            await self.world.env.sleep(min(left, _PART))
        await self._look()

    async def _decide(self, body: dict[str, Any]) -> str | None:
        named = {"command_id": f"step-{len(self.done)}", "decided_by": "user:leader", "reason": "because"}
        await self._look()
        try:
            await self.world.engine.decide(CASE, DECISION.validate_python({**named, **body}))
        except LiandongError as refusal:
            return refusal.code
        return None

    async def _compare(self) -> None:
        await self._look()
        snapshot, model = await self.world.snapshot(), self.model
        request = next(one for one in snapshot.requests if one.request_id == SUBJECT)
        last = request.rounds[-1]
        seen = (request.state.value, last.number, last.department, request.bounces, request.conference, last.notes)
        expected = (model.state, model.round, model.department, model.bounces, model.conference, model.notes)
        assert seen == expected, self.done
        assert _close(last.due_at, model.due_at), self.done
        self._compare_waits(snapshot)
        if model.supply_by is not None:
            assert snapshot.supplement is not None
            assert snapshot.supplement.lapsed is model.lapsed, self.done
            assert _close(snapshot.supplement.due_at, model.supply_by), self.done
        if model.material is not None:
            material = snapshot.deferrals[0].materials[0]
            assert material.state.value == model.material, self.done
            assert _close(material.due_at, model.promised_until), self.done
            assert _close(snapshot.deferrals[0].rectify_by, model.rectify_by), self.done
            if model.material == "VERIFIED":
                assert material.submissions[-1].sha256 == self.paper, self.done

    def _compare_waits(self, snapshot: CaseSnapshot) -> None:
        running = [one for one in snapshot.waits if one.running]
        chased = [one for one in running if one.matter in (Matter.ANSWER, Matter.CONFERENCE)]
        decision = self.model.decision
        assert [one.matter.value for one in chased] == ([decision[0]] if decision else []), self.done
        assert not decision or _close(chased[0].due_at, decision[1]), self.done
        if self.model.state == "OPEN" and self.model.due_at is None:
            assert Matter.REVIEW in [one.matter for one in running], self.done

    async def _next_morning(self) -> None:
        now = CALENDAR.local(await self.world.env.get_current_time())
        morning = CALENDAR.opening(CALENDAR.next_workday(now.date())) + timedelta(hours=1)
        await self.world.env.sleep(morning - now)
        await self._look()

    async def _look(self) -> None:
        self.model.goes_on(await self.world.env.get_current_time())

    def _recorded(self) -> CaseSnapshot:
        """What the store knows: a question to the case itself replays a cold one from its beginning."""
        return self.world.store.snapshots[-1]


def _close(left: datetime | None, right: datetime | None) -> bool:
    """Instants of second-exact pauses differ by the moment between the model's clock and the case's."""
    if left is None or right is None:
        return left is right
    return abs(left - right) < timedelta(minutes=2)
