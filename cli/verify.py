"""`liandong verify`: whether store and engine keep what the product promises."""

import asyncio
import re
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from bootstrap.invariant_check import check_invariants
from bootstrap.settings import load_settings
from cli.screen import console, table
from domain.audit_chain import AuditHead
from domain.invariants import INVARIANTS, Finding

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
) -> None:
    findings, head, checked = asyncio.run(_check(_noted(audit_head)))
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


async def _check(noted: AuditHead | None) -> tuple[tuple[Finding, ...], AuditHead, int]:
    seen = 0
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task("核验中 · checking…")

        def progress(count: int) -> None:
            nonlocal seen
            seen = count
            bar.update(task, description=f"核验中 · checking… {count}")

        findings, head = await check_invariants(load_settings(), progress, noted)
        return findings, head, seen
