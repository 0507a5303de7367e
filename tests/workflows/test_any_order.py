"""One request through every order of answers, deadlines and decisions, warm and cold, against the reference model."""

import asyncio
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from temporalio.worker import Replayer

from bootstrap.workers import WORKFLOWS, workflow_runner
from domain.any_decision import DECISION
from domain.deferral import MaterialState
from domain.errors import LiandongError
from domain.ladder import instants
from domain.snapshot import CaseSnapshot, RoundSnapshot
from tests.workflows.conftest import CONVERTER, started_environment
from tests.workflows.reference import Model
from tests.workflows.skipped_time import CALENDAR, CASE, LADDER, SkippedTime, ask, department, skipped_time

EXAMPLES = int(os.environ.get("ORDERS", "10"))
SUBJECT = f"{CASE}.subject"
ANSWERS: dict[str, dict[str, Any]] = {
    "ACCEPTED": {},
    "ACCEPTED_CONDITIONALLY": {
        "timing": "ISSUE_THEN_VERIFY",
        "deferred": [{"name": "card", "due": "20 working_days"}],
        "commitment": "signed",
    },
    "NEED_MORE": {"materials": ["lease"]},
    "REFUSED": {"legal_basis": "rule", "reason": "no", "remedy": "review"},
    "NOT_MINE": {"basis": "rule", "proposed_owner": "market"},
    "EXTENSION_REQUESTED": {"reason": "expert", "until": "2034-12-01"},
    "NO_RESULT": {"tried": "everything"},
}
COMMANDS: dict[str, tuple[dict[str, Any], Callable[[Model], str | None]]] = {
    "withdraw": ({"kind": "withdraw_request"}, Model.withdraw),
    "reassign": (
        {"kind": "reassign_request", "to": department("market").route().model_dump()},
        lambda model: model.reassign("market"),
    ),
    "ask_again": ({"kind": "ask_again"}, Model.ask_again),
    "convene": ({"kind": "convene_conference", "participants": ["market"]}, Model.convene),
    "designate": (
        {"kind": "designate", "to": department("housing").route().model_dump(), "minutes": "no. 1"},
        lambda model: model.designate("housing"),
    ),
    "pause": ({"kind": "pause_request", "legal_basis": "art. 1"}, Model.pause),
    "resume": ({"kind": "resume_request"}, Model.resume),
    "extend": ({"kind": "extend_request", "limit": "2 working_days"}, Model.extend),
    "grant": ({"kind": "answer_extension", "granted": True}, lambda model: model.answer_extension(granted=True)),
    "deny": ({"kind": "answer_extension", "granted": False}, lambda model: model.answer_extension(granted=False)),
    "notice": ({"kind": "issue_supplement_notice", "legal_basis": "art. 2"}, Model.issue_notice),
}
STEPS = [f"answer {code}" for code in ANSWERS] * 2 + [*COMMANDS] + ["deadline", "receive", "verify", "reject"]


class Drive:
    """Does each step to the case and to the model, and holds them against each other."""

    def __init__(self, world: SkippedTime, model: Model) -> None:
        self.world = world
        self.model = model
        self.count = 0

    async def step(self, name: str) -> None:
        self.count += 1
        await self._next_day()
        if name.startswith("answer "):
            await self._answer(name.removeprefix("answer "))
        elif name in COMMANDS:
            await self._command(*COMMANDS[name])
        elif name == "deadline":
            await self._deadline()
        elif name == "receive":
            await self._receive()
        else:
            await self._verify(good=name == "verify")
        await self._compare(name)

    async def _answer(self, code: str) -> None:
        """The department that is being asked answers within the next poll; a request that waits hears nothing."""
        if self.model.state != "OPEN":
            return
        reply: dict[str, Any] = {"code": code, **ANSWERS[code]}
        if code == "EXTENSION_REQUESTED":
            self.model.wants = self.model.now + timedelta(days=90)
            reply["until"] = CALENDAR.local(self.model.wants).date().isoformat()
        key = f"{SUBJECT}.r{self.model.round}"
        self.world.departments._script[key] = [(self.model.now, reply)]
        self.model.now = await self._received()
        self.model.answer(code)

    async def _received(self) -> datetime:
        """Polls come once an hour of the world's time; the case then still needs a moment of ours."""
        for _ in range(60):
            await self._sleep(timedelta(minutes=10))
            received = (await self._round()).received_at
            if received is not None:
                return received
        raise AssertionError("the answer never arrived")

    async def _command(self, body: dict[str, Any], expected: Callable[[Model], str | None]) -> None:
        named = {} if body["kind"] == "issue_supplement_notice" else {"request_id": SUBJECT}
        told = await self._decide({**body, **named})
        assert told == expected(self.model)

    async def _deadline(self) -> None:
        due = self.model.due_at
        if self.model.state == "OPEN" and due is not None:
            await self._sleep(max(timedelta(0), due - self.model.now) + timedelta(days=10))

    async def _receive(self) -> None:
        if self.model.state == "SUPPLEMENT":
            told = await self._decide({"kind": "receive_supplement", "received": [{"name": "lease"}]})
            assert told is None
            self.model.receive()

    async def _verify(self, *, good: bool) -> None:
        if self.model.material not in ("PROMISED", "REJECTED"):
            return
        tries = len((await self._snapshot()).deferrals[0].materials[0].submissions) + 1
        reply: dict[str, Any] = {"code": "ACCEPTED"} if good else {"code": "REFUSED", **ANSWERS["REFUSED"]}
        self.world.departments._script[f"subject-m1s{tries}"] = [(self.model.now, reply)]
        submit = {"kind": "submit_material", "material_id": f"{SUBJECT}-m1", "channel": "POST", "sha256": "ab" * 32}
        told = await self._decide(submit)
        overdue = (await self._snapshot()).deferrals[0].materials[0]
        if told is not None:
            assert overdue.state in (MaterialState.FAILED, MaterialState.OVERDUE)
            self.model.material = overdue.state.value
            return
        wanted = MaterialState.VERIFIED if good else MaterialState.REJECTED
        for _ in range(60):
            await self._sleep(timedelta(minutes=10))
            if (await self._snapshot()).deferrals[0].materials[0].state is wanted:
                break
        self.model.material = wanted.value

    async def _decide(self, body: dict[str, Any]) -> str | None:
        command = {"command_id": f"step-{self.count}", "decided_by": "user:leader", "reason": "because", **body}
        self.model.now = await self.world.env.get_current_time()
        try:
            await self.world.engine.decide(CASE, DECISION.validate_python(command))
        except LiandongError as refusal:
            return refusal.code
        return None

    async def _compare(self, name: str) -> None:
        snapshot = await self._snapshot()
        request = next(one for one in snapshot.requests if one.request_id == SUBJECT)
        last = request.rounds[-1]
        model = self.model
        seen = (request.state.value, last.number, last.department, request.bounces, request.conference)
        assert seen == (model.state, model.round, model.department, model.bounces, model.conference), name
        assert _close(last.due_at, model.due_at), name
        chased = [one for one in snapshot.waits if one.running and one.about.startswith(f"{SUBJECT}.r")]
        assert [one.matter.value for one in chased] == ([model.decision[0]] if model.decision else []), name
        assert [one.due_at for one in chased] == ([model.decision[1]] if model.decision else []), name
        if model.material == "VERIFIED":
            material = snapshot.deferrals[0].materials[0]
            assert material.state is MaterialState.VERIFIED
            assert material.submissions[-1].sha256 == "ab" * 32

    async def _next_day(self) -> None:
        now = CALENDAR.local(await self.world.env.get_current_time())
        morning = CALENDAR.opening(CALENDAR.next_workday(now.date())) + timedelta(hours=1)
        await self.world.env.sleep(morning - now)
        self.model.now = await self.world.env.get_current_time()

    async def _sleep(self, span: timedelta) -> None:
        await self.world.env.sleep(span)

    async def _snapshot(self) -> CaseSnapshot:
        return await self.world.snapshot()

    async def _round(self) -> RoundSnapshot:
        return next(one for one in (await self._snapshot()).requests if one.request_id == SUBJECT).rounds[-1]


def _close(left: datetime | None, right: datetime | None) -> bool:
    """Instants of second-exact pauses differ by the moment between the model's clock and the case's."""
    if left is None or right is None:
        return left is right
    return abs(left - right) < timedelta(minutes=2)


def _check_invariants(snapshot: CaseSnapshot, now: datetime) -> None:
    for request in snapshot.requests:
        assert all(one.ended_at is not None for one in request.rounds[:-1])
        for one in request.rounds:
            assert not (one.in_time and _overdue(one)), "a deadline has an answer in time or an escalation, never both"
            ended = one.ended_at or now
            fires_at = one.due_at and CALENDAR.next_office_instant(one.due_at)
            if fires_at is not None and fires_at + timedelta(minutes=1) < ended and not one.in_time:
                assert _overdue(one), "a deadline passed in silence"


def _nobody_waited_in_silence(snapshot: CaseSnapshot, now: datetime) -> None:
    for wait in snapshot.waits:
        clock = wait.clock.clock
        proved = {(proof.rung, proof.planned_at) for proof in wait.clock.rungs}
        for scheduled in instants(LADDER, clock, CALENDAR, urgent=False):
            if scheduled.at + timedelta(minutes=1) < (clock.stopped_at or now):
                assert (scheduled.rung.name, scheduled.at) in proved, "one of us was silent, and nobody heard"


def _overdue(one: RoundSnapshot) -> bool:
    return any(
        proof.rung == "reply_overdue" and proof.planned_at >= (one.due_at or proof.planned_at) for proof in one.rungs
    )


@pytest.mark.timeout(600)
@pytest.mark.parametrize("cached", [1000, 0], ids=["warm", "cold"])
def test_every_order_ends_where_the_reference_model_says(cached: int) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(st.sampled_from(STEPS), min_size=3, max_size=7))
    def drive(steps: list[str]) -> None:
        asyncio.run(_one_order(steps, cached))

    drive()


async def _one_order(steps: list[str], cached: int) -> None:
    async with started_environment() as env, skipped_time(env, "2023-03-13T09:30", {}, cached=cached) as world:
        keeper = ask("keeper", "police", reply_limit="300 working_days")
        await world.start(world.launch(ask("subject", "culture", role="LEAD", reply_limit="5 working_days"), keeper))
        opened = await _opened(world)
        drive = Drive(world, Model(now=opened))
        for name in steps:
            await drive.step(name)
        _check_invariants(await world.snapshot(), await env.get_current_time())
        _nobody_waited_in_silence(await world.snapshot(), await env.get_current_time())
        await _end(world)
        await world.result()
        replayer = Replayer(workflows=WORKFLOWS, workflow_runner=workflow_runner(), data_converter=CONVERTER)
        await replayer.replay_workflow(await world.history())


async def _end(world: SkippedTime) -> None:
    """By two people, who may end it whatever is still promised."""
    why = {"reason": "the test is over"}
    act = {"act": "CLOSE_UNANSWERED", "outcome": "NOT_DONE", "legal_basis": "rule", "remedy": "review"}
    propose = {"kind": "propose_act", "command_id": "end", "decided_by": "user:leader", **act, **why}
    confirm = {"kind": "confirm_act", "command_id": "yes", "decided_by": "user:other", "proposal_id": "end", **why}
    for command in (propose, confirm):
        await world.engine.decide(CASE, DECISION.validate_python(command))


async def _opened(world: SkippedTime) -> datetime:
    await world.env.sleep(timedelta(minutes=1))
    return (await world.request("subject")).rounds[0].opened_at
