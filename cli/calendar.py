"""`liandong calendar …`: the working calendar in force; `calendar_load.py` and `calendar_undo.py` change it."""

import asyncio
from datetime import date
from typing import Annotated

import typer

from bootstrap.api_client import Json
from cli.later import Later, LaterGroup
from cli.screen import CommandError, console, local, table
from cli.session import AS_HELP, speaking_as


class CalendarGroup(LaterGroup):
    later = (
        Later(
            "load",
            "cli.calendar_load",
            "加载通知 · Load a State Council notice; cases that run are counted anew, what is over stays.",
        ),
        Later(
            "undo",
            "cli.calendar_undo",
            "撤回通知 · Take the latest notice of a year back, to the one before or to nothing known.",
        ),
    )


app = typer.Typer(cls=CalendarGroup, no_args_is_help=True, add_completion=False)


@app.callback()
def _group() -> None:
    """Keeps `show` a command of its own beside the one that is loaded later."""


@app.command()
def show(
    year: Annotated[int | None, typer.Option(help="年份 · Only this year.")] = None,
    person: Annotated[str, typer.Option("--as", help=AS_HELP)] = "leader",
) -> None:
    """当前日历 · Days off and swapped workdays, year by year."""
    calendar = asyncio.run(_get(person))
    known = [one["year"] for one in calendar["years"]]
    if year is not None and year not in known:
        span = f"{min(known)}–{max(known)}" if known else "无 none"
        raise CommandError(
            f"{year} 年的放假通知尚未加载 · the notice for {year} is not known (known: {span}).\n"
            "超出已知年份的到期日标为暂定；通知公布后请加载：liandong calendar load 文件 · "
            "Clocks that reach beyond the known years assume weekends and fixed holidays, and are marked provisional. "
            "When the State Council has published it: liandong calendar load FILE"
        )
    rows = [
        [
            str(one["year"]),
            one["notice_number"],
            one["status"],
            _days(one["days_off"]),
            _days(one["days_on"]),
            _loaded(one),
            one["instead_of"] or "无 nothing known",
        ]
        for one in calendar["years"]
        if year in (None, one["year"])
    ]
    title = (
        f"日历 · Calendar {calendar['version']}, {calendar['opens'][:5]}–{calendar['closes'][:5]}, "
        f"已知至 known until {calendar['known_until'] or '–'}"
    )
    columns = ["年 Year", "文号 Notice", "状态 Status", "放假 Days off", "调休上班 Workdays", "加载 Loaded"]
    console().print(table(title, [*columns, "可撤回至 Undo goes to"], rows))
    counts = calendar["receipt_outside_hours_counts_next_day"]
    console().print(
        "非办公时间收到的，视为下一办公时间收到 · What arrives outside office hours counts at the next opening."
        if counts
        else "非办公时间收到的，按当日计 · What arrives outside office hours counts on its own day."
    )
    if calendar["compressed_day_seconds"]:
        seconds = calendar["compressed_day_seconds"]
        console().print(f"演示节奏 · Compressed: one day lasts {seconds} s and the office never closes.")


async def _get(person: str) -> Json:
    async with speaking_as(person) as api:
        return await api.get("/v1/calendar")


def _loaded(one: Json) -> str:
    return f"{local(one['loaded_at'])} {one['loaded_by']}"


def _days(days: list[str]) -> str:
    """`01-01…01-03 02-15`: runs of days shortened."""
    runs: list[list[str]] = []
    for day in days:
        if runs and _follows(runs[-1][-1], day):
            runs[-1].append(day)
        else:
            runs.append([day])
    return " ".join(run[0][5:] if len(run) == 1 else f"{run[0][5:]}…{run[-1][5:]}" for run in runs) or "–"


def _follows(earlier: str, later: str) -> bool:
    return (date.fromisoformat(later) - date.fromisoformat(earlier)).days == 1
