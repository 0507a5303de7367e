"""What our own cursors promise SQLAlchemy, and when a statement leaves the event loop."""

import asyncio
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


def traced(connection: OneVisitConnection) -> list[tuple[str, bool]]:
    """Every statement from now on, and whether it ran on the spot."""
    here, seen = threading.get_ident(), list[tuple[str, bool]]()
    connection._conn.set_trace_callback(lambda sql: seen.append((sql, threading.get_ident() == here)))
    return seen


async def test_a_reader_visits_its_thread_for_reads_alone(tmp_path: Path) -> None:
    connection, _ = await opened(tmp_path, holds_lock=False)
    seen = traced(connection)
    for _ in range(2):
        await connection.cursor().execute("BEGIN")
        await connection.cursor().execute("SELECT 1")
        await connection.commit()
        await connection.rollback()
    assert seen == [("BEGIN", True), ("SELECT 1", False), ("COMMIT", True)] * 2
    await connection.close()


async def test_a_writer_waits_for_lock_and_disk_in_its_thread(tmp_path: Path) -> None:
    connection, _ = await opened(tmp_path, holds_lock=True)
    seen = traced(connection)
    for end in (connection.commit, connection.rollback):
        await connection.cursor().execute("BEGIN IMMEDIATE")
        await connection.cursor().execute("SELECT 1")
        await end()
        await connection.rollback()
    lock, read = ("BEGIN IMMEDIATE", False), ("SELECT 1", True)
    assert seen == [lock, read, ("COMMIT", False), lock, read, ("ROLLBACK", False)]
    await connection.close()


async def test_a_lock_that_arrives_after_its_caller_left_is_given_back(tmp_path: Path) -> None:
    holder, _ = await opened(tmp_path, holds_lock=True)
    late, _ = await opened(tmp_path, holds_lock=True)
    await late.cursor().execute("PRAGMA busy_timeout = 30000")
    await holder.cursor().execute("BEGIN IMMEDIATE")
    seen = traced(late)
    waiting = asyncio.create_task(late.cursor().execute("BEGIN IMMEDIATE"))
    while not seen:
        await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    given_back = asyncio.create_task(late.rollback())
    await asyncio.sleep(0)
    await holder.commit()
    await given_back
    assert not late._conn.in_transaction
    assert seen[-1] == ("ROLLBACK", False)
    await late.cursor().execute("BEGIN IMMEDIATE")
    await late.commit()
    for connection in (holder, late):
        await connection.close()
