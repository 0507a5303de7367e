"""How the databases are connected: pragmas, transactions, time limits, and what their failures mean to callers."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from domain.errors import LiandongError, conflict, invalid, unavailable
from store import sqlite_connection

WAIT_SECONDS = 10.0
"""How long a transaction waits for its turn before the store counts as unavailable."""

_DEAD_LINE = {"keepalives_idle": 4, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}
"""A server that vanished without a word is given up after as long (seconds; the last one milliseconds): the statement
fails and its connection goes, instead of waiting for the kernel's quarter of an hour."""


def store_url(database_url: str) -> URL:
    """Raises ValueError for databases that cannot keep what the store promises."""
    url = make_url(database_url)
    if url.drivername not in ("sqlite+aiosqlite", "postgresql+psycopg"):
        raise ValueError("the store needs sqlite+aiosqlite:// or postgresql+psycopg://")
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise ValueError("the store needs a SQLite file: a database in memory is lost with the process")
    return url


def write_engine(url: URL, wait_seconds: float = WAIT_SECONDS) -> AsyncEngine:
    if url.get_backend_name() == "sqlite":
        # One writer a process queues fairly here instead of polling SQLite's lock
        engine = create_async_engine(url, pool_size=1, max_overflow=0, pool_timeout=wait_seconds)
        _prepare_sqlite(engine, "BEGIN IMMEDIATE", wait_seconds, query_only=False)
        return engine
    arguments = _postgres_arguments(url, wait_seconds)
    return create_async_engine(url, pool_pre_ping=True, pool_timeout=wait_seconds, connect_args=arguments)


def read_engine(url: URL, writer: AsyncEngine, wait_seconds: float = WAIT_SECONDS) -> AsyncEngine:
    """Read transactions see one instant of the store and cannot write. Shares the pool where the database allows."""
    if url.get_backend_name() == "sqlite":
        engine = create_async_engine(url, pool_size=4, max_overflow=4, pool_timeout=wait_seconds)
        _prepare_sqlite(engine, "BEGIN", wait_seconds, query_only=True)
        return engine
    return writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what drivers raise into the product's errors. Nothing of the statement or its values gets out."""
    try:
        yield
    except (DataError, OverflowError) as error:
        raise invalid("value-not-storable", "A value does not fit into the store.") from error
    except IntegrityError as error:
        raise conflict("store-conflict", "The change contradicts what is stored.") from error
    except StatementError as error:
        if isinstance(error.orig, LiandongError):
            raise error.orig from None
        if isinstance(error, DBAPIError):
            raise _unavailable() from error
        raise
    except (PoolTimeout, ConnectionError) as error:
        raise _unavailable() from error


def reason(error: BaseException) -> str:
    """For people who run the store; never holds values."""
    cause = error.__cause__ if isinstance(error, LiandongError) and error.__cause__ else error
    origin = cause.orig if isinstance(cause, DBAPIError) and cause.orig else cause
    if isinstance(cause, SQLAlchemyError | OSError | TimeoutError):
        return f"{type(origin).__name__}: {str(origin).splitlines()[0] if str(origin) else 'no answer'}"
    return type(origin).__name__


def _unavailable() -> LiandongError:
    return unavailable("store-unavailable", "The store cannot take this now. Try again in a moment.")


def _postgres_arguments(url: URL, wait_seconds: float) -> dict[str, Any]:
    """What the address itself says wins."""
    wait = int(wait_seconds * 1000)
    limits = {"lock_timeout": wait, "statement_timeout": 3 * wait, "idle_in_transaction_session_timeout": 6 * wait}
    options = " ".join(f"-c {name}={milliseconds}" for name, milliseconds in limits.items())
    arguments: dict[str, Any] = {"connect_timeout": 5, "options": options, **_DEAD_LINE}
    return {name: value for name, value in arguments.items() if name not in url.query}


def _prepare_sqlite(engine: AsyncEngine, begin: str, wait_seconds: float, *, query_only: bool) -> None:
    @event.listens_for(engine.sync_engine, "do_connect")
    def _open(_dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
        options["async_creator_fn"] = partial(sqlite_connection.connect, holds_lock=not query_only)

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions by itself
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(wait_seconds * 1000)}")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        if not query_only:
            cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA query_only = {'ON' if query_only else 'OFF'}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)
