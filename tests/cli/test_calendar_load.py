"""`liandong calendar load`: what moves is shown, and nothing is loaded without a yes."""

import datetime as dt
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cli.calendar_load as command
from bootstrap.settings import Settings
from cli.main import app
from domain.clock import ClockKind
from domain.learned_years import News
from domain.working_calendar import YearNotice
from services.preview_notice import MovedClock

MOVED = MovedClock(
    case_id="LD-2026-000007",
    request_id="LD-2026-000007.licence",
    department="market",
    kind=ClockKind.REPLY,
    due_at=dt.datetime(2027, 1, 26, 9, tzinfo=dt.UTC),
    would_be_due_at=dt.datetime(2027, 1, 20, 9, tzinfo=dt.UTC),
    would_be_over=True,
)


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The years that were loaded, beside a case one of whose clocks moves."""
    years: list[int] = []

    async def one_moves(_settings: Settings, _change: News) -> tuple[MovedClock, ...]:
        return (MOVED,)

    async def load(_settings: Settings, notice: YearNotice) -> None:
        years.append(notice.year)

    monkeypatch.setattr(command, "preview_calendar", one_moves)
    monkeypatch.setattr(command, "load_calendar", load)
    return years


@pytest.fixture
def notice(tmp_path: Path) -> str:
    path = tmp_path / "2027.toml"
    path.write_text(
        'year = 2027\nnotice_number = "测试〔2026〕1号"\npublished = 2026-11-05\n'
        '[[holidays]]\nname = "元旦"\nfirst = 2027-01-01\nlast = 2027-01-03\n'
    )
    return str(path)


@pytest.mark.parametrize(
    ("options", "typed", "years", "status"),
    [
        ([], "y\n", [2027], 0),
        ([], "n\n", [], 1),
        ([], "", [], 1),
        (["--yes"], "", [2027], 0),
        (["--preview"], "", [], 0),
    ],
    ids=["yes", "no", "nobody there", "asked before", "only a look"],
)
def test_it_is_loaded_only_after_a_yes(
    loaded: list[int], notice: str, options: list[str], typed: str, years: list[int], status: int
) -> None:
    answer = CliRunner().invoke(app, ["calendar", "load", notice, *options], input=typed)
    assert answer.exit_code == status, answer.output
    assert loaded == years
    for shown in ("LD-2026-000007", "2027-01-26 17:00", "2027-01-20 17:00", "已过"):
        assert shown in answer.output
