"""`liandong verify`: whether store and engine keep what the product promises."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from bootstrap.administration import check_invariants
from bootstrap.settings import load_settings
from cli.screen import console, table
from domain.invariants import Finding


def verify(
    quiet: Annotated[bool, typer.Option("--quiet", help="只用退出码 · Print findings only.")] = False,
) -> None:
    """核验 · Check the invariants over store and histories; exit status 1 when one is broken."""
    findings, checked = asyncio.run(_check())
    if findings:
        rows = [[finding.invariant, finding.case_id, finding.detail] for finding in findings]
        console().print(table("✗ 被破坏的不变量 · Broken invariants", ["编号 No.", "案件 Case", "说明 What"], rows))
        raise typer.Exit(1)
    if not quiet:
        console().print(f"✓ 未发现问题 · no broken invariant ({checked} 件 cases)")


async def _check() -> tuple[tuple[Finding, ...], int]:
    seen = 0
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task("核验中 · checking…")

        def progress(count: int) -> None:
            nonlocal seen
            seen = count
            bar.update(task, description=f"核验中 · checking… {count}")

        return await check_invariants(load_settings(), progress), seen
