"""One question for many rounds: how often a department is really asked, and what one bad round does to the others."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from adapters.shared_poll import CannotAskTogether, Polled, SharedPolls
from domain.codes import Technique
from domain.department_failure import DepartmentUnavailable
from domain.dispatch import RoundRef
from domain.ids import round_id
from domain.reply import PolledReply
from simulators.script import Behaviour
from tests.adapters.arrangement import NOW, arranged, dispatch, ref_of

YES = PolledReply(reply={"code": "ACCEPTED"})


@dataclass
class System:
    """What a department's system would say."""

    at: datetime = NOW
    answers: dict[str, Polled] = field(default_factory=dict)
    together: list[int] = field(default_factory=list)
    singles: list[str] = field(default_factory=list)
    refuses: Exception | None = None

    def now(self) -> datetime:
        return self.at

    async def ask_together(self, refs: Sequence[RoundRef]) -> Mapping[str, Polled]:
        self.together.append(len(refs))
        if self.refuses is not None:
            raise self.refuses
        keys = [round_id(ref.request_id, ref.round) for ref in refs]
        return {key: self.answers.get(key) for key in keys}

    async def ask_single(self, ref: RoundRef) -> PolledReply | None:
        key = round_id(ref.request_id, ref.round)
        self.singles.append(key)
        found = self.answers.get(key)
        if isinstance(found, DepartmentUnavailable):
            raise found
        return found

    def polls(self) -> SharedPolls:
        return SharedPolls(self, together=self.ask_together, single=self.ask_single)


def open_rounds(count: int) -> list[RoundRef]:
    return [ref_of(dispatch(Technique.POLLED, key=f"k{number}")) for number in range(count)]


async def test_fifty_waiters_are_one_question() -> None:
    system = System()
    polls = system.polls()
    assert await asyncio.gather(*(polls.poll(ref) for ref in open_rounds(50))) == [None] * 50
    assert (system.together, system.singles) == ([50], [])


async def test_waiters_who_come_one_after_the_other_share_as_well() -> None:
    system = System()
    polls, refs = system.polls(), open_rounds(20)
    for _ in range(3):
        for ref in refs:
            await polls.poll(ref)
            system.at += timedelta(seconds=5)
        system.at += timedelta(seconds=500)
    # The first round knows each other only as they come; from then on one question a pause serves all
    assert len(system.together) + len(system.singles) <= 20 + 2
    assert system.together[-2:] == [20, 20]


async def test_an_answer_found_for_another_waits_for_its_own_waiter() -> None:
    system = System()
    polls, (first, second) = system.polls(), open_rounds(2)
    await asyncio.gather(polls.poll(first), polls.poll(second))
    system.answers[round_id(second.request_id, 1)] = YES
    system.at += timedelta(seconds=600)
    assert await polls.poll(first) is None
    asked = len(system.together)
    system.at += timedelta(seconds=550)
    assert await polls.poll(second) == YES
    assert len(system.together) == asked


async def test_what_is_wrong_with_one_round_is_told_of_that_one_only() -> None:
    system = System()
    polls, (bad, good) = system.polls(), open_rounds(2)
    system.answers = {round_id(bad.request_id, 1): DepartmentUnavailable("odd"), round_id(good.request_id, 1): YES}
    found = await asyncio.gather(polls.poll(bad), polls.poll(good), return_exceptions=True)
    assert isinstance(found[0], DepartmentUnavailable)
    assert found[1] == YES


async def test_a_system_without_the_question_is_asked_one_by_one_for_a_while() -> None:
    system = System(refuses=CannotAskTogether("none", seconds=60))
    polls, refs = system.polls(), open_rounds(3)
    for _ in range(2):
        assert await asyncio.gather(*(polls.poll(ref) for ref in refs)) == [None] * 3
    assert (len(system.together), len(system.singles)) == (1, 6)
    system.at += timedelta(seconds=61)
    await asyncio.gather(*(polls.poll(ref) for ref in refs))
    assert len(system.together) > 1


async def test_a_hanging_system_costs_all_waiters_one_timeout() -> None:
    system = System(refuses=DepartmentUnavailable("timeout", retry_after_seconds=3))
    polls = system.polls()
    found = await asyncio.gather(*(polls.poll(ref) for ref in open_rounds(10)), return_exceptions=True)
    assert {str(error) for error in found} == {"timeout"}
    assert system.together == [10]


@pytest.mark.parametrize("technique", [Technique.POLLED, Technique.XML])
async def test_over_the_wire_twenty_rounds_are_one_exchange(technique: Technique) -> None:
    async with arranged(technique) as department:
        department.behave(Behaviour(answer_after=0))
        sent = [dispatch(technique, key=f"k{number}") for number in range(20)]
        await asyncio.gather(*(department.adapter.deliver(one) for one in sent))
        before = len(department.department.journal.received)
        replies = await asyncio.gather(*(department.adapter.poll(ref_of(one)) for one in sent))
        assert replies == [PolledReply(reply={"code": "ACCEPTED", "note": ""})] * 20
        assert len(department.department.journal.received) == before + 1


async def test_a_system_that_has_nothing_new_says_so_in_one_line() -> None:
    async with arranged(Technique.POLLED) as housing:
        housing.behave(Behaviour(answer_after=None))
        sent = [dispatch(Technique.POLLED, key=f"k{number}") for number in range(3)]
        await asyncio.gather(*(housing.adapter.deliver(one) for one in sent))
        for _ in range(2):
            assert await asyncio.gather(*(housing.adapter.poll(ref_of(one)) for one in sent)) == [None] * 3
        outcomes = [entry.outcome for entry in housing.department.journal.received if entry.type == "poll"]
        assert outcomes == ["200", "304"]
