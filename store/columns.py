"""Column types: instants in UTC, text that identifies, text that is shown, and how documents are written."""

from datetime import UTC, datetime

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError
from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator

from domain.errors import LiandongError, invalid

MAX_KEY = 300
"""Characters; longer keys do not fit into an index entry of PostgreSQL."""


class UtcInstant(TypeDecorator[datetime]):
    """Aware datetimes in, UTC out. SQLite has no zones: there it is UTC without saying so."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise invalid("time-without-zone", "A time without a zone cannot be stored.")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class KeyText(TypeDecorator[str]):
    """Text that identifies something and must come back exactly: refused when it cannot."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        if value is None:
            return None
        if len(value) > MAX_KEY:
            raise invalid("key-too-long", f"A key has at most {MAX_KEY} characters.")
        if "\0" in value or not _encodable(value):
            raise _not_storable()
        return value


class ShownText(TypeDecorator[str]):
    """Text for people, beside a document that keeps the exact value: what PostgreSQL cannot hold is replaced."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace("\0", "\ufffd").encode(errors="replace").decode()


def document(model: BaseModel, *, without: frozenset[str] = frozenset()) -> str:
    """The model as JSON. A NUL inside is escaped, so that both databases keep it exactly."""
    try:
        return model.model_dump_json(exclude=set(without))
    except (PydanticSerializationError, UnicodeEncodeError) as error:
        raise _not_storable() from error


def _encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _not_storable() -> LiandongError:
    return invalid("text-not-storable", "The text holds a NUL or half a character and cannot be stored.")
