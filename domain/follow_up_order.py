"""What the store keeps around a follow-up: the order to begin it, and the links by which its rating comes."""

from datetime import datetime

from domain.follow_up import FollowUpLaunch, FollowUpSnapshot, RatingGiven
from domain.wire import Instant, Wire


class FollowUpOrder(Wire):
    """A follow-up that was ordered; it stays until the engine has it, and then shows what the engine does."""

    follow_up_id: str
    case_id: str
    number: int
    ordered_at: Instant
    launch_json: str
    """The FollowUpLaunch as JSON."""
    attempts: int = 0
    last_error: str | None = None
    started_at: Instant | None = None
    reopened_as: str | None = None
    """The case that "not resolved" led to."""
    snapshot: FollowUpSnapshot | None = None

    @property
    def version(self) -> int:
        return self.snapshot.version if self.snapshot else 0

    @property
    def launch(self) -> FollowUpLaunch:
        return FollowUpLaunch.model_validate_json(self.launch_json)

    @property
    def has_rating(self) -> bool:
        """It was begun with one, or has taken one in; one that came by a link may still be on its way."""
        taken = self.snapshot is not None and self.snapshot.rating is not None
        return taken or self.launch.brought is not None

    @property
    def rating_closes_at(self) -> datetime:
        """As the follow-up counts it, or as it will begin."""
        return (self.snapshot or self.launch).rating_closes_at


class RatingLink(Wire):
    """A private link, by the SHA-256 of its token: one rating, within its window."""

    token_hash: str
    follow_up_id: str
    case_id: str
    issued_at: Instant
    closes_at: Instant
    rating: RatingGiven | None = None
    delivered_at: Instant | None = None
    """When the follow-up had taken it in; the relay brings what has none."""
    attempts: int = 0
    next_attempt_at: Instant | None = None
    """Not before then; None: at once."""
