"""`liandong calendar load`: a year's notice, straight into the store, after a look at what it moves."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bootstrap.notices import load_calendar, preview_calendar
from bootstrap.policies import load_notice_file
from bootstrap.settings import load_settings
from cli.moved_clocks import announce, show
from cli.screen import console
from domain.learned_years import News

app = typer.Typer(add_completion=False)


@app.command()
def load(
    file: Annotated[Path, typer.Argument(help="通知文件 · TOML file of one year's notice.", exists=True)],
    preview: Annotated[bool, typer.Option("--preview", help="只预览 · Show what would move; load nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="不再确认 · Do not ask.")] = False,
) -> None:
    settings = load_settings()
    notice = load_notice_file(file)
    moved = asyncio.run(preview_calendar(settings, News(years=(notice,))))
    show(moved)
    if preview:
        return
    if moved and not yes:
        typer.confirm("加载并重算以上时限？ · Load it and count these clocks anew?", abort=True)
    asyncio.run(load_calendar(settings, notice))
    console().print(f"✓ {notice.year} 已加载 · loaded: {notice.notice_number} ({notice.status})")
    announce(moved)
