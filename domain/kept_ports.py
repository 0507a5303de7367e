"""What is stored of messages that left, and for how long things are kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.exchange import Exchange
from domain.retention import Expired


class KeptExchanges(Protocol):
    """Messages to departments and what they said back, with the bytes."""

    async def save(self, exchange: Exchange) -> None: ...
    async def get(self, entry_id: str) -> Exchange | None: ...
    async def of_case(self, case_id: str) -> Sequence[Exchange]:
        """Oldest first."""
        ...


class KeptLongEnough(Protocol):
    """What has been kept for as long as it must be."""

    async def messages(self, closed_before: datetime) -> Expired:
        """Of cases that are all over, their follow-ups too."""
        ...

    async def audit(self, before: datetime) -> Expired: ...
