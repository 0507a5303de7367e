"""`liandong evidence …`: the messages of a case with their digests, on the server itself."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bootstrap.administration import export_messages, kept_messages, take_in
from bootstrap.settings import load_settings
from cli.screen import CommandError, complain, console, local, table
from domain.kept_message import Standing
from services.take_in_messages import Refusal

app = typer.Typer(no_args_is_help=True, add_completion=False)

Case = Annotated[str, typer.Argument(help="案件编号 · Case number.")]
_STANDING = {
    Standing.PROVED: "✓ 与事实相符",
    Standing.UNNAMED: "– 未成事 no effect",
    Standing.ALTERED: "✗ 被改动 altered",
    Standing.MISSING: "✗ 缺失 missing",
    Standing.ELSEWHERE: "… 在部门侧 with the worker",
}
_NEXT = {
    Refusal.UNREADABLE: "行已损坏，请取部门侧备份 · It is damaged: take the file from the worker's backup.",
    Refusal.TOO_LONG: "这不是本系统写的 · No worker of ours writes this: ask where the file comes from.",
    Refusal.FOREIGN: "是否另一套系统的文件？ · Is it the file of another installation? Check LIANDONG_DATA_DIR.",
    Refusal.UNNAMED: "请稍后再导入 · If it was sent just now, import again later; else ask who wrote it.",
    Refusal.DIFFERS: "内容被改动，请取备份 · It was altered: take the worker's backup, and find out who did it.",
    Refusal.CUT: "文件不完整，请重新取 · The file was cut: fetch it from the worker again.",
    Refusal.TAKEN: "库中同名内容不同 · Store and file contradict each other: run `liandong verify`, keep both.",
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
    if any(one.standing is Standing.ELSEWHERE for one in kept):
        _say("部门侧留存的内容可导入 · What lies with a worker: liandong evidence import exchanges.jsonl")
    if any(one.standing.broken for one in kept):
        complain(
            "有内容被改动或缺失 · a message is not what the facts vouch for",
            "Keep this store as it is, restore a backup beside it, compare both with `liandong evidence export`.",
        )
        raise typer.Exit(1)


@app.command("export")
def export(case: Case, folder: Annotated[Path, typer.Option("--to", help="新目录 · A new folder.")]) -> None:
    """导出 · Write the bytes and SHA256SUMS; the export stands in the audit."""
    try:
        count = asyncio.run(export_messages(load_settings(), case, folder))
    except FileExistsError:
        raise CommandError(f"目录已存在 · {folder} is there already: name a new one with --to") from None
    console().print(f"✓ {count} 条消息已导出 · messages written to {escape(str(folder))}", soft_wrap=True)


@app.command("import")
def import_file(
    file: Annotated[
        Path, typer.Argument(help="部门侧进程的 exchanges.jsonl · The worker's file.", exists=True, dir_okay=False)
    ],
) -> None:
    """导入 · Take in what a worker without a store has kept; exit status 1 when a line was refused."""
    found = asyncio.run(take_in(load_settings(), file))
    counts = f"新增 taken in: {found.taken}; 已有 known: {found.known}; 拒收 refused: {len(found.refused)}"
    console().print(f"{'✗' if found.refused else '✓'} {counts}")
    if found.left_out:
        _say(f"{found.left_out} 次未成功的发送未纳入 · attempts that nothing came of were left out, as they should")
    if found.torn is not None:
        _say(f"第 {found.torn} 行不完整：稍后再导入 · line {found.torn} is half a line: import the file again later")
    for number, why in found.refused:
        _say(f"第 {number} 行 · line {number}: {why.value}. {_NEXT[why]}")
    if found.refused:
        raise typer.Exit(1)


def _say(line: str) -> None:
    console().print(f"  {escape(line)}", soft_wrap=True)
