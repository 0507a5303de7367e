"""How much one department may send to this process, so that its flood takes nothing from the others."""

from datetime import datetime

from domain.department import Department
from domain.errors import ErrorCategory, LiandongError
from domain.rate_limit import RateLimit


class Arrivals:
    def __init__(self) -> None:
        self._limits: dict[str, RateLimit] = {}

    def admit(self, department: Department, now: datetime) -> None:
        """Raises TOO_MANY; the same message comes again later and is then taken in."""
        limit = self._limits.setdefault(department.code, RateLimit(department.max_messages_per_minute))
        limit.per_minute = department.max_messages_per_minute
        if limit.wait(now.timestamp()) > 0:
            raise LiandongError(
                ErrorCategory.TOO_MANY, "too-many-messages", "the department sends more than was agreed; send it again"
            )
