"""In every loop one that nobody foresaw keeps no other waiting, and what cannot be read is set aside visibly."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from domain.case import CaseRecord
from domain.codes import CaseStage, RequestState
from domain.fact import FactKind
from domain.inbox import InboxStatus
from services import counter_ladder, rate_case, relay, reopen_unresolved
from services.disable_department import hand_over_disabled
from services.office import Office
from services.open_progress import open_progress
from services.order_follow_ups import order_follow_ups
from services.rate_case import issue_rating_link, relay_ratings
from services.relay import relay_inbox, relay_launches
from services.settle_message import settle_message
from services.start_ordered import start_ordered
from services.verify_invariants import verify
from services.watch_triage import watch_triage
from tests.services.conftest import ACCEPTED, Window, ask
from tests.services.test_after_outcome import GOOD, call, explained
from tests.services.test_verify_invariants import change


def fails_for(first: str, real: Callable[..., Awaitable[Any]], named: Callable[..., str]) -> Callable[..., Any]:
    async def failing(*given: Any, **also: Any) -> Any:
        if named(*given) == first:
            raise RuntimeError("nobody foresaw this")
        return await real(*given, **also)

    return failing


async def two_launches(window: Window) -> tuple[CaseRecord, CaseRecord]:
    """Ordered, and the engine comes back."""
    window.engine.away = True
    first, second = await window.launched(), await window.launched(external_id="ext-2")
    window.engine.away = False
    window.wall.wait(minutes=1)
    return first, second


async def two_answers(window: Window) -> tuple[CaseRecord, CaseRecord]:
    cases = await window.launched(), await window.launched(external_id="ext-2")
    window.engine.away = True
    for record in cases:
        await window.send(f"{record.case_id}.dissolve", ACCEPTED)
        window.wall.wait(seconds=1)
    window.engine.away = False
    window.wall.wait(minutes=1)
    return cases


async def rated(window: Window, external_id: str) -> str:
    """A follow-up whose rating waits to be brought."""
    closed, code = await explained(window, external_id)
    await order_follow_ups(window.office)
    link = await issue_rating_link(window.office, await open_progress(window.office, closed.case_id, code))
    window.follow_ups.away = True
    await rate_case.rate_case(window.office, closed.case_id, link.token, GOOD)
    window.follow_ups.away = False
    window.wall.wait(seconds=1)
    return f"{closed.case_id}.followup1"


async def test_a_launch(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = await two_launches(window)
    failing = fails_for(first.case_id, start_ordered, lambda _office, intent: str(intent.case_id))
    monkeypatch.setattr(relay, "start_ordered", failing)
    assert await relay_launches(window.office) == 1
    assert list(window.engine.launches) == [second.case_id]


async def test_a_message(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = await two_answers(window)
    (oldest,) = await window.inbox(first.case_id)
    failing = fails_for(oldest.entry_id, settle_message, lambda _office, entry: str(entry.entry_id))
    monkeypatch.setattr(relay, "settle_message", failing)
    assert await relay_inbox(window.office) == 1
    assert [one.status for one in await window.inbox(second.case_id)] == [InboxStatus.APPLIED]


async def test_a_round_of_a_disabled_department_and_a_department(window: Window) -> None:
    cases = [await window.launched(ask("dissolve"), external_id=f"ext-{serial}") for serial in range(3)]
    police = await window.launched(ask("identity", "police"), external_id="ext-9")
    async with window.store.writing() as session:
        for code in ("market", "police"):
            department = await session.directory.get(code)
            assert department is not None
            await session.directory.save(department.model_copy(update={"enabled": False}))
    window.engine.broken.add(cases[1].case_id)
    assert await hand_over_disabled(window.office) == 3
    for record in (cases[0], cases[2], police):
        (request,) = window.engine.snapshots[record.case_id].requests
        assert request.state is RequestState.DECISION


async def test_a_rating(window: Window) -> None:
    first, second = await rated(window, "ext-1"), await rated(window, "ext-2")
    window.follow_ups.broken.add(first)
    assert await relay_ratings(window.office) == 1
    assert window.follow_ups.snapshots[second].rating is not None


async def test_ratings_of_lost_follow_ups_do_not_starve_the_others(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_case, "BATCH", 1)
    lost, sound = await rated(window, "ext-1"), await rated(window, "ext-2")
    del window.follow_ups.snapshots[lost]
    assert await relay_ratings(window.office) == 0
    assert await relay_ratings(window.office) == 1
    assert window.follow_ups.snapshots[sound].rating is not None
    assert await relay_ratings(window.office) == 0, "what is lost waits for its next turn"
    async with window.store.reading() as session:
        assert await session.rating_links.undelivered(window.wall.now(), 10) == []
        window.wall.wait(minutes=5)
        (again,) = await session.rating_links.undelivered(window.wall.now(), 10)
    assert (again.follow_up_id, again.attempts) == (lost, 1)


async def test_a_reopening(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    orders = []
    for external_id in ("ext-1", "ext-2"):
        closed, _ = await explained(window, external_id)
        await order_follow_ups(window.office)
        orders.append(f"{closed.case_id}.followup1")
        await window.follow_ups.act(orders[-1], call(external_id, resolved=False))
    failing = fails_for(orders[0], reopen_unresolved.reopen_for, lambda _office, name: str(name))
    monkeypatch.setattr(reopen_unresolved, "reopen_for", failing)
    assert await reopen_unresolved.reopen_unresolved(window.office) == 1


async def test_a_rung_at_the_counter(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = await window.register(), await window.register(external_id="ext-2")
    window.wall.wait(days=9)

    def named(_office: Office, _ladder: object, what: tuple[CaseRecord, object, object]) -> str:
        return what[0].case_id

    monkeypatch.setattr(counter_ladder, "_fire", fails_for(first.case_id, counter_ladder._fire, named))
    assert await watch_triage(window.office) > 0
    assert await window.facts(second.case_id, FactKind.RUNG_FIRED) != []


async def test_a_launch_that_cannot_be_read(window: Window, tmp_path: Path) -> None:
    first, second = await two_launches(window)
    change(tmp_path, "UPDATE launch_intents SET document = '{}' WHERE case_id = ?", first.case_id)
    assert await relay_launches(window.office) == 1
    assert (await window.record(second.case_id)).stage is CaseStage.COORDINATING
    assert [(one.case_id, one.invariant) for one in await verify(window.office)] == [(first.case_id, "I9")]


async def test_a_message_that_cannot_be_read(
    window: Window, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "BATCH", 1)
    first, second = await two_answers(window)
    change(tmp_path, 'UPDATE inbox SET document = \'{"raw": "secret"}\' WHERE case_id = ?', first.case_id)
    assert await relay_inbox(window.office) == 0
    assert await relay_inbox(window.office) == 1, "out of the way of the others"
    assert [one.status for one in await window.inbox(second.case_id)] == [InboxStatus.APPLIED]
    assert "cannot be read" in caplog.text
    assert "secret" not in caplog.text
    assert [(one.case_id, one.invariant) for one in await verify(window.office)] == [(first.case_id, "I9")]


async def test_a_rating_that_cannot_be_read(window: Window, tmp_path: Path) -> None:
    first, second = await rated(window, "ext-1"), await rated(window, "ext-2")
    change(tmp_path, "UPDATE rating_links SET document = '{}' WHERE follow_up_id = ?", first)
    assert await relay_ratings(window.office) == 1
    assert window.follow_ups.snapshots[second].rating is not None
    assert (first.partition(".")[0], "I9") in {(one.case_id, one.invariant) for one in await verify(window.office)}


async def test_a_case_at_the_counter_that_cannot_be_read(window: Window, tmp_path: Path) -> None:
    first, second = await window.register(), await window.register(external_id="ext-2")
    change(tmp_path, "UPDATE cases SET document = '{}' WHERE case_id = ?", first.case_id)
    window.wall.wait(days=9)
    assert await watch_triage(window.office) > 0
    assert await window.facts(second.case_id, FactKind.RUNG_FIRED) != []
