"""Rows that a loop reads by the batch: one that cannot be read is set aside visibly and keeps no other waiting."""

import logging
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Final, TypeVar

_log = logging.getLogger(__name__)

ROOM: Final = 50
"""So many rows more than a batch are read, in case that some cannot be."""
_Row = TypeVar("_Row")
_Value = TypeVar("_Value")


def readable(rows: Iterable[_Row], read: Callable[[_Row], _Value], name: Callable[[_Row], str]) -> Iterator[_Value]:
    """What can be read, in order. `verify` names the cases of the rest."""
    for row in rows:
        try:
            value = read(row)
        except ValueError as error:
            _say_once(name(row), type(error).__name__)
            continue
        yield value


@lru_cache(maxsize=1_000)
def _say_once(name: str, why: str) -> None:
    """Loops come by every few seconds. No more than the kind of error: its text would quote what the row holds."""
    _log.error("%s cannot be read (%s) and is set aside: see `liandong verify`", name, why)
