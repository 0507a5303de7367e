"""`liandong clock explain`: why something is due when it is."""

import asyncio
from typing import Annotated

import typer
from rich.markup import escape

from bootstrap.api_client import Json, segment
from cli import labels
from cli.screen import console, local
from cli.session import AS_HELP, speaking_as
from domain.clock import ClockKind

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def _group() -> None:
    """Keeps `explain` a command of its own although it is the only one."""


@app.command()
def explain(
    case_id: Annotated[str, typer.Argument(help="案件编号 · Case number.")],
    person: Annotated[str, typer.Option("--as", help=AS_HELP)] = "leader",
) -> None:
    """到期说明 · Every clock of a case, line by line."""
    told = asyncio.run(_get(case_id, person))
    out = console()
    for one in told["clocks"]:
        name = str(one["request_id"] or case_id)
        whose = f" · {one['department']}" if one["department"] else ""
        round_ = f" r{one['round']}" if one["round"] else ""
        due = one["due"]
        provisional = "  暂定 provisional" if due["provisional"] else ""
        end = local(due["at"], seconds=True) + provisional
        kind = labels.both(ClockKind, one["clock"]["kind"])
        out.print(f"[bold]{escape(name)}{round_}{whose}[/] {kind} → {end}")
        for line in due["lines"]:
            out.print(f"    {local(line['instant'], seconds=True):<14} {escape(line['text_zh'])}")
            out.print(f"    {'':<14} {escape(line['text_en'])}", style="dim")


async def _get(case_id: str, person: str) -> Json:
    async with speaking_as(person) as api:
        return await api.get(f"/v1/cases/{segment(case_id)}/clocks")
