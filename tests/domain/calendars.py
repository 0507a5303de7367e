"""The calendar of the shipped notices, and short ways to name an instant and a clock."""

import datetime as dt
import tomllib
from pathlib import Path

from domain.clock import Clock, ClockKind
from domain.limit import Limit
from domain.working_calendar import WorkingCalendar, load_notice

NOTICE_FILES = sorted((Path(__file__).parents[2] / "policies" / "calendar").glob("*.toml"))
REAL = WorkingCalendar(
    version="shipped",
    years=tuple(load_notice(tomllib.loads(path.read_text(encoding="utf-8"))) for path in NOTICE_FILES),
)
COMPRESSED = REAL.model_copy(update={"compressed_day_seconds": 8})


def at(text: str) -> dt.datetime:
    """An instant from its local text; a bare day means ten in the morning."""
    return dt.datetime.fromisoformat(f"{text if 'T' in text else text + 'T10:00'}+08:00").astimezone(dt.UTC)


def clock(start: str, limit: str, kind: ClockKind = ClockKind.REPLY) -> Clock:
    return Clock(clock_id="q.reply", kind=kind, started_at=at(start), limit=Limit.parse(limit))
