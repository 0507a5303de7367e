"""How long what we hold must be kept at least, and from when on it could go."""

from calendar import monthrange
from datetime import datetime
from typing import NamedTuple

from pydantic import Field

from domain.wire import Wire


class Retention(Wire):
    """Months. A policy may keep things longer, never shorter than the law asks for."""

    messages_months: int = Field(default=36, ge=36, le=1_200)
    """Of messages to and from departments, after the case closed: they record that personal data was given to another
    handler, and such records stay for three years at least (个人信息保护法 Art. 55, 56)."""
    audit_months: int = Field(default=6, ge=6, le=1_200)
    """Of the audit: logs stay for six months at least (网络安全法 Art. 21)."""


class Expired(NamedTuple):
    number: int
    oldest: datetime | None


def months_before(now: datetime, months: int) -> datetime:
    """The same day and time of day so many months ago; the month's last day where it is shorter."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))
