"""`liandong policy check`: whether a folder of policy files can be used."""

from pathlib import Path
from typing import Annotated

import typer

from bootstrap.policies import load_notices, load_policy
from bootstrap.settings import load_settings
from cli.screen import console, table

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def _group() -> None:
    """Keeps `check` a command of its own although it is the only one."""


@app.command()
def check(
    folder: Annotated[Path | None, typer.Argument(help="文件夹 · Folder; default: the one in use.")] = None,
) -> None:
    """检查政策 · Read every file and say what is wrong, with file, key and rule."""
    folder = folder or load_settings().policies
    policy = load_policy(folder)
    notices = load_notices(folder)
    rows = [
        ["部门 Departments", ", ".join(f"{one.name_zh} {one.code}" for one in policy.departments)],
        ["分类 Categories", ", ".join(one.name_zh for one in policy.categories)],
        ["事项 Items", str(len(policy.items))],
        ["阶梯 Ladder", ", ".join(f"{rung.name} ({rung.when})" for rung in policy.ladder.rungs)],
        ["办公时间 Office hours", f"{policy.office_hours.opens:%H:%M}–{policy.office_hours.closes:%H:%M}"],
        ["日历 Calendar", ", ".join(str(notice.year) for notice in notices) or "–"],
    ]
    title = f"✓ 可用 · sound: {policy.district}, {policy.version} ({folder})"
    console().print(table(title, ["内容 What", "值 Value"], rows))
