"""Plays the people of the demonstration, through the public API alone."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from bootstrap.api_client import ApiClient, Json, segment
from bootstrap.api_error import ApiAway, ApiRefusal
from cli.demonstration.acting import Acting, Surprise, accepted_after_all, expect_refusal, said_no
from cli.demonstration.board import Board
from cli.demonstration.expectation import ObservedCase, misses
from cli.demonstration.observation import observed_case
from cli.demonstration.party import fresh_party
from cli.demonstration.requester import Requester
from cli.demonstration.script import DemonstrationCase, ScriptedAnswer, ScriptedProceeding
from domain.codes import CaseStage, Outcome
from domain.fact import FactKind
from domain.plan import Ask
from simulators.officer import SimulatedOfficer
from simulators.script import Behaviour

SOURCE = "demonstration"
_LONGEST_CASE_DAYS = 30
_BETWEEN_STARTS_DAYS = 0.15
_ENDED = frozenset({"ANSWERED", "WITHDRAWN", "WAIVED"})
_GRACE_SECONDS = 90.0
"""Beyond the working days: a busy machine is slow, not wrong."""


@dataclass(frozen=True)
class Players:
    """Who acts, and through which door."""

    clerk: ApiClient
    leader: ApiClient
    requester: ApiClient
    """Nobody's token: who stands outside and has a progress code."""
    simulators: ApiClient
    day_seconds: float
    officers: Mapping[str, SimulatedOfficer] = field(default_factory=dict)
    """By department: people who answer in the inbox, where there is no system to be simulated."""
    others: Mapping[str, ApiClient] = field(default_factory=dict)
    """Whoever else a script names: `supervisor`, `officer:culture`."""

    def voice(self, who: str) -> ApiClient:
        known = {"clerk": self.clerk, "leader": self.leader, **self.others}
        if who not in known:
            raise Surprise(f"此处无人扮演 {who} · nobody here can play {who}")
        return known[who]


@dataclass(frozen=True)
class Result:
    script: DemonstrationCase
    seen: ObservedCase
    misses: tuple[str, ...]


@dataclass(frozen=True)
class _Opened:
    """A case that exists, and its requester."""

    case_id: str
    first_case: str
    requester: Requester | None
    """None: it is read with the code of the case before."""


@dataclass
class Runner:
    """One run of the demonstration; cases go side by side, as in an office."""

    players: Players
    board: Board
    run: int
    """Makes the external ids of this run its own."""
    _scripts_door: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def play(self, scripts: Sequence[DemonstrationCase]) -> tuple[Result, ...]:
        order = sorted(scripts, key=lambda script: not script.hurried)
        told = await asyncio.gather(*(self._story(script, number) for number, script in enumerate(order)))
        stories = {script.id: story for script, story in zip(order, told, strict=True)}
        return tuple(result for script in scripts for result in stories[script.id])

    async def _story(self, script: DemonstrationCase, number: int) -> list[Result]:
        """The case and its sequels, as far as each ended as expected."""
        # All launches at once would eat the hours that departments have to answer
        await asyncio.sleep(number * _BETWEEN_STARTS_DAYS * self.players.day_seconds)
        if script.fresh_party:
            script = script.model_copy(update={"registration": fresh_party(script.registration, self.run)})
        results = [await self._one(script, "")]
        for sequel in range(len(script.sequels)):
            if results[-1].misses:
                break
            results.append(await self._one(script.sequel(sequel), results[0].seen.case_id))
        return results

    async def _one(self, script: DemonstrationCase, first_case: str) -> Result:
        case_id = ""
        try:
            opened = await self._open(script, first_case)
            case_id = opened.case_id
            limit = _LONGEST_CASE_DAYS * self.players.day_seconds + _GRACE_SECONDS
            async with asyncio.timeout(limit):
                seen = await self._see_through(script, opened)
        except TimeoutError:
            seen = await self._as_it_stands(case_id, "未按时结束 · did not end in time")
        except Surprise as surprise:
            seen = await self._as_it_stands(case_id, str(surprise))
        except (ApiRefusal, ApiAway) as error:
            seen = await self._as_it_stands(case_id, said_no(error))
        found = misses(script.expect, seen)
        self.board.ended(script, seen, found)
        return Result(script, seen, found)

    async def _open(self, script: DemonstrationCase, first_case: str) -> _Opened:
        if script.reopening is not None:
            body = script.reopening.model_dump(mode="json", exclude_none=True)
            case = await self.players.leader.post(f"/v1/cases/{segment(first_case)}/reopen", body)
            self.board.moved(script, case["case_id"], "重新办理 reopened")
            return _Opened(str(case["case_id"]), first_case, None)
        body = script.registration.model_dump(mode="json", exclude_none=True)
        body |= {"source": SOURCE, "external_id": f"{script.id}/{self.run}"}
        case = await self.players.clerk.post("/v1/cases", body)
        self.board.moved(script, case["case_id"], "已登记 registered")
        case_id, code = str(case["case_id"]), case["progress_code"]
        requester = Requester(self.players.requester, case_id, str(code)) if code else None
        return _Opened(case_id, first_case or case_id, requester)

    async def _see_through(self, script: DemonstrationCase, opened: _Opened) -> ObservedCase:
        case_id = opened.case_id
        path = f"/v1/cases/{segment(case_id)}"
        players = self.players
        acting = Acting(script.acts, players.voice, players.day_seconds, opened.requester)
        await players.clerk.post(f"{path}/first-contact", script.first_contact.model_dump(mode="json"))
        self.board.moved(script, case_id, "已先行联系 requester contacted")
        await self._refused_triage(script, path, acting)
        case = await players.leader.post(f"{path}/triage", script.triage.model_dump(mode="json", exclude_none=True))
        interim: Outcome | None = None
        if script.plan is not None:
            await self._brief_departments(script, case_id)
            plan = {"asks": [_ask_body(ask) for ask in script.plan.asks]}
            await players.leader.post(f"{path}/plan/preview", plan)
            self.board.moved(script, case_id, "方案已预览 plan previewed")
            await players.leader.post(f"{path}/launch", plan)
            case, interim = await self._follow(script, path, acting)
        if not acting.over:
            raise Surprise("尚有人未行动，案件已结束 · the case ended before everybody had acted")
        seen = await self._observed(script, case, opened)
        return replace(seen, interim=interim, refusals=tuple(acting.refusals), first_case=opened.first_case)

    async def _refused_triage(self, script: DemonstrationCase, path: str, acting: Acting) -> None:
        if (step := script.refused_triage) is None:
            return
        try:
            await self.players.leader.post(f"{path}/triage", step.triage.model_dump(mode="json", exclude_none=True))
        except ApiRefusal as refusal:
            expect_refusal(refusal, step.refused, "triage")
            acting.refusals.append(f"triage: {step.refused.status} {step.refused.code}")
            return
        raise accepted_after_all(f"triage {step.triage.decision}", step.refused)

    async def _brief_departments(self, script: DemonstrationCase, case_id: str) -> None:
        """Tell the simulated departments how to answer the requests of this case."""
        day = self.players.day_seconds
        # One at a time: a script is read, completed and put back whole
        async with self._scripts_door:
            for department, answer in script.answers_by_department():
                key = f"{case_id}.{answer.key}" + (f".r{answer.round}" if answer.round else "")
                behaviour: Json = {
                    "acknowledge_after": round(min(0.1, answer.after_days / 2) * day, 3),
                    "answer_after": round(answer.after_days * day, 3),
                    "reply": answer.reply.model_dump(mode="json", exclude_none=True),
                }
                officer = self.players.officers.get(department)
                if officer is not None:
                    told = officer.script.requests | {key: Behaviour.model_validate(behaviour)}
                    officer.script = officer.script.model_copy(update={"requests": told})
                    continue
                path = f"/scripts/{segment(department)}"
                current = await self.players.simulators.get(path)
                current["requests"][key] = behaviour
                await self.players.simulators.put(path, current)

    async def _follow(self, script: DemonstrationCase, path: str, acting: Acting) -> tuple[Json, Outcome | None]:
        """Watch the case to its end, playing everybody but the departments; also the outcome that stood before."""
        pause = max(0.5, self.players.day_seconds / 4)
        interim: Outcome | None = None
        while True:
            case = await self.players.leader.get(path)
            coordination = case["coordination"]
            self.board.followed(script, case)
            if coordination is not None and coordination["interim_outcome"] is not None:
                interim = Outcome(coordination["interim_outcome"])
            if case["stage"] == CaseStage.CLOSED and case["outcome"] is not None:
                return case, interim
            if coordination is None or not await self._move(script, case, path, acting):
                await asyncio.sleep(pause)

    async def _move(self, script: DemonstrationCase, case: Json, path: str, acting: Acting) -> bool:
        """Whether an act changed what is seen, so that it is worth looking again at once."""
        coordination = case["coordination"]
        for answer in script.answers_by_clerk():
            await self._answer_external(answer, coordination, path)
        for step in script.proceeding:
            await self._proceed(step, coordination, path)
        if not acting.over:
            return await acting.go_on(case)
        if coordination["decision_needed"] and script.closing is not None:
            body = script.closing.model_dump(mode="json", exclude_none=True)
            await self.players.leader.post(f"{path}/close", body, key="demonstration-close")
            return True
        return False

    async def _answer_external(self, answer: ScriptedAnswer, coordination: Json, path: str) -> None:
        request = next(one for one in coordination["requests"] if one["key"] == answer.key)
        if request["state"] != "OPEN":
            return
        waited = datetime.now().astimezone() - datetime.fromisoformat(request["rounds"][-1]["opened_at"])
        if waited.total_seconds() < answer.after_days * self.players.day_seconds:
            return
        body = {
            "round": len(request["rounds"]),
            "reason": "电话告知专员。",
            "reply": answer.reply.model_dump(mode="json", exclude_none=True),
        }
        where = f"{path}/requests/{segment(answer.key)}/external-answer"
        await self.players.clerk.post(where, body, key=f"demonstration-{answer.key}")

    async def _proceed(self, step: ScriptedProceeding, coordination: Json, path: str) -> None:
        """Once everything that the ask waited for has ended."""
        states = {one["key"]: one["state"] for one in coordination["requests"]}
        before = next(one["after"] for one in coordination["requests"] if one["key"] == step.key)
        if states[step.key] == "PENDING" and all(states[key] in _ENDED for key in before):
            where = f"{path}/requests/{segment(step.key)}/proceed"
            await self.players.leader.post(where, {"round": 0, "reason": step.reason}, key=f"demonstration-{step.key}")

    async def _observed(self, script: DemonstrationCase, case: Json, opened: _Opened) -> ObservedCase:
        requests = (case["coordination"] or {}).get("requests", ())
        looked_at = {*script.expect.sent, *script.expect.never_sent}
        journals = {
            department: await self._journal(department)
            for department in sorted({one["department"] for one in requests if one["key"] in looked_at})
        }
        seen = observed_case(case, journals, self.players.day_seconds)
        seen = replace(seen, facts=await self._recorded(opened.case_id))
        if script.expect.reads and opened.requester is not None:
            told = await opened.requester.progress()
            declined = (one["zh"] for step in told["steps"] for one in step["declined_by"])
            seen = replace(seen, told=json.dumps(told, ensure_ascii=False), declined_told=tuple(declined))
        return seen

    async def _as_it_stands(self, case_id: str, trouble: str) -> ObservedCase:
        """What can be seen of a case that did not come to its end: whom it waits for is the first thing to look at."""
        seen = ObservedCase(case_id, None)
        if case_id:
            with suppress(ApiRefusal, ApiAway):
                path = f"/v1/cases/{segment(case_id)}"
                seen = observed_case(await self.players.leader.get(path), {}, self.players.day_seconds)
                timeline = await self.players.leader.get(f"{path}/timeline")
                seen = replace(seen, facts=tuple(fact["kind"] for fact in timeline["facts"]))
        return replace(seen, trouble=trouble)

    async def _recorded(self, case_id: str) -> tuple[str, ...]:
        """The case's facts, once its end is among them: the engine tells the store a moment later."""
        while True:
            timeline = await self.players.leader.get(f"/v1/cases/{segment(case_id)}/timeline")
            facts = timeline["facts"]
            if any(fact["kind"] == FactKind.OUTCOME and "interim" not in fact["data"] for fact in facts):
                return tuple(fact["kind"] for fact in facts)
            await asyncio.sleep(0.5)

    async def _journal(self, department: str) -> Json:
        officer = self.players.officers.get(department)
        if officer is not None:
            return officer.journal.model_dump(mode="json")
        return await self.players.simulators.get(f"/journal/{segment(department)}")


def _ask_body(ask: Ask) -> Json:
    body = ask.model_dump(mode="json", exclude_none=True, exclude={"fields", "reply_limit", "sign_limit"})
    limits = {"reply_limit": ask.reply_limit, "sign_limit": ask.sign_limit}
    return body | {name: str(limit) for name, limit in limits.items() if limit is not None}
