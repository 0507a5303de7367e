"""`liandong evidence …`: the messages of a case with their digests, on the server itself."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bootstrap.administration import export_messages, kept_messages, take_in
from bootstrap.settings import load_settings
from cli.screen import CommandError, console, local, table
from domain.kept_message import Standing

app = typer.Typer(help="证据 · Messages to and from departments, as they were.", no_args_is_help=True)

Case = Annotated[str, typer.Argument(help="案件编号 · Case number.")]
_STANDING = {
    Standing.PROVED: "✓ 与事实相符",
    Standing.UNNAMED: "– 未成事 no effect",
    Standing.ALTERED: "✗ 被改动 altered",
    Standing.MISSING: "✗ 缺失 missing",
    Standing.ELSEWHERE: "… 在部门侧 with the worker",
}


@app.command("list")
def list_messages(case: Case) -> None:
    """列出 · Every message with its SHA-256; exit status 1 when one was altered or is missing."""
    kept = asyncio.run(kept_messages(load_settings(), case))
    rows = [
        [
            local(one.at.isoformat(), seconds=True),
            "→" if one.direction.value == "SENT" else "←",
            one.department or "–",
            ", ".join(about.partition(".")[2] for about in one.about),
            _STANDING[one.standing],
            one.sha256,
        ]
        for one in kept
    ]
    columns = ["时间 At", "", "部门 Department", "轮次 Rounds", "核对 Check", "SHA-256"]
    console().print(table(f"{case} 往来消息 · Messages ({len(rows)})", columns, rows))
    if any(one.standing.broken for one in kept):
        raise typer.Exit(1)


@app.command("export")
def export(case: Case, folder: Annotated[Path, typer.Option("--to", help="新目录 · A new folder.")]) -> None:
    """导出 · Write the bytes and SHA256SUMS; the export stands in the audit."""
    try:
        count = asyncio.run(export_messages(load_settings(), case, folder))
    except FileExistsError:
        raise CommandError(f"目录已存在 · {folder} is there already") from None
    console().print(f"✓ {count} 条消息已导出 · messages written to {escape(str(folder))}", soft_wrap=True)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="部门侧进程的 exchanges.jsonl · The worker's file.", exists=True)],
) -> None:
    """导入 · Take in what a worker without a store has kept; exit status 1 when a line was refused."""
    found = asyncio.run(take_in(load_settings(), file))
    console().print(f"✓ 新增 taken in: {found.taken}; 已有 known: {found.known}; 拒收 refused: {len(found.refused)}")
    for number, why in found.refused:
        console().print(f"  第 {number} 行 · line {number}: {escape(why)}", soft_wrap=True)
    if found.refused:
        raise typer.Exit(1)
