"""Carries out what the people of a demonstration case do, one act after the other."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from bootstrap.api_client import ApiClient, Json, segment
from bootstrap.api_error import ApiAway, ApiRefusal
from cli.decisions import DECISIONS, path_of, seen_round
from cli.demonstration.act import ANSWER, HAND_IN, Act, Refusal
from cli.demonstration.requester import Requester
from cli.screen import in_both


class Surprise(Exception):
    """Something went otherwise than the script says; the text says what."""


_NOT_NOW = frozenset({429, 503})


@dataclass
class Acting:
    """The acts of one case. `voice` gives the connection of a person of the script."""

    acts: tuple[Act, ...]
    voice: Callable[[str], ApiClient]
    day_seconds: float
    requester: Requester | None = None
    """None: nobody has the code of this case."""
    refusals: list[str] = field(default_factory=list)
    _next: int = 0
    _held_since: float | None = None

    @property
    def over(self) -> bool:
        return self._next == len(self.acts)

    async def go_on(self, case: Json) -> bool:
        """Do the next act if its time has come; whether something was done. Raises Surprise, ApiRefusal, ApiAway."""
        if self.over:
            return False
        act = self.acts[self._next]
        if not self._due(act, case["coordination"]):
            return False
        try:
            await self._do(act, case, f"demonstration-{self._next}")
        except ApiRefusal as refusal:
            if refusal.status in _NOT_NOW:
                return False
            if act.refused is None:
                raise
            expect_refusal(refusal, act.refused, act.do)
        else:
            if act.refused is not None:
                raise accepted_after_all(f"{act.do} by {act.by}", act.refused)
        if act.refused is not None:
            self.refusals.append(f"{act.do} by {act.by}: {act.refused.status} {act.refused.code}")
        self._next, self._held_since = self._next + 1, None
        return True

    def _due(self, act: Act, coordination: Json) -> bool:
        now = asyncio.get_running_loop().time()
        if not act.when.holds(coordination, act.key):
            return False
        if self._held_since is None:
            self._held_since = now
        return now - self._held_since >= act.when.after_days * self.day_seconds

    async def _do(self, act: Act, case: Json, key: str) -> None:
        if act.do == HAND_IN:
            if self.requester is None or act.material is None:
                raise Surprise("无人持有查询码，无法提交材料 · nobody has the code to hand it in with")
            await self.requester.hand_in(act.material, key=key)
            return
        client = self.voice(act.by)
        if act.do == ANSWER:
            where = f"/v1/inbox/{segment(case['case_id'] + '.' + act.key)}/reply"
            await client.post(where, {"reply": act.body})
            return
        decision = DECISIONS[act.do]
        named = {"request": act.key, "material": act.material}.get(decision.about.value)
        seen = seen_round(decision, case, named)
        body = dict(act.body) if seen is None else {"round": seen} | dict(act.body)
        await client.post(path_of(decision, case, named), body, key=key)


def expect_refusal(refusal: ApiRefusal, wanted: Refusal, what: str) -> None:
    """Raises Surprise when the API said no for another reason."""
    meant, got = f"{wanted.status} {wanted.code}", f"{refusal.status} {refusal.code}"
    if got != meant:
        raise Surprise(
            f"{what}：预期拒绝 {meant}，实际 {got} · {what}: expected the refusal {meant}, got {got}: {refusal}"
        )


def accepted_after_all(what: str, wanted: Refusal) -> Surprise:
    return Surprise(in_both(f"{what}：预期被拒绝，却被接受", f"{what}: expected {wanted.code}, but it was accepted"))


def said_no(error: ApiRefusal | ApiAway) -> str:
    zh = f"接口拒绝：{error.title_zh}" if isinstance(error, ApiRefusal) and error.title_zh else "接口拒绝或无法连接"
    return in_both(zh, f"the API said no: {error}")
