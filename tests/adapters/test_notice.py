"""Notices are told once each, and stay told."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.notice_file import NoticeFile
from adapters.notice_recorder import NoticeRecorder
from adapters.system_time import SystemTime
from domain.clock import ClockKind
from domain.notice import RungFiring
from tests.adapters.arrangement import CASE, NOW


def firing(rung: str = "overdue", channel: str = "file") -> RungFiring:
    return RungFiring(
        case_id=CASE,
        request_id=f"{CASE}.licence",
        round=1,
        department="market",
        rung=rung,
        clock=next(iter(ClockKind)),
        due_at=NOW,
        planned_at=NOW + timedelta(hours=1),
        tell=("duty_leader",),
        channel=channel,
    )


def told(path: Path) -> list[str]:
    return [json.loads(line)["firing_id"] for line in path.read_text().splitlines()]


def channel_at(path: Path) -> NoticeFile:
    return NoticeFile(path, SystemTime())


async def test_a_notice_is_one_line_with_everything_in_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "notices.jsonl"
    assert (await channel_at(path).send(firing())).result == "delivered"
    (line,) = path.read_text().splitlines()
    assert json.loads(line).items() >= firing().model_dump(mode="json").items()
    assert json.loads(line)["told_at"]


async def test_told_twice_is_one_line_even_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "notices.jsonl"
    for _ in range(2):
        channel = channel_at(path)
        for _ in range(2):
            assert (await channel.send(firing())).result == "delivered"
    assert told(path) == [firing().firing_id]


async def test_several_processes_share_the_file(tmp_path: Path) -> None:
    path = tmp_path / "notices.jsonl"
    channels = [channel_at(path) for _ in range(4)]
    rungs = [firing(f"rung{number}") for number in range(10)]
    await asyncio.gather(*(channel.send(rung) for rung in rungs for channel in channels))
    assert sorted(told(path)) == sorted(rung.firing_id for rung in rungs)


async def test_a_line_cut_off_by_a_crash_told_nobody_and_is_told_again(tmp_path: Path) -> None:
    path = tmp_path / "notices.jsonl"
    await channel_at(path).send(firing("first"))
    await channel_at(path).send(firing("second"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    await channel_at(path).send(firing("second"))
    assert told(path) == [firing("first").firing_id, firing("second").firing_id]


async def test_a_line_written_by_somebody_else_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "notices.jsonl"
    path.write_text("not ours\n[1]\n")
    await channel_at(path).send(firing())
    assert path.read_text().startswith("not ours\n[1]\n{")


async def test_after_a_rotation_what_was_told_stays_told(tmp_path: Path) -> None:
    path = tmp_path / "notices.jsonl"
    channel = channel_at(path)
    await channel.send(firing("first"))
    path.rename(tmp_path / "notices.1.jsonl")
    for rung in ("first", "second", "third"):
        await channel.send(firing(rung))
    assert told(path) == [firing("second").firing_id, firing("third").firing_id]


async def test_a_file_that_cannot_be_written_is_no_delivery(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="directory"):
        await channel_at(tmp_path).send(firing())


async def test_the_recorder_keeps_each_firing_once_and_repeats_its_result() -> None:
    recorder = NoticeRecorder({"mail": "no such address"})
    results = [(await recorder.send(firing(channel=channel))).result for channel in ("mail", "mail")]
    assert results == ["bounced: no such address"] * 2
    assert (len(recorder.sent), recorder.sends) == (1, 2)
