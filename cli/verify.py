"""`liandong verify`: whether store and engine keep what the product promises."""

import asyncio
import re
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from bootstrap.invariant_check import REPLAYS, CheckProgress, check_invariants
from bootstrap.settings import load_settings
from cli.screen import console, table
from domain.audit_chain import AuditHead
from domain.code_text import INVARIANTS
from domain.invariants import Finding

app = typer.Typer(add_completion=False)


@app.command()
def verify(
    quiet: Annotated[bool, typer.Option("--quiet", help="只用退出码 · Print findings only.")] = False,
    audit_head: Annotated[
        str | None,
        typer.Option(
            "--audit-head", metavar="N:HASH", help="上次记下的审计链末端 · The audit's end, noted down earlier."
        ),
    ] = None,
    replay: Annotated[
        int,
        typer.Option("--replay", min=0, help="抽查重放的历史份数 · Histories to replay, drawn by chance."),
    ] = REPLAYS,
) -> None:
    findings, head, checked, forgotten = asyncio.run(_check(_noted(audit_head), replay))
    if forgotten and not quiet:
        told = (
            "件已结案件的流程历史已过保存期，只核验了存储 · closed cases were checked in the store alone: the engine's"
        )
        console().print(f"{forgotten} {told} history of them is past its time", soft_wrap=True)
    if findings:
        rows = [[_named(finding.invariant), finding.case_id, finding.detail] for finding in findings]
        console().print(
            table("✗ 被破坏的不变量 · Broken invariants", ["应有 Invariant", "案件 Case", "说明 What"], rows)
        )
        raise typer.Exit(1)
    if not quiet:
        console().print(f"✓ 未发现问题 · no broken invariant ({checked} 件 cases)")
        told = f"审计链末端，请在系统之外记下 · end of the audit, to be noted elsewhere: {head.position}:{head.hash}"
        console().print(told, soft_wrap=True)


def _named(number: str) -> str:
    return f"{number} {INVARIANTS.get(number, '')}".strip()


def _noted(text: str | None) -> AuditHead | None:
    if text is None:
        return None
    position, _, found = text.partition(":")
    if not position.isdecimal() or re.fullmatch(r"[0-9a-f]{64}", found) is None:
        raise typer.BadParameter("N:HASH，例如上次核验所示 · as an earlier check printed it", param_hint="--audit-head")
    return AuditHead(position=int(position), hash=found)


async def _check(noted: AuditHead | None, replays: int) -> tuple[tuple[Finding, ...], AuditHead, int, int]:
    """With the numbers of cases that were checked, and of those that the engine could not be asked about any more."""
    seen = 0
    forgotten: list[str] = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("核验中 · checking…")

        def counted(count: int) -> None:
            nonlocal seen
            seen = count
            bar.update(task, description=f"核验中 · checking… {count}")

        def replayed(done: int, drawn: int) -> None:
            bar.update(task, description=f"重放中 · replaying… {done}/{drawn}")

        told = CheckProgress(counted, replayed, forgotten.append)
        findings, head = await check_invariants(load_settings(), told, noted, replays)
        return findings, head, seen, len(forgotten)
