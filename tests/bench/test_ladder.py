"""The benchmark runs, says what it measured, and ends with the invariant checker. Nothing here judges a speed."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bench import ladder


@pytest.mark.server
@pytest.mark.timeout(120)
def test_a_short_ladder_reports_table_samples_and_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "samples.json"
    short = ["--rounds", "1", "--cases", "2", "--side-by-side", "2", "--apart", "0"]

    status = ladder.main([*short, "--rungs", "L2", "L8", "--json", str(path)])

    shown = capsys.readouterr().out
    report = json.loads(path.read_text(encoding="utf-8"))
    assert status == 0, shown
    assert "cases/s" in shown
    assert "no lost answer, no broken invariant" in shown
    assert [row["rung"] for row in report["figures"]] == ["L2", "L8"]
    assert {(sample["rung"], len(sample["latencies"])) for sample in report["samples"]} == {("L2", 2), ("L8", 2)}
    engine = next(row for row in report["figures"] if row["rung"] == "L8")
    assert engine["ratio"] > 0
    # How many answers share a record depends on the machine; below the bare commands of four asks nothing was counted
    assert engine["events"] > 40
    assert report["environment"]["server_pragmas"] == ["journal_mode=wal", "synchronous=2"]
    assert report["environment"]["store_pragmas"]["synchronous"] == "2"
    assert (report["findings"], report["lost"]) == ([], [])
    # Round 0 warms up: its cases are checked too
    assert report["checked_cases"] == 4


def test_a_lost_answer_voids_the_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def measured(plan: ladder.Plan, _progress: object) -> ladder.Report:
        said: dict[str, Any] = {
            "measured_at": datetime.now(UTC),
            "plan": plan,
            "figures": (),
            "findings": (),
            "lost": ("LD-2026-000001: no answer of market",),
        }
        return ladder.Report.model_construct(**said)

    monkeypatch.setattr(ladder, "measure", measured)

    assert ladder.main(["--json", str(tmp_path / "void.json")]) == 1
