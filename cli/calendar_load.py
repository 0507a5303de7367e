"""`liandong calendar load`: a new year notice, straight into the store."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bootstrap.administration import load_calendar
from bootstrap.settings import load_settings
from cli.screen import console

app = typer.Typer(add_completion=False)


@app.command()
def load(file: Annotated[Path, typer.Argument(help="通知文件 · TOML file of one year's notice.", exists=True)]) -> None:
    notice = asyncio.run(load_calendar(load_settings(), file))
    console().print(f"✓ {notice.year} 已加载 · loaded: {notice.notice_number} ({notice.status})")
