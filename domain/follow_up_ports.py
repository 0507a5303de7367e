"""What is stored of the time after an outcome: follow-ups, ratings, progress codes, precedents."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.follow_up import FollowUpSnapshot
from domain.follow_up_order import FollowUpOrder, RatingLink
from domain.precedent import Precedent
from domain.progress_code import ProgressAccess


class FollowUps(Protocol):
    """Ordered follow-ups and the projection of those that run."""

    async def add(self, order: FollowUpOrder) -> bool:
        """False when it was ordered already."""
        ...

    async def get(self, follow_up_id: str, *, lock: bool = False) -> FollowUpOrder | None: ...
    async def of_case(self, case_id: str) -> Sequence[FollowUpOrder]:
        """In the order of their numbers."""
        ...

    async def save(self, order: FollowUpOrder) -> None:
        """Write everything but the projection. Raises NOT_FOUND."""
        ...

    async def project(self, snapshot: FollowUpSnapshot) -> bool:
        """Write the projection if its version is newer than the stored one."""
        ...

    async def unordered(self, limit: int) -> Sequence[str]:
        """Closed cases without any follow-up; those that the requester took back need none."""
        ...

    async def unstarted(self, limit: int) -> Sequence[FollowUpOrder]:
        """Oldest first."""
        ...

    async def running(self, after: str = "", limit: int = 500) -> Sequence[str]:
        """Ordered and not ended, by id."""
        ...

    async def reopening_owed(self, limit: int) -> Sequence[str]:
        """Follow-ups with "not resolved" and no case that it led to."""
        ...

    async def second_owed(self, limit: int) -> Sequence[str]:
        """Follow-ups that owe another one, which nobody ordered yet."""
        ...


class RatingLinks(Protocol):
    """Private links, found by the hash of their token."""

    async def add(self, link: RatingLink) -> None:
        """Replaces the unused links of the same follow-up: only the newest one opens."""
        ...

    async def get(self, token_hash: str, *, lock: bool = False) -> RatingLink | None: ...
    async def of_follow_up(self, follow_up_id: str) -> Sequence[RatingLink]: ...
    async def save(self, link: RatingLink) -> None: ...
    async def undelivered(self, now: datetime, limit: int) -> Sequence[RatingLink]:
        """Ratings that their follow-up has not taken in and whose next attempt is due."""
        ...


class ProgressCodes(Protocol):
    """One code a case, hashed."""

    async def get(self, case_id: str, *, lock: bool = False) -> ProgressAccess | None: ...
    async def put(self, access: ProgressAccess) -> None:
        """Replaces an earlier one."""
        ...


class Precedents(Protocol):
    """De-identified drafts of closed cases."""

    async def add(self, precedent: Precedent) -> bool:
        """False when the case has one."""
        ...

    async def put(self, precedent: Precedent) -> None:
        """Replaces an earlier draft of the case."""
        ...

    async def get(self, case_id: str) -> Precedent | None: ...
    async def undrafted(self, limit: int) -> Sequence[str]:
        """Closed cases without one."""
