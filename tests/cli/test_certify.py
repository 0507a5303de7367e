"""`liandong certify` from the terminal, against a department that was started as the guide says."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bootstrap.certification.finding import Report
from cli.main import app

RUNNER = CliRunner()
ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def single(technique: str, script: Path) -> Iterator[list[str]]:
    """The command that the simulated department prints to have itself certified."""
    command = [sys.executable, "-m", "simulators", "--technique", technique, "--port", "0", "--script", str(script)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = ""
            for line in process.stdout:
                told = line if "liandong certify" in line else told
                if "Ctrl-C" in line:
                    break
            yield told.partition("liandong ")[2].split()
        finally:
            process.terminate()


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.json"
    path.write_text(json.dumps({"default": {"acknowledge_after": 0, "answer_after": 0.05}}))
    return path


@pytest.mark.parametrize("technique", ["webhook", "polled", "xml"])
def test_a_single_simulated_department_passes(technique: str, script: Path, tmp_path: Path) -> None:
    with single(technique, script) as command:
        answer = RUNNER.invoke(app, [*command, "--json", str(tmp_path / "report.json")])
    assert answer.exit_code == 0, answer.output
    report = Report.model_validate_json((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report.passed
    assert f"✓ {len(report.findings)}/{len(report.findings)} 通过 · rules kept" in answer.output
    assert all(f"{one.rule.zh} · {one.rule.en}" in answer.output for one in report.findings)


def test_what_is_broken_is_told_with_the_change_and_the_status(script: Path, tmp_path: Path) -> None:
    script.write_text(json.dumps({"default": {"answer_after": None}}))
    with single("polled", script) as command:
        answer = RUNNER.invoke(app, [*command, "--patience", "1"])
    assert answer.exit_code == 1
    told = answer.output
    assert "✗ answer" in told
    assert "没有最终答复" in told
    assert "no final answer within 1 s" in told
    assert "修改 · change:" in told
    assert "未测" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["http://127.0.0.1:9/x", "--technique", "xml", "--secret", "0123456789abcdef"], "http://127.0.0.1:9/x"),
        (["no address", "--technique", "polled", "--secret", "0123456789abcdef"], "http and https"),
        (["http://127.0.0.1:9", "--technique", "people"], "liandong department check"),
        (["http://127.0.0.1:9"], "whsec_"),
        (["http://127.0.0.1:9", "--technique", "polled"], "bearer token"),
    ],
)
def test_what_cannot_be_certified_is_said_with_what_to_do(arguments: list[str], told: str) -> None:
    answer = RUNNER.invoke(app, ["certify", *arguments])
    assert answer.exit_code == 1
    assert told in " ".join(answer.output.split())
