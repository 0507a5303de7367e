"""`liandong token new`: another token for a person."""

import asyncio
from typing import Annotated

import typer

from bootstrap.administration import new_token
from bootstrap.settings import load_settings

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def _group() -> None:
    """Keeps `new` a command of its own although it is the only one."""


@app.command()
def new(person: Annotated[str, typer.Argument(help="人员编号 · Person id, for example leader.")]) -> None:
    """新令牌 · Make one and print it once; it is stored hashed and valid for a year."""
    print(asyncio.run(new_token(load_settings(), person)))
