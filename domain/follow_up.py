"""What follows an outcome: the call, the requester's own rating, and what a bad one obliges to."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from domain.clock import Clock, ClockKind, due
from domain.codes import Cause, Outcome, Urgency
from domain.fact import Fact
from domain.ladder import Ladder
from domain.learned_years import LearnedYears, News
from domain.limit import Limit
from domain.rung_proof import ClockProofs
from domain.waiting import WaitLimits
from domain.wire import Instant, Wire
from domain.working_calendar import WorkingCalendar

Text = Annotated[str, Field(min_length=1, max_length=2_000)]


def follow_up_id(case_id: str, number: int) -> str:
    """Also the workflow id."""
    return f"{case_id}.followup{number}"


class Rating(StrEnum):
    """好差评, five levels."""

    VERY_SATISFIED = "VERY_SATISFIED"
    SATISFIED = "SATISFIED"
    BASICALLY_SATISFIED = "BASICALLY_SATISFIED"
    DISSATISFIED = "DISSATISFIED"
    VERY_DISSATISFIED = "VERY_DISSATISFIED"

    @property
    def bad(self) -> bool:
        return self in (Rating.DISSATISFIED, Rating.VERY_DISSATISFIED)


class RatingGiven(Wire):
    """What the requester said, through a private link and nobody else."""

    coordination: Rating
    """Of the window's coordination: ours."""
    item: Rating | None = None
    """Of the original service item: belongs to the department's own record."""
    comment: str = Field(default="", max_length=2_000)
    real_name: bool = True
    """False: the window may learn from it, and nobody calls."""
    received_at: Instant
    """When it reached our door; the window is judged by this alone."""

    @property
    def bad(self) -> bool:
        return self.coordination.bad or (self.item is not None and self.item.bad)


class ReviewTreatment(StrEnum):
    RECTIFY = "RECTIFY"
    """整改: something is put right, at once or by a date."""
    EXPLAIN = "EXPLAIN"
    """解释: the law leaves nothing to put right, and that was explained."""
    APPEAL = "APPEAL"
    """申诉复核: the review is mistaken, and somebody else looks at it."""


class FollowUpEnd(StrEnum):
    RATED = "RATED"
    NOT_RATED = "NOT_RATED"
    REVIEW_TREATED = "REVIEW_TREATED"
    """A bad review was answered for: a second follow-up is owed."""


# --- commands --------------------------------------------------------------------------------------------------------


class FollowUpCommand(Wire):
    """An update with a stable id: twice has one effect."""

    kind: str
    command_id: str = Field(min_length=1, max_length=120)
    decided_by: str


class RecordCall(FollowUpCommand):
    """The clerk called. A call that reached nobody is an attempt, and the clock runs on."""

    kind: Literal["record_call"] = "record_call"
    reached: bool
    resolved: bool | None = None
    """Needed when somebody was reached: does the requester say that the matter is resolved?"""
    note: str = Field(default="", max_length=2_000)


class TakeRating(FollowUpCommand):
    """Brought by the private link; `decided_by` is `requester`."""

    kind: Literal["take_rating"] = "take_rating"
    rating: RatingGiven


class RecordReviewContact(FollowUpCommand):
    """Somebody spoke with the requester about a bad review."""

    kind: Literal["record_review_contact"] = "record_review_contact"
    note: Text


class TreatReview(FollowUpCommand):
    """What is done about it. RECTIFY with a limit runs a clock until `FinishRectification`."""

    kind: Literal["treat_review"] = "treat_review"
    treatment: ReviewTreatment
    reason: Text
    limit: Limit | None = None


class FinishRectification(FollowUpCommand):
    kind: Literal["finish_rectification"] = "finish_rectification"
    reason: Text


class LearnFollowUpYears(FollowUpCommand, News):
    """Ordered by the product when the calendar has changed, as in a running case."""

    kind: Literal["learn_years"] = "learn_years"


AnyFollowUpCommand = Annotated[
    RecordCall | TakeRating | RecordReviewContact | TreatReview | FinishRectification | LearnFollowUpYears,
    Field(discriminator="kind"),
]
FOLLOW_UP_COMMAND: TypeAdapter[AnyFollowUpCommand] = TypeAdapter(AnyFollowUpCommand)


# --- the workflow's input and state ----------------------------------------------------------------------------------


class FollowUpLaunch(Wire):
    """Input of the workflow FollowUp; all of it stays in the history."""

    follow_up_id: str
    case_id: str
    number: int = Field(ge=1)
    starts_at: Instant
    """When the case, or the follow-up before, ended: the clocks run from here."""
    outcome: Outcome
    cause: Cause | None = None
    urgency: Urgency = Urgency.NORMAL
    calendar: WorkingCalendar
    ladder: Ladder
    call_limit: Limit
    rating_limit: Limit
    contact_limit: Limit
    decision_limit: Limit = WaitLimits().decision
    """From the contact about a bad review to the decision how it is treated."""
    review_limit: Limit | None = None
    """After which a silence that the last rung has told of is looked at, again and again; None: it is told once."""
    call_attempts: int = Field(default=3, ge=1)
    """So many calls that reach nobody are enough."""
    brought: RatingGiven | None = None
    """A rating that came in time and found the follow-up before over already."""

    @property
    def rating_clock(self) -> Clock:
        kind = ClockKind.RATING
        return Clock(
            clock_id=f"{self.follow_up_id}.{kind.value}", kind=kind, started_at=self.starts_at, limit=self.rating_limit
        )

    @property
    def rating_closes_at(self) -> datetime:
        return due(self.rating_clock, self.calendar).at or self.starts_at


class CallAttempt(Wire):
    at: Instant
    by: str
    reached: bool
    resolved: bool | None = None


class ReviewHandling(Wire):
    """The way of one bad review. Texts stay inside the window: none of this reaches departments."""

    contact: ClockProofs
    contact_due_at: Instant | None = None
    contacted_at: Instant | None = None
    contacted_by: str | None = None
    contact_note: str = ""
    decision: ClockProofs | None = None
    decision_due_at: Instant | None = None
    """Until when it is decided how the review is treated."""
    treatment: ReviewTreatment | None = None
    treated_by: str | None = None
    treated_at: Instant | None = None
    reason: str = ""
    rectification: ClockProofs | None = None
    rectify_by: Instant | None = None
    finished_at: Instant | None = None
    finished_note: str = ""

    @property
    def owed_until(self) -> datetime | None:
        """When staff must have spoken with the requester, then have decided, then have put it right."""
        if self.contacted_at is None:
            return self.contact_due_at
        if self.treatment is None:
            return self.decision_due_at
        return self.rectify_by if self.finished_at is None else None


class FollowUpSnapshot(Wire):
    """The whole state at one version. Versions only grow."""

    follow_up_id: str
    case_id: str
    number: int
    version: int = 0
    starts_at: Instant
    call: ClockProofs
    call_due_at: Instant | None = None
    attempts: tuple[CallAttempt, ...] = ()
    call_over: bool = False
    """Somebody was reached, or enough attempts were made."""
    resolved: bool | None = None
    rating_closes_at: Instant
    rating: RatingGiven | None = None
    review: ReviewHandling | None = None
    standing_still: ClockProofs | None = None
    """The look at what nobody moves after the last rung."""
    waiting_for: str = ""
    next_due_at: Instant | None = None
    ended_at: Instant | None = None
    end: FollowUpEnd | None = None
    learned: tuple[LearnedYears, ...] = ()

    @property
    def owed_until(self) -> datetime | None:
        """The earliest instant by which staff owe something here, as the overdue list reads it; None: nothing."""
        if self.ended_at is not None:
            return None
        owed = (None if self.call_over else self.call_due_at, self.review.owed_until if self.review else None)
        return min((at for at in owed if at is not None), default=None)

    @property
    def reopening_owed(self) -> bool:
        return self.resolved is False

    @property
    def second_owed(self) -> bool:
        return self.end is FollowUpEnd.REVIEW_TREATED


class FollowUpProgress(Wire):
    """What one `record` activity writes."""

    snapshot: FollowUpSnapshot
    facts: tuple[Fact, ...] = ()
