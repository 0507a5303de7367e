"""Commands find the product that runs, and do not mistake a dead one's notes for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrap.running import (
    Running,
    announce,
    api_url,
    find_running,
    paced_as_it_runs,
    temporal_address,
    token_of,
    withdraw,
)
from bootstrap.settings import Pace, Settings, load_settings

URL = "http://127.0.0.1:40001"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(data_dir=tmp_path)


def running(pid: int) -> Running:
    return Running(pid=pid, api_url=URL, temporal_address="127.0.0.1:40002")


def ended_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_what_a_living_process_announced_is_found(settings: Settings) -> None:
    announce(settings.data_dir, running(os.getpid()))

    assert find_running(settings) == running(os.getpid())
    assert api_url(settings) == URL
    assert temporal_address(settings) == "127.0.0.1:40002"


def test_a_command_counts_days_as_the_product_that_runs_does(settings: Settings) -> None:
    assert paced_as_it_runs(settings).pace.mode is Pace.REAL
    announce(settings.data_dir, running(os.getpid()).model_copy(update={"day_seconds": 4.0}))

    pace = paced_as_it_runs(settings).pace

    assert (pace.mode, pace.seconds_per_working_day) == (Pace.COMPRESSED, 4.0)


def test_what_was_withdrawn_is_not_found(settings: Settings) -> None:
    announce(settings.data_dir, running(os.getpid()))
    withdraw(settings.data_dir)

    assert find_running(settings) is None
    assert api_url(settings) == f"http://{settings.api.host}:{settings.api.port}"


def test_the_notes_of_a_killed_process_count_for_nothing(settings: Settings) -> None:
    announce(settings.data_dir, running(ended_process()))

    assert find_running(settings) is None
    assert temporal_address(settings) == settings.temporal.address


def test_a_damaged_note_is_no_note(settings: Settings) -> None:
    (settings.data_dir / "running.json").write_text("{", encoding="utf-8")

    assert find_running(settings) is None


def test_the_address_in_the_settings_goes_first(settings: Settings) -> None:
    announce(settings.data_dir, running(os.getpid()))
    behind_a_proxy = load_settings(data_dir=settings.data_dir, api={"public_url": "https://window.example"})

    assert api_url(behind_a_proxy) == "https://window.example"


def test_the_token_in_the_environment_goes_before_the_file(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    (settings.data_dir / "tokens.json").write_text('{"leader": "from-file"}', encoding="utf-8")
    assert token_of(settings, "leader") == "from-file"
    assert token_of(settings, "nobody") is None

    monkeypatch.setenv("LIANDONG_TOKEN", "from-environment")
    assert token_of(load_settings(data_dir=settings.data_dir), "leader") == "from-environment"
