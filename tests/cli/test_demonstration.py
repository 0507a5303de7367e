"""The whole product from one command: cases through the public API, judged, and found again after a restart."""

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.cli.readme_steps import walk_through

ROOT = Path(__file__).parents[2]
LIANDONG = [sys.executable, "-c", "from cli.main import app; app()"]
DAY_SECONDS = 6
PATIENCE_SECONDS = 600
"""For what takes two minutes on a quiet machine."""
_IN_TIME = re.compile(r"^in_time = .*\n", re.MULTILINE)


def run(
    data: Path, *arguments: str, seconds: int = PATIENCE_SECONDS, **settings: str
) -> "subprocess.CompletedProcess[str]":
    """One life of the product, on ports that are free now."""
    return subprocess.run(
        [*LIANDONG, *arguments],
        env=_environment(data, settings),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def patient_policies(folder: Path, *scripts: str) -> Path:
    """The shipped ones, with these demonstration cases (all for none named), whose compressed days a busy machine may
    overrun: outcomes, replies and rungs are judged, and that something is late; never that it came in time."""
    policies = Path(shutil.copytree(ROOT / "policies", folder / "policies"))
    for script in (policies / "demonstration").glob("*.toml"):
        if scripts and script.stem not in scripts:
            script.unlink()
        else:
            script.write_text(_IN_TIME.sub("", script.read_text(encoding="utf-8")), encoding="utf-8")
    return policies


@contextmanager
def serving(data: Path, *arguments: str, **settings: str) -> Iterator["subprocess.Popen[str]"]:
    """The product until the block ends, when it is interrupted as by Ctrl-C; what it says is in a file beside it."""
    with (data.parent / "said.txt").open("w") as said:
        process = subprocess.Popen(
            [*LIANDONG, *arguments], env=_environment(data, settings), cwd=ROOT, stdout=said, stderr=said, text=True
        )
    try:
        yield process
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_SECONDS)
    finally:
        process.kill()
        process.wait()


def results_of(path: Path, process: "subprocess.Popen[str]", said: Path) -> dict[str, Any]:
    """What it wrote about its cases, once it has."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < give_up:
        with suppress(FileNotFoundError, ValueError):
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return found
        time.sleep(0.2)
    raise AssertionError(f"no results:\n{said.read_text(encoding='utf-8')}")


def _environment(data: Path, settings: dict[str, str]) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("LIANDONG_")}
    own |= {
        "LIANDONG_DATA_DIR": str(data),
        "LIANDONG_API__PORT": "0",
        "LIANDONG_TEMPORAL__PORT": "0",
        "LIANDONG_TEMPORAL__UI_PORT": "0",
        "LIANDONG_PACE__SECONDS_PER_WORKING_DAY": str(DAY_SECONDS),
        **settings,
    }
    return own


def cases_of(results: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {case["script"]: case for case in results["cases"]}


@pytest.mark.server
@pytest.mark.timeout(3 * PATIENCE_SECONDS)
def test_demonstration_ends_as_expected_and_a_second_start_finds_the_cases(tmp_path: Path) -> None:
    data, results, said = tmp_path / "data", tmp_path / "results.json", tmp_path / "said.txt"
    policies = str(patient_policies(tmp_path))

    with serving(data, "up", "--demo", "--json", str(results), LIANDONG_POLICIES_DIR=policies) as first:
        found = results_of(results, first, said)
        running = json.loads((data / "running.json").read_text(encoding="utf-8"))
        walked = walk_through(data, running["api_url"], tmp_path, PATIENCE_SECONDS)
        verified = run(data, "verify", LIANDONG_POLICIES_DIR=policies)

    told = said.read_text(encoding="utf-8")
    assert found["passed"], told
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert first.returncode == 0, told
    assert "\x1b" not in told, "no colour codes in a file"
    cases = cases_of(found)
    assert {name: case["outcome"] for name, case in cases.items()} == {
        "CM-1": "DONE",
        "CM-2": "REVOKED",
        "CM-2b": "DONE",
        "CM-3": "DONE",
        "D-1": "DONE",
        "D-2": "DONE",
        "HK-1": "DONE",
        "HK-2": "OTHER_SUPPORT",
        "JD-1": "EXPLAINED",
        "JD-2": "DONE",
        "QP-1": "DONE",
        "X-1": "REFERRED",
        "X-2": "DONE",
        "X-4": "DONE",
        "X-7": "LAWFULLY_REFUSED",
        "X-7b": "EXPLAINED",
        "X-7c": "DONE",
    }
    assert cases["JD-1"]["requests"] == cases["X-1"]["requests"] == []
    (tenancy,) = cases["D-2"]["requests"]
    assert tenancy["in_time"] is False
    assert "duty_leader_decides" in tenancy["rungs"]
    assert f"压缩为 {DAY_SECONDS} 秒" in told
    assert f"{running['api_url']}/docs" in told
    assert running["temporal_ui_url"] in told
    assert '"outcome":"DONE"' in walked
    assert '"rule":"limit-not-positive"' in walked
    _promises_and_disputes_are_told(cases, told)
    _tokens_are_private_and_shown_once(data, told)
    _a_wrong_expectation_fails_and_earlier_cases_are_found(tmp_path, data, cases)


def _promises_and_disputes_are_told(cases: dict[str, dict[str, Any]], table: str) -> None:
    assert cases["CM-1"]["interim_outcome"] == "DONE_CONDITIONALLY"
    assert cases["CM-1"]["deferrals"][0]["materials"][0]["state"] == "VERIFIED"
    assert cases["CM-2"]["deferrals"][0]["state"] == "REVOKED"
    assert cases["CM-2b"]["deferrals"][0]["overridden"] is True
    assert cases["X-2"]["requests"][0]["declined"] == ["culture", "market"]
    assert cases["X-2"]["refusals"][-1] == "answer by officer:culture: 409 designation-binds"
    assert cases["X-7b"]["same_facts_as"] == cases["X-7c"]["reopened_from"] == cases["X-7"]["case_id"]
    for shown in ("退单 declined", "容缺办成", "未兑现 FAILED", "值班长特批"):
        assert shown in table


def _tokens_are_private_and_shown_once(data: Path, said: str) -> None:
    tokens = json.loads((data / "tokens.json").read_text(encoding="utf-8"))
    assert all(token in said for token in tokens.values())
    for name in ("tokens.json", "department-secrets.json", "codec.keys", "liandong.db"):
        assert stat.S_IMODE((data / name).stat().st_mode) == 0o600, name
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert not (data / "running.json").exists(), "nothing runs any more"


def _a_wrong_expectation_fails_and_earlier_cases_are_found(
    tmp_path: Path, data: Path, earlier: dict[str, dict[str, Any]]
) -> None:
    policies = patient_policies(tmp_path / "wrong", "jd-1")
    jd_1 = policies / "demonstration" / "jd-1.toml"
    text = jd_1.read_text(encoding="utf-8").replace('outcome = "EXPLAINED"', 'outcome = "DONE"')
    jd_1.write_text(text, encoding="utf-8")
    results = tmp_path / "second.json"

    second = run(data, "up", "--demo", "--once", "--json", str(results), LIANDONG_POLICIES_DIR=str(policies))

    assert second.returncode == 1, second.stdout + second.stderr
    assert "expected DONE, got EXPLAINED" in second.stdout
    told = json.loads(results.read_text(encoding="utf-8"))
    assert told["passed"] is False
    assert "Earlier cases: 18" in second.stdout, "those of the demonstration, and the one of the README"
    shown = [case["case_id"] for case in earlier.values() if case["case_id"] in second.stdout]
    assert len(shown) == 9, "the latest ones by number, the others by the command that lists them"
    new = cases_of(told)["JD-1"]["case_id"]
    assert new not in {case["case_id"] for case in earlier.values()}
    tokens = json.loads((data / "tokens.json").read_text(encoding="utf-8"))
    assert not any(token in second.stdout for token in tokens.values())


@pytest.mark.server
def test_a_taken_port_is_named_with_its_setting(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD_A_PORT], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        port = holder.stdout.readline().strip()
        answer = run(tmp_path / "data", "up", LIANDONG_API__PORT=port, seconds=50)
        holder.kill()

    assert answer.returncode == 1
    assert port in answer.stderr
    assert "LIANDONG_API__PORT" in answer.stderr


_HOLD_A_PORT = """
import socket, sys
held = socket.create_server(("127.0.0.1", 0))
print(held.getsockname()[1], flush=True)
sys.stdin.read()
"""
