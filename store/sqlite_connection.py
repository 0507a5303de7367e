"""SQLite connections for asyncio that visit their thread only for what may wait: reads, locks and the disk."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import aiosqlite

_Row = tuple[Any, ...]


class OneVisitCursor:
    """Executes, fetches and closes at once: every visit to the thread costs more than a short statement itself.

    Rows are held in memory, as SQLAlchemy holds them anyway.
    """

    def __init__(self, connection: "OneVisitConnection") -> None:
        self._connection = connection
        self._rows: list[_Row] = []
        self.description: tuple[_Row, ...] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> "OneVisitCursor":
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> "OneVisitCursor":
        await self._visit(sqlite3.Cursor.execute, sql, parameters)
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> "OneVisitCursor":
        await self._visit(sqlite3.Cursor.executemany, sql, parameters)
        return self

    async def fetchall(self) -> list[_Row]:
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        self._rows = []

    async def _visit(self, method: Any, sql: str, parameters: Iterable[Any]) -> None:
        found = await self._connection.visit(method, sql, parameters)
        self.description, self.rowcount, self.lastrowid, self._rows = found


class OneVisitConnection(aiosqlite.Connection):
    """What SQLAlchemy's dialect asks of a connection, with cursors of our own.

    `holds_lock`: transactions of this connection own the write lock from their begin. Their statements then wait for
    nobody and touch no disk until the commit, so they run on the spot: others queue for the lock no longer than these
    few microseconds, however busy the event loop is. Other connections only read: their begin takes nothing and
    their commit writes nothing, so those two run on the spot, and the reads themselves in the thread.
    """

    holds_lock = False
    _cut_short = False
    """Somebody was cancelled during a visit: the thread may still be at it."""

    def cursor(self) -> OneVisitCursor:  # type: ignore[override]
        return OneVisitCursor(self)

    async def visit(self, method: Any, sql: str, parameters: Iterable[Any]) -> Any:
        if self._is_brief(sql):
            return self._at_once(method, sql, parameters)
        return await self._in_thread(self._at_once, method, sql, parameters)

    async def commit(self) -> None:
        if self.holds_lock or self._cut_short:
            await self._in_thread(self._conn.commit)
        else:
            self._conn.commit()

    async def rollback(self) -> None:
        """The pool asks for one whenever a connection comes back, mostly with nothing to roll back."""
        if self._cut_short or self._conn.in_transaction:
            await self._in_thread(self._conn.rollback)
            self._cut_short = False

    def _is_brief(self, sql: str) -> bool:
        if self._cut_short:
            return False
        return self._conn.in_transaction if self.holds_lock else sql == "BEGIN"

    async def _in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return await self._execute(work, *arguments)  # type: ignore[no-untyped-call]
        except asyncio.CancelledError:
            self._cut_short = True
            raise

    def _at_once(self, method: Any, sql: str, parameters: Iterable[Any]) -> Any:
        cursor = self._conn.cursor()
        try:
            method(cursor, sql, parameters)
            rows = cursor.fetchall() if cursor.description else []
            return cursor.description, cursor.rowcount, cursor.lastrowid, rows
        finally:
            cursor.close()


def connect(database: str, *, holds_lock: bool, **options: Any) -> OneVisitConnection:
    """Await it to open the file."""
    connection = OneVisitConnection(partial(sqlite3.connect, database, **options), 64)
    connection.holds_lock = holds_lock
    # As SQLAlchemy does it: a connection that was never closed must not keep the program alive
    connection._thread.daemon = True
    return connection
