"""The ladder of the first contact: each rung once, in office hours, through the channel, with its proof."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.notice_file import NoticeFile
from adapters.notice_recorder import NoticeRecorder
from domain.codes import Urgency
from domain.fact import FactKind
from domain.notice import RungFiring, RungResult
from services.record_first_contact import FirstContactInput, record_first_contact
from services.watch_first_contact import watch_first_contact
from tests.services.conftest import CLERK, Window

OPENING = datetime(2023, 1, 4, 1, 0, tzinfo=UTC)
"""Wed 09:00 in Shanghai, the morning of the day on which the contact is due at 17:00."""
EVENING = datetime(2023, 1, 4, 12, 0, tzinfo=UTC)
MORNING_AFTER = datetime(2023, 1, 5, 1, 0, tzinfo=UTC)


async def proofs(window: Window, case_id: str) -> list[dict[str, str]]:
    return [chained.fact.data for chained in await window.facts(case_id, FactKind.RUNG_FIRED)]


async def test_each_rung_is_sent_once_at_its_instant(window: Window) -> None:
    record = await window.register()
    window.wall.at = OPENING - timedelta(seconds=1)
    assert await watch_first_contact(window.office) == 0
    window.wall.at = OPENING
    assert await watch_first_contact(window.office) == 1
    window.wall.at = EVENING
    assert await watch_first_contact(window.office) == 0, "20:00 in Shanghai: nobody is disturbed"
    window.wall.at = MORNING_AFTER
    assert await watch_first_contact(window.office) == 1
    assert await watch_first_contact(window.office) == 0
    assert [(sent.rung, sent.planned_at, sent.tell) for sent in window.notices.sent] == [
        ("first_contact_today", OPENING, ("clerk",)),
        ("first_contact_overdue", MORNING_AFTER, ("clerk", "duty_leader")),
    ]
    assert window.notices.sends == 2
    shown = [(data["rung"], data["result"], data["told"]) for data in await proofs(window, record.case_id)]
    assert shown == [
        ("first_contact_today", "delivered", "clerk"),
        ("first_contact_overdue", "delivered", "clerk, duty_leader"),
    ]


async def test_an_urgent_case_does_not_wait_for_the_morning(window: Window) -> None:
    record = await window.triaged(urgency=Urgency.URGENT)
    window.wall.at = EVENING
    await watch_first_contact(window.office)
    assert [data["rung"] for data in await proofs(window, record.case_id)] == [
        "first_contact_today",
        "first_contact_overdue",
    ]


async def test_urgent_cases_are_found_behind_many_that_wait_for_the_morning(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.counter_ladder.BATCH", 2)
    for number in range(3):
        await window.register(external_id=f"ext-{number}-before")
    urgent = await window.triaged(urgency=Urgency.URGENT, external_id="urgent")
    await watch_first_contact(window.office)
    window.wall.at = EVENING
    await watch_first_contact(window.office)
    overdue = [sent.case_id for sent in window.notices.sent if sent.rung == "first_contact_overdue"]
    assert overdue == [urgent.case_id]


async def test_a_contact_in_time_is_not_escalated(window: Window) -> None:
    record = await window.register()
    await record_first_contact(window.office, CLERK, record.case_id, FirstContactInput(channel="phone"))
    window.wall.wait(days=5)
    assert await watch_first_contact(window.office) == 0
    assert window.notices.sends == 0


async def test_a_notice_that_bounces_is_on_record_as_such(window: Window) -> None:
    record = await window.register()
    window.wall.at = OPENING
    office = replace(window.office, notices={"notice": NoticeRecorder({"notice": "mailbox full"})})
    assert await watch_first_contact(office) == 1
    (data,) = await proofs(window, record.case_id)
    assert data["result"] == "bounced: mailbox full"


class _Failing:
    async def send(self, firing: RungFiring) -> RungResult:
        raise OSError("disk full")


async def test_a_channel_that_fails_is_tried_again_and_in_the_end_bounces(window: Window) -> None:
    record = await window.register()
    window.wall.at = OPENING
    broken = replace(window.office, notices={"notice": _Failing()})
    assert await watch_first_contact(broken) == 0
    assert await proofs(window, record.case_id) == []
    window.wall.at = OPENING + timedelta(hours=12)
    assert await watch_first_contact(broken) == 1
    (data,) = await proofs(window, record.case_id)
    assert (data["rung"], data["result"]) == ("first_contact_today", "bounced: OSError")


async def test_a_send_whose_proof_was_lost_is_not_sent_twice(window: Window, tmp_path: Path) -> None:
    await window.register()
    window.wall.at = OPENING
    told = tmp_path / "notices.jsonl"
    channel = NoticeFile(told, window.wall)

    class _ThenKilled:
        async def send(self, firing: RungFiring) -> RungResult:
            await channel.send(firing)
            raise ConnectionError("the process ended here")

    assert await watch_first_contact(replace(window.office, notices={"notice": _ThenKilled()})) == 0
    assert await watch_first_contact(replace(window.office, notices={"notice": channel})) == 1
    assert len(told.read_text(encoding="utf-8").splitlines()) == 1
