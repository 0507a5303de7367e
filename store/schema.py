"""Which schema a database has, and which one this version needs."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

MIGRATIONS = Path(__file__).resolve().parent / "migrations"


@dataclass(frozen=True)
class SchemaState:
    found: str | None
    needed: str

    @property
    def current(self) -> bool:
        return self.found == self.needed


def alembic_config() -> Config:
    """Built here, so that migrations run from every working directory."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def schema_state(connection: Connection) -> SchemaState:
    return SchemaState(found=MigrationContext.configure(connection).get_current_revision(), needed=_head())


@cache
def _head() -> str:
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    if head is None:
        raise RuntimeError("the migrations are missing from this installation")
    return head
