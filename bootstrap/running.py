"""Where a running product can be reached: written by the process that serves, read by the commands."""

import contextlib
import json
import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bootstrap.private_file import read_entries, write_private
from bootstrap.settings import Pace, PaceSettings, Settings, TemporalMode
from bootstrap.tokens import tokens_file

FILE = "running.json"


class Running(BaseModel):
    model_config = ConfigDict(frozen=True)

    pid: int
    api_url: str
    temporal_address: str | None = None
    temporal_ui_url: str | None = None
    simulators_url: str | None = None
    """Only while the demonstration's simulators run."""
    simulators_control: str | None = Field(default=None, repr=False)
    """Opens their scripts and journals."""
    day_seconds: float | None = None
    """Length of a working day when limits are compressed."""


def announce(data_dir: Path, running: Running) -> None:
    write_private(data_dir / FILE, json.dumps(running.model_dump(mode="json"), indent=2) + "\n")


def withdraw(data_dir: Path) -> None:
    (data_dir / FILE).unlink(missing_ok=True)


def find_running(settings: Settings) -> Running | None:
    """What the last start announced, unless its process has gone."""
    with contextlib.suppress(OSError, ValidationError):
        running = Running.model_validate_json((settings.data_dir / FILE).read_text(encoding="utf-8"))
        # Signal 0 only asks; a process of somebody else (PermissionError) is not ours
        os.kill(running.pid, 0)
        return running
    return None


def api_url(settings: Settings) -> str:
    """The address that the settings name goes first: the API may stand behind a proxy or on another machine."""
    if settings.api.public_url is not None:
        return settings.api.public_url
    running = find_running(settings)
    return running.api_url if running is not None else f"http://{settings.api.host}:{settings.api.port}"


def paced_as_it_runs(settings: Settings) -> Settings:
    """A demonstration compresses the days of the process that serves, whatever the settings of a command say."""
    running = find_running(settings)
    if running is None or running.day_seconds is None:
        return settings
    pace = PaceSettings(mode=Pace.COMPRESSED, seconds_per_working_day=running.day_seconds)
    return settings.model_copy(update={"pace": pace})


def temporal_address(settings: Settings) -> str:
    """The embedded server's ports may have been chosen at its start."""
    running = find_running(settings)
    if settings.temporal.mode is TemporalMode.EMBEDDED and running is not None and running.temporal_address:
        return running.temporal_address
    return settings.temporal.address


def token_of(settings: Settings, person_id: str) -> str | None:
    """The token to act with: the environment's, else this person's from the data directory."""
    if settings.token is not None:
        return settings.token.get_secret_value()
    return read_entries(tokens_file(settings.data_dir)).get(person_id)
