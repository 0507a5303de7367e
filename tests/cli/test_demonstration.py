"""The whole product from one command: cases through the public API, judged, and found again after a restart."""

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LIANDONG = [sys.executable, "-c", "from cli.main import app; app()"]
DAY_SECONDS = 3


def run(data: Path, *arguments: str, seconds: int = 200, **settings: str) -> "subprocess.CompletedProcess[str]":
    """One life of the product, on ports that are free now."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("LIANDONG_")}
    own |= {
        "LIANDONG_DATA_DIR": str(data),
        "LIANDONG_API__PORT": "0",
        "LIANDONG_TEMPORAL__PORT": "0",
        "LIANDONG_TEMPORAL__UI_PORT": "0",
        "LIANDONG_PACE__SECONDS_PER_WORKING_DAY": str(DAY_SECONDS),
        **settings,
    }
    return subprocess.run(
        [*LIANDONG, *arguments], env=own, cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False
    )


def cases_of(path: Path) -> dict[str, dict[str, Any]]:
    return {case["script"]: case for case in json.loads(path.read_text(encoding="utf-8"))["cases"]}


@pytest.mark.server
@pytest.mark.timeout(420)
def test_demonstration_ends_as_expected_and_a_second_start_finds_the_cases(tmp_path: Path) -> None:
    data, results = tmp_path / "data", tmp_path / "results.json"

    first = run(data, "up", "--demo", "--once", "--json", str(results))

    assert first.returncode == 0, first.stdout + first.stderr
    cases = cases_of(results)
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
    assert f"压缩为 {DAY_SECONDS} 秒" in first.stdout
    _promises_and_disputes_are_told(cases, first.stdout)
    _tokens_are_private_and_shown_once(data, first.stdout)
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
    assert not (data / "running.json").exists(), "nothing runs any more"


def _a_wrong_expectation_fails_and_earlier_cases_are_found(
    tmp_path: Path, data: Path, earlier: dict[str, dict[str, Any]]
) -> None:
    policies = Path(shutil.copytree(ROOT / "policies", tmp_path / "policies"))
    for script in (policies / "demonstration").glob("*.toml"):
        if script.name != "jd-1.toml":
            script.unlink()
    jd_1 = policies / "demonstration" / "jd-1.toml"
    text = jd_1.read_text(encoding="utf-8").replace('outcome = "EXPLAINED"', 'outcome = "DONE"')
    jd_1.write_text(text, encoding="utf-8")
    results = tmp_path / "second.json"

    second = run(
        data, "up", "--demo", "--once", "--json", str(results), LIANDONG_POLICIES_DIR=str(policies), seconds=120
    )

    assert second.returncode == 1, second.stdout + second.stderr
    assert "expected DONE, got EXPLAINED" in second.stdout
    assert json.loads(results.read_text(encoding="utf-8"))["passed"] is False
    assert "Earlier cases: 17" in second.stdout
    shown = [case["case_id"] for case in earlier.values() if case["case_id"] in second.stdout]
    assert len(shown) == 10, "the latest ones by number, the others by the command that lists them"
    new = cases_of(results)["JD-1"]["case_id"]
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
