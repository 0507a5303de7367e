"""`liandong verify` says in Chinese which promise is broken."""

import ast
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import verify
from cli.main import app
from domain.audit_chain import START, AuditHead
from domain.code_text import INVARIANTS
from domain.invariants import Finding
from services.verify_invariants import CHECKS

ROOT = Path(__file__).resolve().parents[2]
SOURCES = (ROOT / "services" / "verify_invariants.py", ROOT / "bootstrap" / "history_check.py")


def test_every_invariant_that_is_looked_for_has_its_chinese() -> None:
    nodes = [node for one in SOURCES for node in ast.walk(ast.parse(one.read_text(encoding="utf-8")))]
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    given = [one.value for call in calls for one in call.keywords if one.arg == "invariant"]
    named = {one.value for one in given if isinstance(one, ast.Constant)}
    assert INVARIANTS.keys() == named | {number for number, _ in CHECKS}


def test_a_finding_is_shown_with_the_name_of_what_it_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    found = (Finding(invariant="I10", case_id="LD-2026-000001", detail="changes without a record: versions [2]"),)

    async def checked(_: AuditHead | None, __: int) -> tuple[tuple[Finding, ...], AuditHead, int, int]:
        return found, START, 1, 0

    monkeypatch.setattr(verify, "_check", checked)
    shown = CliRunner().invoke(app, ["verify"])
    assert shown.exit_code == 1
    assert "I10 记录完整未被改动" in shown.output
    assert "changes without a record" in shown.output
