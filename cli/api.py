"""`liandong api`: run the API and its relays beside a Temporal and workers that run elsewhere."""

import asyncio

import typer

from bootstrap.settings import load_settings
from bootstrap.up import running_api
from cli.service import Service

app = typer.Typer(add_completion=False)


@app.command()
def api() -> None:
    settings = load_settings()
    raise typer.Exit(asyncio.run(Service(settings, None).serve(running_api(settings))))
