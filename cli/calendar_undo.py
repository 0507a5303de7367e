"""`liandong calendar undo`: the latest load of a year is taken back, after a look at what that moves."""

import asyncio
from typing import Annotated

import typer

from bootstrap.notices import in_force, preview_calendar, take_back
from bootstrap.settings import load_settings
from cli.moved_clocks import announce, show
from cli.screen import console
from domain.learned_years import News

app = typer.Typer(add_completion=False)


@app.command()
def undo(
    year: Annotated[int, typer.Argument(help="年份 · Year.")],
    preview: Annotated[bool, typer.Option("--preview", help="只预览 · Show what would move; change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="不再确认 · Do not ask.")] = False,
) -> None:
    settings = load_settings()
    latest, before = asyncio.run(in_force(settings, year))
    again = "无（暂按推定）nothing known" if before is None else before.notice.notice_number
    console().print(f"撤回 · take back {latest.notice.notice_number} → {again}")
    change = News(taken_back=(year,)) if before is None else News(years=(before.notice,))
    moved = asyncio.run(preview_calendar(settings, change))
    show(moved)
    if preview:
        return
    if not yes:
        typer.confirm("撤回并重算？ · Take it back and count anew?", abort=True)
    asyncio.run(take_back(settings, latest))
    console().print(f"✓ {year} 已撤回 · taken back: {latest.notice.notice_number}; 现行 in force: {again}")
    announce(moved)
