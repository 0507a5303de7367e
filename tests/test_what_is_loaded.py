"""A command and a process load what they need: each runs in a process of its own, which tells what it has loaded."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.department_secrets import DepartmentSecrets
from bootstrap.first_start import SECRETS_FILE
from bootstrap.policies import load_policy
from bootstrap.settings import load_settings

ENGINE = {"temporalio", "workflows"}
STORE = {"sqlalchemy", "sqlmodel", "alembic", "store"}
API = {"fastapi", "starlette", "uvicorn", "api"}
TELEMETRY = {"opentelemetry", "prometheus_client"}
EVERYTHING = ENGINE | STORE | API | TELEMETRY

_COMMAND = "from cli.main import app as run"
_WORKER = "from worker import main as run"
_RUN = """
import json, sys
{entry}
try:
    run()
except SystemExit:
    pass
with open(sys.argv[0], "w") as report:
    json.dump(sorted(sys.modules), report)
"""


def loaded(tmp_path: Path, entry: str, *arguments: str, **settings: str) -> set[str]:
    report = tmp_path / "modules.json"
    program = f"import sys; sys.argv[0] = {str(report)!r}\n{_RUN.format(entry=entry)}"
    environment = {
        **os.environ,
        "LIANDONG_DATA_DIR": str(tmp_path / "data"),
        "LIANDONG_TOKEN": "some-token",
        "LIANDONG_API__PUBLIC_URL": "http://127.0.0.1:1",
        **settings,
    }
    subprocess.run([sys.executable, "-c", program, *arguments], env=environment, capture_output=True, check=True)
    return set(json.loads(report.read_text()))


@pytest.mark.parametrize(
    ("command", "module"),
    [
        ("--help", "cli.later"),
        ("policy check", "bootstrap.policies"),
        ("case list", "httpx"),
        ("case show LD-2026-000001", "httpx"),
        ("case decide LD-2026-000001 close --reason enough", "httpx"),
        ("case follow-ups LD-2026-000001", "httpx"),
        ("clock explain LD-2026-000001", "httpx"),
        ("calendar show", "httpx"),
        ("department list", "httpx"),
    ],
)
def test_what_speaks_to_the_api_loads_nothing_behind_it(tmp_path: Path, command: str, module: str) -> None:
    modules = loaded(tmp_path, _COMMAND, *command.split())

    assert module in modules, "the command did its work"
    assert not modules & EVERYTHING


@pytest.mark.parametrize(
    "command", ["token new nobody", "retention show", "evidence list LD-2026-000001", "calendar load /dev/null"]
)
def test_what_needs_the_store_loads_neither_engine_nor_api(tmp_path: Path, command: str) -> None:
    modules = loaded(tmp_path, _COMMAND, *command.split())

    assert "sqlalchemy" in modules
    assert not modules & (ENGINE | API | TELEMETRY)


def test_the_invariant_check_loads_no_api(tmp_path: Path) -> None:
    modules = loaded(tmp_path, _COMMAND, "verify")

    assert "sqlalchemy" in modules
    assert "temporalio" in modules
    assert not modules & API


def test_a_worker_for_departments_alone_loads_neither_store_nor_api(tmp_path: Path) -> None:
    policy = load_policy(load_settings().policies)
    (tmp_path / "data").mkdir()
    DepartmentSecrets({}).completed_for(policy.departments).save(tmp_path / "data" / SECRETS_FILE)

    # Nobody is at Temporal's address: the worker comes as far as connecting
    outside = {"LIANDONG_TEMPORAL__MODE": "outside", "LIANDONG_TEMPORAL__ADDRESS": "127.0.0.1:1"}
    keys = {"LIANDONG_CODEC__KEYS": "k1:" + "A" * 43 + "="}
    modules = loaded(tmp_path, _WORKER, "--department", "police", **outside, **keys)

    assert "adapters.department_xml" in modules
    assert not modules & (STORE | API)


def test_a_worker_beside_the_store_loads_no_api(tmp_path: Path) -> None:
    modules = loaded(tmp_path, "import bootstrap.office_process\nrun = sys.exit")

    assert {"sqlalchemy", "temporalio"} <= modules
    assert not modules & API
