"""Every command explains itself, and says what to do when it cannot do its work."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bootstrap.invariant_check import CheckProgress
from bootstrap.settings import Settings, load_settings
from cli import verify
from cli.main import LiandongGroup, app
from domain.audit_chain import AuditHead
from domain.invariants import Finding
from tests.cli.tree import every_command

RUNNER = CliRunner()
COMMANDS = [
    ["up"],
    ["demo"],
    ["api"],
    ["certify"],
    ["verify"],
    ["case", "list"],
    ["case", "show"],
    ["case", "timeline"],
    ["case", "decide"],
    ["case", "follow-ups"],
    ["clock", "explain"],
    ["calendar", "show"],
    ["calendar", "load"],
    ["calendar", "undo"],
    ["evidence", "list"],
    ["evidence", "export"],
    ["evidence", "import"],
    ["policy", "check"],
    ["department", "list"],
    ["department", "show"],
    ["department", "add"],
    ["department", "change"],
    ["department", "check"],
    ["department", "rotate-key"],
    ["department", "disable"],
    ["department", "enable"],
    ["retention", "show"],
    ["token", "new"],
]


@pytest.fixture(autouse=True)
def _empty_data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANDONG_DATA_DIR", str(tmp_path / "data"))


def test_the_list_of_commands_is_complete() -> None:
    assert sorted(map(list, every_command())) == sorted(COMMANDS)


def test_nothing_offers_to_change_the_shell() -> None:
    offered = {param.name for one in LiandongGroup.later for param in one.load().params}

    assert "once" in offered
    assert not {name for name in offered if name and "completion" in name}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_in_both_languages(command: list[str]) -> None:
    answer = RUNNER.invoke(app, [*command, "--help"])

    assert answer.exit_code == 0
    assert " ".join(command) in answer.output
    assert "·" in answer.output, "the Chinese text comes first, the English one after the dot"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["case", "list"], "liandong token new leader"),
        (["case", "show", "LD-2026-000001"], "LIANDONG_TOKEN"),
        (["clock", "explain", "LD-2026-000001", "--as", "auditor"], "liandong token new auditor"),
        (["department", "check", "market"], "liandong token new admin"),
        (["demo"], "liandong up --demo"),
        (["verify"], "liandong up"),
        (["up", "--once"], "belong to --demo"),
        (["up", "--json", "results.json"], "belong to --demo"),
        (["token", "new", "nobody"], "one person for each role"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_without_a_running_product_a_command_says_what_to_do(command: list[str], said: str) -> None:
    answer = RUNNER.invoke(app, command)

    assert answer.exit_code == 1
    assert said in _in_one_line(answer.output)


def test_nobody_at_the_address_is_said_with_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANDONG_TOKEN", "some-token")
    monkeypatch.setenv("LIANDONG_API__PUBLIC_URL", "http://127.0.0.1:1")

    answer = RUNNER.invoke(app, ["case", "list"])

    assert answer.exit_code == 1
    assert "http://127.0.0.1:1" in answer.output
    assert "liandong up" in answer.output


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANDONG_API__PORT", "eighty")

    answer = RUNNER.invoke(app, ["case", "list"])

    assert answer.exit_code == 1
    assert "LIANDONG_API__PORT" in answer.output


def test_a_broken_policy_is_told_with_file_key_and_rule(tmp_path: Path) -> None:
    (tmp_path / "limits.toml").write_text('[limits]\nreply_normal = "0 working_days"\n')

    answer = RUNNER.invoke(app, ["policy", "check", str(tmp_path)])

    assert answer.exit_code == 1
    assert "departments.toml: 缺少此文件 · file not found" in _in_one_line(answer.output)


def test_the_shipped_policy_is_checked_as_sound() -> None:
    answer = RUNNER.invoke(app, ["policy", "check"])

    assert answer.exit_code == 0
    assert "sound" in answer.output
    assert max(len(line) for line in answer.output.splitlines()) <= 120


def test_cases_that_only_the_store_was_checked_for_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def checked(
        _: Settings, told: CheckProgress, __: AuditHead | None, ___: int
    ) -> tuple[tuple[Finding, ...], AuditHead]:
        assert told.unexamined is not None
        told.checked(3)
        told.unexamined("LD-2024-000001")
        return (), AuditHead(position=0, hash="0" * 64)

    monkeypatch.setattr(verify, "check_invariants", checked)
    answer = RUNNER.invoke(app, ["verify"])

    assert answer.exit_code == 0, answer.output
    assert "1 件已结案件的流程历史已过保存期，只核验了存储" in answer.output
    assert "3 件 cases" in answer.output
    assert RUNNER.invoke(app, ["verify", "--quiet"]).output.strip() == ""


def test_what_is_past_its_time_is_shown_by_kind() -> None:
    answer = RUNNER.invoke(app, ["retention", "show"])

    assert answer.exit_code == 0, answer.output
    assert "36 个月 months" in answer.output
    assert "6 个月 months" in answer.output
    assert "Nothing is deleted" in answer.output


def test_a_time_shorter_than_the_law_asks_for_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policies = tmp_path / "policies"
    shutil.copytree(load_settings().policies, policies, ignore=shutil.ignore_patterns("__pycache__"))
    (policies / "retention.toml").write_text("[retention]\nmessages_months = 12\n")
    monkeypatch.setenv("LIANDONG_POLICIES_DIR", str(policies))

    answer = RUNNER.invoke(app, ["retention", "show"])

    assert answer.exit_code == 1
    assert "retention.toml: retention.messages_months" in _in_one_line(answer.output)


def test_a_notice_is_loaded_into_a_store_that_did_not_exist_yet(tmp_path: Path) -> None:
    notice = tmp_path / "2027.toml"
    notice.write_text(
        'year = 2027\nnotice_number = "测试〔2026〕1号"\npublished = 2026-11-05\n'
        '[[holidays]]\nname = "元旦"\nfirst = 2027-01-01\nlast = 2027-01-03\n'
    )

    answer = RUNNER.invoke(app, ["calendar", "load", str(notice)])

    assert answer.exit_code == 0, answer.output
    assert "2027" in answer.output


def test_a_broken_notice_is_refused_with_its_key(tmp_path: Path) -> None:
    notice = tmp_path / "2027.toml"
    notice.write_text('year = 2027\nnotice_number = "x"\npublished = 2026-11-05\nholidays = []\n')

    answer = RUNNER.invoke(app, ["calendar", "load", str(notice)])

    assert answer.exit_code == 1
    assert "holidays" in answer.output


def _in_one_line(output: str) -> str:
    return " ".join(output.split())
