"""What our own cursors promise SQLAlchemy, and when a statement leaves the event loop."""

import sqlite3
import threading
from pathlib import Path

import pytest

from store.sqlite_connection import OneVisitConnection, connect


async def opened(tmp_path: Path, *, holds_lock: bool) -> tuple[OneVisitConnection, list[int]]:
    connection = connect(str(tmp_path / "a.db"), holds_lock=holds_lock, check_same_thread=False)
    await connection
    connection._conn.isolation_level = None
    threads: list[int] = []
    await connection.create_function("thread", 0, lambda: threads.append(threading.get_ident()))
    return connection, threads


async def test_a_cursor_knows_rows_counts_and_ids(tmp_path: Path) -> None:
    connection, _ = await opened(tmp_path, holds_lock=False)
    cursor = connection.cursor()
    await cursor.execute("CREATE TABLE t (a INTEGER PRIMARY KEY)")
    await cursor.executemany("INSERT INTO t VALUES (?)", [(4,), (7,)])
    assert (cursor.rowcount, cursor.description) == (2, None)
    await cursor.execute("INSERT INTO t DEFAULT VALUES")
    assert cursor.lastrowid == 8
    await cursor.execute("SELECT a FROM t WHERE a > ? ORDER BY a", (4,))
    assert cursor.description is not None
    assert cursor.description[0][0] == "a"
    assert await cursor.fetchall() == [(7,), (8,)]
    assert await cursor.fetchall() == []
    with pytest.raises(sqlite3.IntegrityError):
        await cursor.execute("INSERT INTO t VALUES (4)")
    await connection.close()


async def test_only_the_holder_of_the_write_lock_runs_on_the_spot(tmp_path: Path) -> None:
    here = threading.get_ident()
    for holds_lock in (True, False):
        connection, threads = await opened(tmp_path, holds_lock=holds_lock)
        cursor = connection.cursor()
        await cursor.execute("SELECT thread()")
        await cursor.execute("BEGIN IMMEDIATE")
        await cursor.execute("SELECT thread()")
        await connection.commit()
        await connection.close()
        assert [thread == here for thread in threads] == [False, holds_lock]
