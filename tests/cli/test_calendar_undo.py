"""`liandong calendar undo`: back to the notice before, then to nothing known, and never without a yes."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import cli.calendar as showing
from api.schemas.directory import show_calendar
from bootstrap.notices import in_force
from bootstrap.open_store import open_store
from bootstrap.settings import load_settings
from cli.main import app
from domain.audit import AuditKind
from domain.notice_load import NoticeLoad
from domain.working_calendar import WorkingCalendar

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANDONG_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture
def two_loads(tmp_path: Path) -> None:
    for number in ("1", "2"):
        path = tmp_path / f"{number}.toml"
        path.write_text(
            f'year = 2027\nnotice_number = "测试〔2026〕{number}号"\npublished = 2026-11-05\n'
            f'[[holidays]]\nname = "元旦"\nfirst = 2027-01-01\nlast = 2027-01-0{number}\n'
        )
        loaded = RUNNER.invoke(app, ["calendar", "load", str(path)])
        assert loaded.exit_code == 0, loaded.output


def undo(*options: str, typed: str = "") -> tuple[int, str]:
    answer = RUNNER.invoke(app, ["calendar", "undo", "2027", *options], input=typed)
    return answer.exit_code, " ".join(answer.output.split())


def standing() -> tuple[NoticeLoad, NoticeLoad | None]:
    return asyncio.run(in_force(load_settings(), 2027))


@pytest.mark.usefixtures("two_loads")
def test_it_says_where_it_leads_and_asks_before_it_does_anything() -> None:
    for options, typed, status in ((["--preview"], "", 0), ([], "n\n", 1), ([], "", 1)):
        found, said = undo(*options, typed=typed)
        assert found == status
        assert "take back 测试〔2026〕2号 → 测试〔2026〕1号" in said
        assert "no clock of a running case moves" in said
    assert standing()[0].notice.notice_number == "测试〔2026〕2号"


@pytest.mark.usefixtures("two_loads")
def test_load_by_load_back_to_nothing_known() -> None:
    status, said = undo(typed="y\n")
    assert status == 0
    assert "taken back: 测试〔2026〕2号; 现行 in force: 测试〔2026〕1号" in said
    status, said = undo("--yes")
    assert (status, "→ 无（暂按推定）nothing known" in said) == (0, True)
    status, said = undo("--yes")
    assert (status, "no notice for 2027 is in force" in said) == (1, True)
    assert asyncio.run(audited()) == [
        (AuditKind.NOTICE_TAKEN_BACK, "测试〔2026〕1号"),
        (AuditKind.NOTICE_TAKEN_BACK, "测试〔2026〕2号"),
        (AuditKind.NOTICE_LOADED, "测试〔2026〕2号"),
        (AuditKind.NOTICE_LOADED, "测试〔2026〕1号"),
    ]


async def audited() -> list[tuple[AuditKind, str]]:
    async with open_store(load_settings()) as store, store.reading() as session:
        return [(one.kind, one.data["notice"]) for one in await session.audit.latest(10, "calendar:2027")]


@pytest.mark.usefixtures("two_loads")
def test_the_calendar_names_the_notice_in_force_and_where_an_undo_leads(monkeypatch: pytest.MonkeyPatch) -> None:
    latest, before = standing()
    assert before is not None
    calendar = WorkingCalendar(version="v1", years=(latest.notice,), receipt_outside_hours_counts_next_day=False)
    shown = show_calendar(calendar, (before, latest)).model_dump(mode="json")

    async def get(_person: str) -> Any:
        return shown

    monkeypatch.setattr(showing, "_get", get)
    answer = RUNNER.invoke(app, ["calendar", "show"])
    assert answer.exit_code == 0, answer.output
    for said in ("测试〔2026〕2号", "operator", "测试〔2026〕1号", "09:00–17:00", "counts on its own day"):
        assert said in answer.output
