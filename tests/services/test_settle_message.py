"""Stored messages on their way into their cases: nothing is lost by waiting, and nothing waits for ever."""

import asyncio
from datetime import timedelta

import pytest

from domain.fact import FactKind
from domain.inbox import InboxStatus
from services.relay import relay_inbox
from services.settle_message import MOST_ATTEMPTS
from tests.services.conftest import ACCEPTED, Window
from tests.services.test_receive_callback import REFUSED, launched, statuses


async def test_while_the_engine_is_away_answers_are_stored_and_relayed_with_their_own_time(window: Window) -> None:
    request = await launched(window)
    window.engine.away = True
    stored = await window.send(request, ACCEPTED, message_id="m-1")
    received_at = window.wall.at
    assert (stored.status, stored.body) == (202, {"status": "stored"})
    window.wall.wait(days=3)
    assert await relay_inbox(window.office) == 0
    window.engine.away = False
    window.wall.wait(minutes=1)
    assert await relay_inbox(window.office) == 1
    turn = window.engine.turn(request, 1)
    assert turn is not None
    assert (turn.received_at, turn.in_time) == (received_at, True)
    assert await window.send(request, ACCEPTED, message_id="m-1") == stored


async def test_an_engine_that_is_away_for_days_costs_a_message_nothing(window: Window) -> None:
    request = await launched(window)
    window.engine.away = True
    await window.send(request, ACCEPTED)
    for _ in range(MOST_ATTEMPTS * 2):
        window.wall.wait(minutes=10)
        await relay_inbox(window.office)
    window.engine.away = False
    window.wall.wait(minutes=10)
    assert await relay_inbox(window.office) == 1
    assert await statuses(window, request) == [InboxStatus.APPLIED]


async def test_an_answer_that_took_effect_before_the_crash_is_healed(window: Window) -> None:
    request = await launched(window)
    window.engine.dies_after_completing = True
    assert (await window.send(request, ACCEPTED)).status == 202
    window.engine.dies_after_completing = False
    window.wall.wait(minutes=1)
    assert await relay_inbox(window.office) == 1
    assert await statuses(window, request) == [InboxStatus.APPLIED]
    assert len(await window.facts(request.partition(".")[0], FactKind.REPLIED)) == 1


async def test_a_message_that_never_fits_is_quarantined_with_an_alarm(
    window: Window, caplog: pytest.LogCaptureFixture
) -> None:
    request = await launched(window)
    window.engine.not_listening.add(f"{request}.r1")
    assert (await window.send(request, ACCEPTED)).status == 202
    started = window.wall.at
    while await statuses(window, request) == [InboxStatus.RECEIVED]:
        window.wall.wait(minutes=5)
        await relay_inbox(window.office)
        assert window.wall.at - started < timedelta(hours=3)
    assert await statuses(window, request) == [InboxStatus.QUARANTINED]
    assert len(await window.facts(request.partition(".")[0], FactKind.QUARANTINED)) == 1
    assert any(record.levelname == "ERROR" for record in caplog.records)


async def test_what_was_contradicted_by_a_message_that_never_fits_is_tried_then(window: Window) -> None:
    request = await launched(window)
    window.engine.not_listening.add(f"{request}.r1")
    await window.send(request, ACCEPTED)
    window.wall.wait(seconds=1)
    assert (await window.send(request, REFUSED)).status == 409
    while (await statuses(window, request))[0] is InboxStatus.RECEIVED:
        window.wall.wait(minutes=5)
        await relay_inbox(window.office)
    assert await statuses(window, request) == [InboxStatus.QUARANTINED, InboxStatus.RECEIVED]
    window.engine.not_listening.clear()
    window.wall.wait(minutes=5)
    await relay_inbox(window.office)
    assert await statuses(window, request) == [InboxStatus.QUARANTINED, InboxStatus.APPLIED]


@pytest.mark.parametrize("seen", [True, False], ids=["asked", "not yet on record"])
async def test_a_case_that_nobody_works_on_costs_a_message_nothing(window: Window, seen: bool) -> None:
    """The engine's server is up, its workers are not: the case may well wait for this message."""
    window.engine.writes = seen
    request = await launched(window)
    case_id = request.partition(".")[0]
    window.engine.silent.add(case_id)
    window.engine.not_listening.add(f"{request}.r1")
    assert (await window.send(request, ACCEPTED)).status == 202
    for _ in range(MOST_ATTEMPTS * 2):
        window.wall.wait(minutes=6)
        await relay_inbox(window.office)
    (entry,) = await window.inbox(case_id)
    assert (entry.status, entry.attempts) == (InboxStatus.RECEIVED, 0)
    window.engine.silent.clear()
    window.engine.not_listening.clear()
    window.wall.wait(minutes=6)
    assert await relay_inbox(window.office) == 1
    assert await statuses(window, request) == [InboxStatus.APPLIED]


async def test_a_case_that_cannot_be_asked_is_asked_less_and_less_often(window: Window) -> None:
    request = await launched(window)
    window.engine.silent.add(request.partition(".")[0])
    window.engine.not_listening.add(f"{request}.r1")
    await window.send(request, ACCEPTED)
    pauses = []
    for minutes in (1, 3, 60):
        window.wall.wait(minutes=minutes)
        await relay_inbox(window.office)
        (entry,) = await window.inbox(request.partition(".")[0])
        assert entry.next_attempt_at is not None
        pauses.append(entry.next_attempt_at - window.wall.at)
    assert pauses == [timedelta(minutes=1), timedelta(minutes=4), timedelta(minutes=5)]


async def test_one_poisoned_message_does_not_hold_up_the_others(window: Window) -> None:
    first, second = await launched(window), f"{(await window.launched(external_id='ext-2')).case_id}.dissolve"
    window.engine.away = True
    await window.send(first, ACCEPTED)
    await window.send(second, ACCEPTED)
    window.engine.away = False
    window.engine.broken.add(first.partition(".")[0])
    window.wall.wait(minutes=1)
    assert await relay_inbox(window.office) == 1
    assert await statuses(window, second) == [InboxStatus.APPLIED]
    assert await statuses(window, first) == [InboxStatus.RECEIVED]


async def test_two_relays_at_once_apply_an_answer_once(window: Window) -> None:
    request = await launched(window)
    window.engine.away = True
    await window.send(request, ACCEPTED)
    window.engine.away = False
    window.wall.wait(minutes=1)
    await asyncio.gather(relay_inbox(window.office), relay_inbox(window.office))
    assert await statuses(window, request) == [InboxStatus.APPLIED]
    assert len(await window.facts(request.partition(".")[0], FactKind.REPLIED)) == 1
