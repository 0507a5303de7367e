"""The demonstration speaks of departments, causes and rungs by their Chinese names."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bootstrap.policies import load_policy
from cli.demonstration.board import PlainBoard
from cli.demonstration.expectation import ObservedCase, ObservedRequest
from cli.demonstration.report import names_of, show_results
from cli.demonstration.runner import Result
from cli.demonstration.script import DemonstrationCase, load_scripts
from domain.codes import Outcome, ReplyCode

POLICIES = Path(__file__).resolve().parents[2] / "policies"


@pytest.fixture
def script() -> DemonstrationCase:
    return load_scripts(POLICIES / "demonstration")[0]


def _written(out: Console) -> str:
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def test_the_table_names_departments_and_causes(script: DemonstrationCase) -> None:
    asked = ObservedRequest("change", "market", reply=ReplyCode.ACCEPTED, declined=("culture",))
    seen = ObservedCase("LD-2026-000001", Outcome.WITHDRAWN, (asked,))
    out = Console(file=io.StringIO(), width=200)
    show_results(out, [Result(script, seen, ("结果 · outcome",))], names_of(load_policy(POLICIES)))
    cells = _written(out)
    for words in ("市场监督管理", "market", "文化和旅游局", "culture", "已撤回", "同意办理", script.triage.cause.value):
        assert words in cells
    assert "已撤销" not in cells


def test_the_board_names_the_rungs(script: DemonstrationCase) -> None:
    round_: dict[str, Any] = {"rungs": [{"rung": "reply_overdue"}, {"rung": "of_the_district"}]}
    request = {"key": "change", "state": "OPEN", "rounds": [round_]}
    coordination = {"requests": [request], "deferrals": [], "decision_needed": ""}
    out = Console(file=io.StringIO(), width=200)
    PlainBoard(out).followed(script, {"case_id": "LD-2026-000001", "coordination": coordination})
    assert "催办 chased: 超期未答复 reply_overdue, of_the_district" in _written(out)
