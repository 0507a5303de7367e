"""The computer's clock as the product's time source."""

from datetime import UTC, datetime


class SystemTime:
    def now(self) -> datetime:
        return datetime.now(UTC)
