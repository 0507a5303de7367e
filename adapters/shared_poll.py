"""One question to a department for all open rounds, shared by everybody who waits for one of them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.department_failure import DepartmentUnavailable
from domain.dispatch import RoundRef
from domain.ids import round_id
from domain.poll_pace import poll_pause
from domain.ports import TimeSource
from domain.reply import PolledReply

Polled = PolledReply | DepartmentUnavailable | None
"""A reply, None while there is none, or what is wrong with this one round."""
Together = Callable[[Sequence[RoundRef]], Awaitable[Mapping[str, Polled]]]
"""Asks for several rounds at once; by round id, every round that was asked for."""
Single = Callable[[RoundRef], Awaitable[PolledReply | None]]

MOST_AT_ONCE = 100
_FORGOTTEN_AFTER = timedelta(hours=24)
"""A round that nobody asks about any more was answered or withdrawn."""


class CannotAskTogether(Exception):
    """Ask for each round by itself for a while: no such question, or one bad reply among good ones."""

    def __init__(self, why: str, *, seconds: float = 300.0) -> None:
        super().__init__(why)
        self.seconds = seconds


@dataclass
class _Open:
    ref: RoundRef
    wanted_at: datetime
    answered_at: datetime | None = None
    found: Polled = None
    told: bool = False
    """Its own waiter has heard what was found: who asks again wants to know anew."""


@dataclass
class _Department:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    open: dict[str, _Open] = field(default_factory=dict)
    alone_until: datetime | None = None
    failure: tuple[datetime, DepartmentUnavailable] | None = None


class SharedPolls:
    """One for the process. What was found for somebody else too is his when he asks, for half of his own pause."""

    def __init__(self, time: TimeSource, *, together: Together, single: Single, window_seconds: float = 0.05) -> None:
        """`window_seconds`: how long the first to ask waits for others to join."""
        self._time = time
        self._together = together
        self._single = single
        self._window = window_seconds
        self._departments: dict[str, _Department] = {}

    async def poll(self, ref: RoundRef) -> PolledReply | None:
        """Raises what the department's system made of the question, to everybody who waited for it."""
        department = self._departments.setdefault(ref.department.code, _Department())
        key, entered = round_id(ref.request_id, ref.round), self._time.now()
        mine = department.open.setdefault(key, _Open(ref, entered))
        mine.ref, mine.wanted_at = ref, entered
        async with department.lock:
            if department.failure and department.failure[0] >= entered:
                raise _again(department.failure[1])
            if not self._fresh(mine, entered):
                try:
                    await self._ask(department, mine)
                except DepartmentUnavailable as error:
                    department.failure = (self._time.now(), error)
                    raise
        if isinstance(mine.found, DepartmentUnavailable):
            mine.told = True
            raise _again(mine.found)
        if mine.found is not None:
            department.open.pop(key, None)
        mine.told = True
        return mine.found

    def _fresh(self, mine: _Open, entered: datetime) -> bool:
        if mine.answered_at is None or mine.told:
            return False
        # An answer does not grow old; that there is none does
        return mine.found is not None or mine.answered_at + poll_pause(mine.ref, entered) / 2 > entered

    async def _ask(self, department: _Department, mine: _Open) -> None:
        if department.alone_until is None or department.alone_until <= self._time.now():
            await asyncio.sleep(self._window)
            batch = self._batch(department, mine)
            if len(batch) > 1:
                try:
                    await self._ask_together(batch)
                except CannotAskTogether as reason:
                    department.alone_until = self._time.now() + timedelta(seconds=reason.seconds)
                else:
                    return
        mine.found = await self._single(mine.ref)
        mine.answered_at, mine.told = self._time.now(), False

    async def _ask_together(self, batch: Sequence[_Open]) -> None:
        found = await self._together([one.ref for one in batch])
        now = self._time.now()
        for one in batch:
            one.found = found[round_id(one.ref.request_id, one.ref.round)]
            one.answered_at, one.told = now, False

    def _batch(self, department: _Department, mine: _Open) -> list[_Open]:
        """Mine first, then those that were left alone longest."""
        now = self._time.now()
        for key, one in list(department.open.items()):
            if one.wanted_at + _FORGOTTEN_AFTER < now:
                del department.open[key]
        others = [one for one in department.open.values() if one is not mine and not _answered(one)]
        others.sort(key=lambda one: one.answered_at or one.wanted_at)
        return [mine, *others][:MOST_AT_ONCE]


def _answered(one: _Open) -> bool:
    return one.found is not None and not isinstance(one.found, DepartmentUnavailable)


def _again(error: DepartmentUnavailable) -> DepartmentUnavailable:
    """One exception object cannot be raised to several waiters."""
    return DepartmentUnavailable(str(error), retry_after_seconds=error.retry_after_seconds, outage=error.outage)
