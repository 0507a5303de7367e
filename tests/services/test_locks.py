"""Use cases that meet in the same rows on PostgreSQL, where writers do not queue up by themselves as on SQLite."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.department_check import DepartmentCheck
from adapters.department_setup import FileDepartmentSetup
from adapters.secret_file import SecretFile
from adapters.system_time import SystemTime
from domain.case import CaseRecord
from domain.codes import Role, Technique
from domain.department import Department, DepartmentRoute
from domain.desk import DeskEntry
from domain.dispatch import Dispatch
from domain.fact import Fact, FactKind
from domain.follow_up import FollowUpEnd, FollowUpProgress
from domain.ids import request_id
from domain.limit import Limit
from domain.policy import DistrictPolicy
from domain.store_ports import StoreSession
from services import administer_department as administer
from services.answer_link import reply_by_link
from services.authenticate import token_hash
from services.disable_department import disable_department
from services.order_follow_ups import order_follow_ups
from services.rate_case import issue_rating_link, rate_case, relay_ratings
from services.reopen_unresolved import reopen_unresolved
from store.desk import StoredDesk
from store.progress_recorder import StoredProgress
from store.sql_store import SqlStore
from tests.postgres import Postgres
from tests.services.conftest import ADMIN, Window, ask, furnish, open_window
from tests.services.test_after_outcome import GOOD, followed

LINK = "a link that was mailed"


@dataclass
class Crowd:
    """A window on PostgreSQL, and a look at who waits there."""

    window: Window
    postgres: Postgres

    async def stuck(self, task: asyncio.Task[Any]) -> None:
        """Until the task has ended or waits for a lock."""
        async with asyncio.timeout(20):
            while not task.done() and not await asyncio.to_thread(self.postgres.waiters):
                await asyncio.sleep(0.02)


@pytest.fixture(params=["postgresql"])
async def crowd(postgres: Postgres, policy: DistrictPolicy, tmp_path: Path) -> AsyncIterator[Crowd]:
    store = SqlStore(postgres.url(postgres.migrated))
    await furnish(store, policy)
    yield Crowd(open_window(store, policy, tmp_path / "materials"), postgres)
    await store.close()
    postgres.empty()


async def test_an_edit_that_overlaps_a_switch_off_takes_nothing_back(
    crowd: Crowd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = FileDepartmentSetup(
        SecretFile(tmp_path / "s.json"), DepartmentCheck(SystemTime(), resolve=_one_address), SystemTime()
    )
    office = replace(crowd.window.office, setup=setup)
    real, looks, switching = administer.known_department, 0, []

    async def slow(session: StoreSession, code: str, **how: Any) -> Department:
        nonlocal looks
        found = await real(session, code, **how)
        looks += 1
        if looks == 2:
            task = asyncio.create_task(disable_department(office, ADMIN, "market", "系统迁移"))
            switching.append(task)
            await crowd.stuck(task)
        return found

    monkeypatch.setattr(administer, "known_department", slow)
    limit = Limit.parse("2 working_days")
    await administer.change_department(
        office, ADMIN, "market", lambda before: before.model_copy(update={"reply_limit": limit})
    )
    await asyncio.gather(*switching)

    async with crowd.window.store.reading() as session:
        after = await session.directory.get("market")
    assert after is not None
    assert (after.enabled, after.reply_limit) == (False, limit)


async def test_a_withdrawal_and_a_used_link_do_not_undo_each_other(crowd: Crowd) -> None:
    entry = await _on_a_desk(crowd.window)
    desk = StoredDesk(crowd.window.store)
    async with crowd.window.store.writing() as session:
        held = await session.desk.get(entry.dispatch.request_id, 1, lock=True)
        assert held is not None
        task = asyncio.create_task(desk.withdraw(entry.round_id, entry.arrived_at))
        await crowd.stuck(task)
        await session.desk.save(held.model_copy(update={"link_used_at": entry.arrived_at}))
    await task
    assert await _marks(crowd, entry) == (entry.arrived_at, entry.arrived_at)


async def test_an_answer_by_link_keeps_what_was_written_meanwhile(crowd: Crowd) -> None:
    entry = await _on_a_desk(crowd.window)
    async with crowd.window.store.writing() as session:
        held = await session.desk.get(entry.dispatch.request_id, 1, lock=True)
        assert held is not None
        said = {"code": "ACCEPTED", "note": "可以办理"}
        task = asyncio.create_task(reply_by_link(crowd.window.office, LINK, dict(said), b"{}"))
        await crowd.stuck(task)
        await session.desk.save(held.model_copy(update={"withdrawn_at": entry.arrived_at}))
    assert (await task).status == 200
    used, withdrawn = await _marks(crowd, entry)
    assert used is not None
    assert withdrawn == entry.arrived_at


Rows = tuple[str, ...]


@pytest.mark.parametrize("first", [("case", "chain"), ("case", "chain", "follow-up")], ids="+".join)
@pytest.mark.parametrize(
    "name", ["reopening", "a second follow-up", "a rating that came too late", "a record", "a new link", "a rating"]
)
async def test_nobody_waits_for_whoever_waits_for_him(crowd: Crowd, name: str, first: Rows) -> None:
    """Everybody takes a case, its chain, a follow-up and a link in this order: the test does, and halts in between."""
    window = crowd.window
    closed, link = await followed(window)
    hashed, follow_up = token_hash(link.token), f"{closed.case_id}.followup1"
    act = await ACTS[name](window, closed, link.token)
    async with window.store.writing() as session:
        take: dict[str, Callable[[], Awaitable[object]]] = {
            "case": lambda: session.cases.hold(closed.case_id),
            "chain": lambda: session.facts.append(closed.case_id, [_fact(closed, "of the test")]),
            "follow-up": lambda: session.follow_ups.get(follow_up, lock=True),
            "link": lambda: session.rating_links.get(hashed, lock=True),
        }
        for row in first:
            await take[row]()
        task = asyncio.ensure_future(act())
        await crowd.stuck(task)
        for row in take:
            await take[row]()
    await task


Act = Callable[[], Awaitable[object]]


async def _reopening(window: Window, closed: CaseRecord, _: str) -> Act:
    await _shows(window, closed, resolved=False)
    return lambda: reopen_unresolved(window.office)


async def _second(window: Window, closed: CaseRecord, _: str) -> Act:
    await _shows(window, closed, end=FollowUpEnd.REVIEW_TREATED, ended_at=window.wall.now())
    return lambda: order_follow_ups(window.office)


async def _late_rating(window: Window, closed: CaseRecord, token: str) -> Act:
    window.follow_ups.away = True
    await rate_case(window.office, closed.case_id, token, GOOD)
    window.follow_ups.away = False
    await _shows(window, closed, ended_at=window.wall.now())
    return lambda: relay_ratings(window.office)


async def _record(window: Window, closed: CaseRecord, _: str) -> Act:
    shown = window.follow_ups.snapshots[f"{closed.case_id}.followup1"]
    progress = FollowUpProgress(
        snapshot=shown.model_copy(update={"version": shown.version + 1}), facts=(_fact(closed, "r"),)
    )
    return lambda: StoredProgress(window.store).record_follow_up(progress)


async def _new_link(window: Window, closed: CaseRecord, _: str) -> Act:
    return lambda: issue_rating_link(window.office, closed)


async def _rating(window: Window, closed: CaseRecord, token: str) -> Act:
    return lambda: rate_case(window.office, closed.case_id, token, GOOD)


ACTS: dict[str, Callable[[Window, CaseRecord, str], Awaitable[Act]]] = {
    "reopening": _reopening,
    "a second follow-up": _second,
    "a rating that came too late": _late_rating,
    "a record": _record,
    "a new link": _new_link,
    "a rating": _rating,
}


async def _shows(window: Window, closed: CaseRecord, **said: object) -> None:
    shown = window.follow_ups.snapshots[f"{closed.case_id}.followup1"]
    shown = shown.model_copy(update={"version": shown.version + 1, **said})
    window.follow_ups.snapshots[shown.follow_up_id] = shown
    await StoredProgress(window.store).record_follow_up(FollowUpProgress(snapshot=shown, facts=()))


def _fact(closed: CaseRecord, name: str) -> Fact:
    at = closed.registered_at
    return Fact(fact_id=name, case_id=closed.case_id, kind=FactKind.FOLLOW_UP_CALL, at=at, actor="engine")


async def _on_a_desk(window: Window) -> DeskEntry:
    record = await window.launched(ask("dissolve"))
    now = window.wall.now()
    entry = DeskEntry(
        department="market",
        dispatch=Dispatch(
            case_id=record.case_id,
            request_id=request_id(record.case_id, "dissolve"),
            round=1,
            department=DepartmentRoute(code="market", technique=Technique.PEOPLE),
            role=Role.LEAD,
            text="办理简易注销",
            dispatched_at=now,
        ),
        receipt="r-1",
        arrived_at=now,
        link_hash=token_hash(LINK),
        link_expires_at=now + timedelta(days=30),
    )
    return await StoredDesk(window.store).put(entry)


async def _marks(crowd: Crowd, entry: DeskEntry) -> tuple[object, object]:
    async with crowd.window.store.reading() as session:
        kept = await session.desk.get(entry.dispatch.request_id, 1)
    assert kept is not None
    return kept.link_used_at, kept.withdrawn_at


async def _one_address(host: str, port: int) -> list[str]:
    return ["93.184.216.34"]
