"""`liandong certify`: does a department's endpoint keep the contract?"""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bootstrap.certification.finding import Finding
from bootstrap.certification.run import CHECKS, Subject, certify
from bootstrap.settings import ApiSettings
from cli.screen import CommandError, console, harmless

_MARKS = {True: "[green]✓[/]", False: "[red]✗[/]", None: "–"}


def certify_command(
    url: Annotated[str, typer.Argument(help="地址 · The department's base address, as the directory has it.")],
    secret: Annotated[
        str, typer.Option(envvar="CERTIFY_SECRET", help="共享密钥 · The shared secret (whsec_…) of the test system.")
    ],
    public_key: Annotated[
        list[str] | None, typer.Option(help="部门公钥 · When callbacks are signed with ed25519 (whpk_…).")
    ] = None,
    callback_url: Annotated[
        str | None,
        typer.Option(help="回调地址 · Where the department reaches this machine."),
    ] = None,
    host: Annotated[str, typer.Option(help="监听地址 · Listen here for callbacks.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="监听端口 · 0 chooses a free one.")] = 0,
    patience: Annotated[float, typer.Option(min=1, help="等待秒数 · How long an answer may take.")] = 30.0,
    json_file: Annotated[Path | None, typer.Option("--json", help="结果文件 · Write the report as JSON, too.")] = None,
) -> None:
    """符合性测试 · Play every situation of the contract against a test system; exit status 1 when a rule is broken."""
    if not secret.startswith("whsec_"):
        raise CommandError("the shared secret starts with whsec_: take that of the department's test system.")
    listen = ApiSettings(host=host, port=port)
    subject = Subject(url, secret, tuple(public_key or ()), callback_url, listen, patience)
    report = asyncio.run(certify(subject, _tell))
    if json_file is not None:
        json_file.write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
    kept = sum(finding.passed is True for finding in report.findings)
    console().print(f"{'✓' if report.passed else '✗'} {kept}/{len(CHECKS)} 通过 · rules kept")
    if not report.passed:
        raise typer.Exit(1)


def _tell(finding: Finding) -> None:
    console().print(f"{_MARKS[finding.passed]} {finding.check:<14} {finding.rule}")
    if finding.reason:
        console().print(f"    原因 · seen:   {escape(harmless(finding.reason))}", soft_wrap=True)
    if finding.change:
        console().print(f"    修改 · change: {escape(finding.change)}", soft_wrap=True)
