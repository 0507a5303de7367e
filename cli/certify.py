"""`liandong certify`: does a department's endpoint keep the contract?"""

import asyncio
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.status import Status

from bootstrap.certification.failure import NobodyThere
from bootstrap.certification.finding import Finding, Report, Said
from bootstrap.certification.run import NAMES, Callbacks, Subject, certify
from bootstrap.certification.times import Times
from bootstrap.settings import ApiSettings
from cli.screen import CommandError, console, harmless
from domain.codes import Technique

app = typer.Typer(add_completion=False)

_MARKS = {True: "[green]✓[/]", False: "[red]✗[/]", None: "–"}
_PEOPLE = """\
收件箱方式没有部门系统，因此没有可认证的对象 · people have no system, so there is nothing to certify.
改用 `liandong department check CODE` 查看其目录条目；再用 `python -m simulators --technique people` 试答一件。
Try `liandong department check CODE` instead; then play an officer with `python -m simulators --technique people`."""


class Way(StrEnum):
    """A technique, as it is typed."""

    WEBHOOK = "webhook"
    POLLED = "polled"
    XML = "xml"
    PEOPLE = "people"

    @property
    def technique(self) -> Technique:
        return Technique[self.name]


@app.command()
def certify_command(
    url: Annotated[str, typer.Argument(help="地址 · The department's base address, as the directory has it.")],
    secret: Annotated[
        str, typer.Option(envvar="CERTIFY_SECRET", help="共享密钥或令牌 · The test system's secret (whsec_…) or token.")
    ] = "",
    technique: Annotated[Way, typer.Option(help="方式 · How the department is reached.")] = Way.WEBHOOK,
    public_key: Annotated[
        list[str] | None, typer.Option(help="部门公钥 · When callbacks are signed with ed25519 (whpk_…).")
    ] = None,
    callback_url: Annotated[
        str | None, typer.Option(help="回调地址 · Where the department reaches this machine (webhook).")
    ] = None,
    host: Annotated[str, typer.Option(help="监听地址 · Listen here for callbacks (webhook).")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="监听端口 · 0 chooses a free one.")] = 0,
    patience: Annotated[float, typer.Option(min=1, help="等待秒数 · How long an answer may take.")] = 30.0,
    json_file: Annotated[Path | None, typer.Option("--json", help="结果文件 · Write the report as JSON, too.")] = None,
) -> None:
    if technique is Way.PEOPLE:
        raise CommandError(_PEOPLE)
    _check_secret(technique, secret)
    callbacks = Callbacks(ApiSettings(host=host, port=port), callback_url, tuple(public_key or ()))
    report = _run(Subject(url, secret, technique.technique, Times(patience=patience), callbacks))
    if json_file is not None:
        json_file.write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
    kept = sum(finding.passed is True for finding in report.findings)
    absent = sum(finding.optional for finding in report.findings)
    console().print(
        f"{'✓' if report.passed else '✗'} {kept}/{len(report.findings) - absent} 通过 · rules kept"
        + (f"（{absent} 项未提供 · not offered）" if absent else "")
    )
    if not report.passed:
        raise typer.Exit(1)


def _check_secret(technique: Way, secret: str) -> None:
    if technique is Way.WEBHOOK and not secret.startswith("whsec_"):
        raise CommandError(
            "缺少共享密钥，请用 --secret 提供 · the shared secret starts with whsec_: "
            "give that of the department's test system by --secret."
        )
    if len(secret) < 16:
        raise CommandError(
            "缺少访问令牌 · give the test system's bearer token by --secret or CERTIFY_SECRET; it has 16 signs or more."
        )


def _run(subject: Subject) -> Report:
    with _Screen(len(NAMES[subject.technique])) as screen:
        try:
            return asyncio.run(certify(subject, screen))
        except NobodyThere as nobody:
            raise CommandError(
                f"无法访问 · nothing can be played at {nobody.url}\n"
                f"{_both(nobody.reason)}\n"
                "系统是否在运行？地址、端口、证书是否正确？本机能否访问？\n"
                "Does the system run? Are address, port and certificate right? Can this machine reach it?"
            ) from None


class _Screen:
    """Says what is being tried while it is tried, and what came of it."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._console: Console = console()
        self._status: Status = self._console.status("…")

    def __enter__(self) -> "_Screen":
        if sys.stdout.isatty():
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def begins(self, name: str, rule: Said) -> None:
        self._status.update(f"{self._done + 1}/{self._total} {name}  {rule.zh} · {rule.en}")

    def hears(self, finding: Finding) -> None:
        self._done += 1
        counted = f"{self._done:>2}/{self._total}"
        self._console.print(
            f"{counted} {_MARKS[finding.passed]} {finding.check:<14} {finding.rule.zh} · {finding.rule.en}",
            soft_wrap=True,
        )
        for label, told in (("原因 · seen:  ", finding.reason), ("修改 · change:", finding.change)):
            if told is not None:
                self._console.print(f"      {label} {escape(harmless(_both(told)))}", soft_wrap=True)


def _both(told: Said) -> str:
    return told.zh if told.zh == told.en else f"{told.zh} · {told.en}"
