"""Commands whose module is loaded when they are called: most speak to the API and need nothing else of the product."""

from importlib import import_module
from typing import Any, ClassVar

import typer.main
from typer.core import TyperCommand, TyperGroup


class Later(TyperCommand):
    """Known by name and help alone; `app` in its module is the Typer application that does it."""

    def __init__(self, name: str, module: str, help: str) -> None:
        super().__init__(name, help=help)
        self._module = module

    def load(self) -> TyperCommand | TyperGroup:
        command = typer.main.get_command(import_module(self._module).app)
        assert isinstance(command, TyperCommand | TyperGroup)
        command.name, command.help = self.name, self.help
        return command

    def make_context(self, *given: Any, **also: Any) -> Any:
        """From here on everything asks the context for its command, and that is the loaded one."""
        return self.load().make_context(*given, **also)


class LaterGroup(TyperGroup):
    """A group that may have such commands beside those that are there already."""

    later: ClassVar[tuple[Later, ...]] = ()

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        for command in self.later:
            self.add_command(command)
