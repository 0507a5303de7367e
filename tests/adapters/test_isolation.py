"""One department's trouble is nobody else's: hanging, answering 100 MB, and up one moment and down the next."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from adapters.department_line import DepartmentLines, LineOptions
from adapters.department_secrets import DepartmentSecrets
from adapters.departments import build_adapters
from adapters.system_time import SystemTime
from domain.codes import Technique
from domain.department import Department
from domain.department_failure import DepartmentUnavailable
from domain.dispatch import Dispatch
from domain.rate_limit import RateLimit
from tests.adapters import faulty_server as faulty
from tests.adapters.arrangement import dispatch, new_secrets

GOOD = faulty.json_reply(b'{"receipt":"7"}')
TROUBLED = ("hanging", "huge", "flapping")


def flapping() -> faulty.Talk:
    turn = 0

    async def talk(writer: asyncio.StreamWriter) -> None:
        nonlocal turn
        turn += 1
        await (GOOD if turn % 2 else faulty.reset)(writer)

    return talk


class District:
    """Departments of one process over the same lines, as a worker runs them."""

    def __init__(self) -> None:
        self.entries: dict[str, Department] = {}
        secret = new_secrets().of("market")
        self.lines = DepartmentLines(
            self._find,
            DepartmentSecrets(dict.fromkeys((*TROUBLED, "well"), secret)),
            # Nobody is saved by a time-out here, and a busy machine fails nobody
            LineOptions(total_seconds=50),
        )
        self.adapter = build_adapters(self.lines, SystemTime(), "http://127.0.0.1:1")[Technique.WEBHOOK]

    async def _find(self, code: str) -> Department | None:
        return self.entries.get(code)

    def settle(self, code: str, url: str, **limits: int) -> None:
        names = {"name_zh": code, "name_en": code}
        entry = {"code": code, "technique": "WEBHOOK", "own_network": "127.0.0.0/8", "base_url": url, **names, **limits}
        self.entries[code] = Department.model_validate(entry)

    async def deliver(self, code: str, number: int) -> str | None:
        return (await self.adapter.deliver(_to(code, number))).receipt


def _to(code: str, number: int) -> Dispatch:
    sent = dispatch(Technique.WEBHOOK, number=number)
    return sent.model_copy(update={"department": sent.department.model_copy(update={"code": code})})


async def test_others_are_served_while_three_departments_are_in_trouble() -> None:
    released = asyncio.Event()

    async def hanging(writer: asyncio.StreamWriter) -> None:
        await released.wait()
        await faulty.reset(writer)

    talks = {"hanging": hanging, "huge": faulty.endless, "flapping": flapping(), "well": GOOD}
    async with AsyncExitStack() as stack:
        district = District()
        stack.push_async_callback(district.lines.close)
        for code, talk in talks.items():
            district.settle(code, await stack.enter_async_context(faulty.faulty_server(talk)))
        storm = [asyncio.create_task(district.deliver(code, number)) for code in TROUBLED for number in range(1, 31)]
        await asyncio.sleep(0)
        for number in range(1, 31):
            assert await district.deliver("well", number) == "7"
        # All thirty went out and came back while not one of the hanging ones had ended
        assert not any(task.done() for task in storm[:30])
        released.set()
        found = await asyncio.gather(*storm, return_exceptions=True)
        assert {type(one) for one in found} <= {DepartmentUnavailable, str}
        assert "7" in found[60:]
        circuits = district.lines.circuits()
        assert (circuits["hanging"], circuits["huge"], circuits["well"]) == ("open", "open", "closed")


async def test_a_department_is_asked_no_more_often_than_agreed() -> None:
    async with faulty.faulty_server(GOOD) as url:
        district = District()
        # One a minute: no machine is so slow that the second is due before it is sent
        district.settle("well", url, max_sends_per_minute=1)
        await district.deliver("well", 1)
        with pytest.raises(DepartmentUnavailable, match="rate") as caught:
            await district.deliver("well", 2)
        assert 0 < (caught.value.retry_after_seconds or 0) <= 60
        assert district.lines.circuits() == {"well": "closed"}
        await district.lines.close()


def test_a_rate_limit_fills_up_again_and_never_beyond_a_tenth() -> None:
    limit = RateLimit(60)
    assert [limit.wait(0.0) for _ in range(6)] == [0.0] * 6
    assert limit.wait(0.0) == 1.0
    assert limit.wait(1.0) == 0.0
    assert limit.wait(1.0) == 1.0
    assert [limit.wait(9_999.0) for _ in range(7)] == [0.0] * 6 + [1.0]
