"""A real PostgreSQL for tests, where it is installed."""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from store.migrate import migrate
from store.tables.row import Row

START_SECONDS = 30


@dataclass(frozen=True)
class Postgres:
    """A server of our own, reached by its socket only. Its migrated database is emptied after each test."""

    directory: str
    migrated: str = "migrated"

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.directory}"

    def admin(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(host=self.directory, user="postgres", dbname=database, autocommit=True)

    def create(self) -> str:
        name = f"test_{uuid.uuid4().hex[:12]}"
        with self.admin() as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return name

    def empty(self) -> None:
        tables = ", ".join(table.name for table in Row.metadata.sorted_tables)
        with self.admin(self.migrated) as connection:
            connection.execute("SET session_replication_role = replica")  # past the guard of the facts
            connection.execute(f"TRUNCATE {tables}".encode())

    def waiters(self) -> int:
        """How many transactions wait for a lock of somebody else's in the migrated database."""
        waiting = b"SELECT count(*) FROM pg_locks WHERE NOT granted"
        with self.admin(self.migrated) as connection:
            found = connection.execute(waiting).fetchone()
        return int(str(found[0])) if found else 0

    def drop(self, name: str) -> None:
        with self.admin() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Skips the test that needs it where PostgreSQL is not installed."""
    initdb, server = shutil.which("initdb"), _server_program()
    if initdb is None or server is None:
        pytest.skip("initdb is not on PATH: PostgreSQL is not installed here")
    account = _account()
    directory = tempfile.mkdtemp(prefix="pg")
    try:
        if account is not None:
            shutil.chown(directory, account)
        data = f"{directory}/data"
        options = [initdb, "-D", data, "--locale=C.UTF-8", "-E", "UTF8", "-A", "trust", "-U", "postgres", "--no-sync"]
        subprocess.run(options, user=account, cwd=directory, check=True, capture_output=True, timeout=60)
        with Path(directory, "log").open("wb") as log:
            settings = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={directory}", "-c", "fsync=off"]
            process = subprocess.Popen(
                [server, "-D", data, *settings], user=account, cwd=directory, stdout=log, stderr=log
            )
        try:
            yield _ready(Postgres(directory), process)
        finally:
            process.terminate()
            process.wait(timeout=30)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _account() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        pytest.skip("running as root and there is no account named postgres")


def _server_program() -> str | None:
    found = shutil.which("postgres")
    if found or not (initdb := shutil.which("initdb")):
        return found
    beside = Path(initdb).resolve().parent / "postgres"
    return str(beside) if beside.exists() else None


def _ready(server: Postgres, process: subprocess.Popen[bytes]) -> Postgres:
    give_up = time.monotonic() + START_SECONDS
    while True:
        try:
            server.admin().close()
            break
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > give_up:
                raise
            time.sleep(0.1)
    with server.admin() as connection:
        connection.execute(f"CREATE DATABASE {server.migrated}".encode())
    asyncio.run(migrate(server.url(server.migrated)))
    return server
