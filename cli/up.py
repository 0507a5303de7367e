"""`liandong up`: run the whole product until it is told to stop."""

import asyncio
import os
from functools import partial
from typing import Annotated, Any

import typer

from bootstrap.settings import Settings, load_settings
from bootstrap.up import running_product
from cli.demo import JsonFile, run_demonstration
from cli.screen import CommandError
from cli.service import Job, Service

app = typer.Typer(add_completion=False)

Demo = Annotated[bool, typer.Option("--demo", help="演示 · Compressed limits, simulated departments, sample cases.")]
Once = Annotated[bool, typer.Option("--once", help="跑完即退 · With --demo: leave after the table.")]


@app.command()
def up(demo: Demo = False, once: Once = False, json_file: JsonFile = None) -> None:
    if (once or json_file) and not demo:
        raise CommandError(
            "--once 和 --json 须与 --demo 同用 · they belong to --demo: there is no result without the demonstration."
        )
    settings = _settings(demo=demo)
    job = Job(partial(run_demonstration, settings, json_file=json_file), once) if demo else None
    raise typer.Exit(asyncio.run(Service(settings, job).serve(running_product(settings, simulators=demo))))


def _settings(*, demo: bool) -> Settings:
    if not demo:
        return load_settings()
    changes: dict[str, Any] = {"pace": {"mode": "compressed"}}
    if "LIANDONG_LOG__LEVEL" not in os.environ:
        # The screen belongs to the demonstration: only trouble may write between its lines
        changes["log"] = {"level": "WARNING"}
    return load_settings(**changes)
