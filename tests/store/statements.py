"""Counts what a store is asked, exactly and whatever the machine is busy with."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from store.sql_store import SqlStore

Asked = list[tuple[str, str]]
"""Kind of the transaction (`read` or `write`) and the statement's first words, `BEGIN` for its begin."""


@contextmanager
def watched(store: SqlStore) -> Iterator[Asked]:
    """Everything that goes to the database meanwhile, in order."""
    asked: Asked = []
    watchers = []
    for kind, engine in (("read", store._reader), ("write", store._writer)):

        def note(_: Any, __: Any, statement: str, *___: Any, kind: str = kind) -> None:
            asked.append((kind, _brief(statement)))

        watchers.append((engine.sync_engine, note))
        event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        for watched_engine, note in watchers:
            event.remove(watched_engine, "before_cursor_execute", note)


def _brief(statement: str) -> str:
    words = statement.replace("\n", " ").split()
    if words[0] == "SELECT":
        return f"SELECT {words[words.index('FROM') + 1]}"
    return " ".join(words[: {"INSERT": 3, "UPDATE": 2, "DELETE": 3}.get(words[0], 1)])
