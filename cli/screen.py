"""What commands print: local times, plain refusals, and tables that fit a terminal."""

import sys
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bootstrap.api_error import ApiAway, ApiRefusal
from bootstrap.operator_error import OperatorError
from cli.next_step import next_steps
from domain.errors import LiandongError
from domain.refusal_text import advice

# China has had one offset and no daylight saving time since 1991
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
_PLAIN_WIDTH = 120


class CommandError(OperatorError):
    """A command cannot do what was asked; the text says why and what to do next."""


EXPECTED = (OperatorError, LiandongError, OSError)
"""Failures whose text is meant for a person; anything else is a bug and keeps its traceback."""


def console() -> Console:
    # Through a pipe nobody knows the width: keep the columns that a terminal would have
    return Console(width=None if sys.stdout.isatty() else _PLAIN_WIDTH, highlight=False)


def complain(*lines: str) -> None:
    errors = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else _PLAIN_WIDTH)
    first, *rest = lines
    errors.print(f"[bold red]✗[/] {escape(first)}")
    for line in rest:
        errors.print(f"  {escape(line)}")


def explained(error: BaseException) -> list[str]:
    """Why, and what to do next."""
    if isinstance(error, ApiAway):
        return [
            f"联动未在运行或无法连接 · Liandong does not answer: {error}",
            "请用 `liandong up` 启动，或设置 LIANDONG_API__PUBLIC_URL · "
            "Start it with `liandong up`, or set LIANDONG_API__PUBLIC_URL to where it runs.",
        ]
    if isinstance(error, ApiRefusal):
        problems = [_problem(one, {error.title_zh, str(error)}) for one in error.problems]
        steps = next_steps(error.code, error.status) or ((error.detail_zh,) if error.detail_zh else ())
        return [f"{in_both(error.title_zh, str(error))} [{error.code}]", *problems, *steps]
    if isinstance(error, LiandongError):
        said = advice(error.code)
        steps = next_steps(error.code, None) or (said.next_step,)
        return [f"{in_both(said.title, error.detail)} [{error.code}]", *steps]
    return str(error).splitlines() or [type(error).__name__]


def in_both(zh: str, en: str) -> str:
    """`中文 · English`; alone what there is no other for."""
    return " · ".join(text for text in (zh, en) if text)


def _problem(problem: Mapping[str, Any], said: Collection[str]) -> str:
    """A line for one broken rule; what the refusal itself says is not said twice."""
    zh, en = (str(problem.get(name) or "") for name in ("detail_zh", "detail"))
    # Some sentences stand in both languages already
    told = [text for text in ("" if en.startswith(zh) else zh, en) if text and text not in said]
    return f"{problem.get('field')}{': ' if told else ''}{' · '.join(told)} (rule: {problem.get('rule')})"


def local(value: str | datetime | None, *, seconds: bool = False) -> str:
    """An instant in Shanghai time; a dash for none."""
    if value is None:
        return "–"
    instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    return instant.astimezone(SHANGHAI).strftime("%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def overdue_since(due_at: str | None) -> bool:
    """Whether this instant has passed by this machine's clock; the list of cases goes by the server's."""
    return due_at is not None and datetime.fromisoformat(due_at) < datetime.now(SHANGHAI)


def empty_table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False
    )


_COPIED = ("编号 Case", "案件 Case")
"""Columns whose cells somebody copies: never broken, however narrow the screen."""


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Cells are texts from outside: markup and control characters in them stay text."""
    shown = Table(
        title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False
    )
    for column in columns:
        shown.add_column(column, overflow="fold", no_wrap=column in _COPIED)
    for row in rows:
        shown.add_row(*(escape(harmless(cell)) for cell in row))
    if not rows:
        shown.add_row("无 none")
    return shown


def harmless(text: str) -> str:
    """Text from outside without what a terminal would obey: no escape sequence, no return to the line's start."""
    return "".join(_shown(sign) for sign in text)


def _shown(sign: str) -> str:
    obeyed = unicodedata.category(sign) in ("Cc", "Cf") and sign not in "\n\t"
    return "\ufffd" if obeyed else sign
