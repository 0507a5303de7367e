"""`liandong calendar load`: a new year notice, straight into the store, after a look at what it moves."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bootstrap.administration import load_calendar, preview_calendar
from bootstrap.policies import load_notice_file
from bootstrap.settings import load_settings
from cli import labels
from cli.screen import console, local, table
from domain.clock import ClockKind
from services.preview_notice import MovedClock

app = typer.Typer(add_completion=False)

_SHOWN = 50


@app.command()
def load(
    file: Annotated[Path, typer.Argument(help="通知文件 · TOML file of one year's notice.", exists=True)],
    preview: Annotated[bool, typer.Option("--preview", help="只预览 · Show what would move; load nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="不再确认 · Do not ask.")] = False,
) -> None:
    settings = load_settings()
    notice = load_notice_file(file)
    moved = asyncio.run(preview_calendar(settings, notice))
    _show(moved)
    if preview:
        return
    if moved and not yes:
        typer.confirm("加载并重算以上时限？ · Load it and count these clocks anew?", abort=True)
    asyncio.run(load_calendar(settings, notice))
    console().print(f"✓ {notice.year} 已加载 · loaded: {notice.notice_number} ({notice.status})")
    if moved:
        console().print("在办案件将陆续更新 · The product tells these cases within seconds, or when it starts.")


def _show(moved: Sequence[MovedClock]) -> None:
    if not moved:
        console().print("没有在办时限因此变动 · no clock of a running case moves")
        return
    rows = [
        [
            one.case_id,
            one.request_id or "–",
            one.department or "–",
            labels.both(ClockKind, one.kind),
            local(one.due_at),
            local(one.would_be_due_at) + ("（已过 over）" if one.would_be_over else ""),
        ]
        for one in moved[:_SHOWN]
    ]
    columns = ["案件 Case", "事项 Of", "部门 Department", "时限 Clock", "原到期 Due", "将到期 Would be due"]
    console().print(table(f"将变动的时限 · Clocks that would move: {len(moved)}", columns, rows))
    if len(moved) > _SHOWN:
        console().print(f"… 另有 and {len(moved) - _SHOWN} more")
