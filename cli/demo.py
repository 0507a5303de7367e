"""`liandong demo`: the demonstration cases against a running product."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from bootstrap.api_client import ApiClient, Json
from bootstrap.policies import load_policy
from bootstrap.running import Running, find_running
from bootstrap.settings import Settings, load_settings
from cli import labels
from cli.demonstration.board import board_for
from cli.demonstration.earlier_runs import next_run
from cli.demonstration.officers import officers_at_work
from cli.demonstration.report import names_of, show_results, write_results
from cli.demonstration.runner import Players, Runner
from cli.demonstration.script import ScriptError, load_scripts
from cli.screen import CommandError, console, local, table
from cli.session import speaking_as
from domain.codes import CaseStage, Outcome

FOLDER = "demonstration"
_EARLIER_SHOWN = 10
_PEOPLE = ("clerk", "leader", "supervisor")

app = typer.Typer(add_completion=False)

JsonFile = Annotated[Path | None, typer.Option("--json", help="结果文件 · Also write the results to this file.")]


@app.command()
def demo(json_file: JsonFile = None) -> None:
    settings = load_settings()
    running = find_running(settings)
    if running is None or running.simulators_url is None:
        raise CommandError(
            "没有可用的演示环境 · no product with simulated departments runs here.\n"
            "请启动 start one: liandong up --demo"
        )
    if not asyncio.run(run_demonstration(settings, running, json_file)):
        raise typer.Exit(1)


async def run_demonstration(settings: Settings, running: Running, json_file: Path | None) -> bool:
    """Play all scripts and show the table; True when every case ended as expected."""
    out = console()
    folder = settings.policies / FOLDER
    try:
        scripts = load_scripts(folder)
    except ScriptError as error:
        raise CommandError(str(error)) from None
    if running.simulators_url is None:
        raise CommandError("演示需要模拟部门 · the demonstration needs simulated departments: liandong up --demo")
    day = running.day_seconds or 86_400.0
    async with _everybody(settings, ApiClient(running.simulators_url, running.simulators_control), day) as players:
        run, earlier = await next_run(players.leader, scripts)
        _introduce(out, day, run, earlier)
        with board_for(out, scripts) as board:
            results = await Runner(players, board, run).play(scripts)
    show_results(out, results, names_of(load_policy(settings.policies)))
    if json_file is not None:
        write_results(json_file, results)
        out.print(f"结果已写入 · results written: {escape(str(json_file))}")
    return not any(result.misses for result in results)


@asynccontextmanager
async def _everybody(settings: Settings, departments: ApiClient, day_seconds: float) -> AsyncIterator[Players]:
    async with AsyncExitStack() as stack:
        people = {name: await stack.enter_async_context(speaking_as(name, settings)) for name in _PEOPLE}
        officers = await stack.enter_async_context(officers_at_work(settings))
        requester = ApiClient(people["clerk"].base_url, None)
        answering = {f"officer:{code}": ApiClient(one.base_url, one.token) for code, one in officers.items()}
        for client in (requester, departments, *answering.values()):
            stack.push_async_callback(client.close)
        yield Players(
            clerk=people["clerk"],
            leader=people["leader"],
            requester=requester,
            simulators=departments,
            day_seconds=day_seconds,
            officers=officers,
            others={"supervisor": people["supervisor"], **answering},
        )


def _introduce(out: Console, day: float, run: int, earlier: list[Json]) -> None:
    out.print(f"[bold]演示 · Demonstration, 第 {run} 次 run {run}[/]")
    out.print(f"演示节奏：一个工作日压缩为 {day:g} 秒。 Limits are compressed: one working day lasts {day:g} s.")
    if not earlier:
        return
    rows = [
        [case["case_id"], case["title"], local(case["registered_at"]), _standing(case)]
        for case in earlier[:_EARLIER_SHOWN]
    ]
    title = f"已有案件 · Earlier cases: {len(earlier)}"
    if len(earlier) > _EARLIER_SHOWN:
        title += f" (最近 {_EARLIER_SHOWN} 件 the latest {_EARLIER_SHOWN}; all: liandong case list)"
    out.print(table(title, ["编号 Case", "标题 Title", "登记 Registered", "结果 Outcome"], rows))


def _standing(case: Json) -> str:
    return labels.both(Outcome, case["outcome"]) if case["outcome"] else labels.both(CaseStage, case["stage"])
