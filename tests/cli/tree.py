"""Every command there is, those that are loaded later too."""

from collections.abc import Iterator

from typer.core import TyperGroup
from typer.main import get_command

from cli.later import Later
from cli.main import app


def every_command(command: object = None) -> Iterator[tuple[str, ...]]:
    """The words of each command, without `liandong`."""
    reached = command or get_command(app)
    loaded = reached.load() if isinstance(reached, Later) else reached
    if not isinstance(loaded, TyperGroup):
        yield ()
        return
    for name, below in loaded.commands.items():
        yield from ((name, *words) for words in every_command(below))
