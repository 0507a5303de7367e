"""`liandong retention show`: what has been kept for as long as it must be. Nothing is deleted."""

import asyncio

import typer

from bootstrap.administration import expired
from bootstrap.settings import load_settings
from cli.screen import console, local, table

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def _group() -> None:
    """Keeps `show` a command of its own although it is the only one."""


@app.command()
def show() -> None:
    """查看 · What is past its time by kind, with count and oldest; open cases and running follow-ups never count."""
    found = asyncio.run(expired(load_settings()))
    kinds = (
        ("往来消息 messages", found.policy.messages_months, found.messages),
        ("审计 audit", found.policy.audit_months, found.audit),
    )
    rows = [[kind, f"{months} 个月 months", str(past.number), local(past.oldest)] for kind, months, past in kinds]
    columns = ["类别 Kind", "期限 Kept for", "已满 Past it", "最早 Oldest"]
    console().print(table("保存期限 · Retention", columns, rows))
    console().print("本命令不删除任何内容 · Nothing is deleted.")
