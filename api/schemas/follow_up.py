"""What staff record after an outcome, and how a follow-up is shown to them."""

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.clock import ClockShown, show_clock
from api.schemas.coordination import RungProofShown
from api.schemas.values import AS_TEXT, Body, LimitText, Note, Reason, Shown
from domain.case_text import follow_up_waits_for
from domain.follow_up import FollowUpEnd, FollowUpSnapshot, Rating, ReviewHandling, ReviewTreatment
from domain.follow_up_order import FollowUpOrder
from domain.rung_proof import ClockProofs
from domain.wire import Instant


class CallBody(Body):
    """回访 · The clerk called. A call that reached nobody is an attempt, and the clock runs on."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reached": True, "resolved": True, "note": "反映人确认已拿到执照。"}]}
    )

    reached: bool
    resolved: bool | None = Field(
        default=None, description="Needed when somebody was reached. false opens the matter again."
    )
    note: Note = ""


class ReviewContactBody(Body):
    """差评联系 · Somebody spoke with the requester about a real-name bad review."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "已电话核实情况并致歉。"}]})

    note: Reason


class ReviewTreatmentBody(Body):
    """差评处置 · Rectify (at once, or by a limit), explain, or have it looked at again by somebody else."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"treatment": "RECTIFY", "reason": "重新核对材料并上门送达。", "limit": "3 working_days"}]
        }
    )

    treatment: Annotated[ReviewTreatment, AS_TEXT]
    reason: Reason
    limit: LimitText | None = Field(default=None, description="RECTIFY only; without one it is done already.")


class RectificationBody(Body):
    """整改完成 · What was put right."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "已上门送达并当面说明。"}]})

    reason: Reason


class WatchedClockShown(Shown):
    clock: ClockShown
    due_at: Instant | None
    rungs: list[RungProofShown]


class CallAttemptShown(Shown):
    at: Instant
    by: str
    reached: bool
    resolved: bool | None


class RatingGivenShown(Shown):
    coordination: Rating
    item: Rating | None
    comment: str
    real_name: bool
    received_at: Instant


class ReviewShown(Shown):
    contact: WatchedClockShown
    contacted_at: Instant | None
    contacted_by: str | None
    contact_note: str
    treatment: ReviewTreatment | None
    treated_by: str | None
    treated_at: Instant | None
    reason: str
    decision: WatchedClockShown | None = Field(description="Until it is decided how the review is treated.")
    rectification: WatchedClockShown | None
    finished_at: Instant | None
    finished_note: str


class FollowUpStateShown(Shown):
    version: int
    call: WatchedClockShown
    attempts: list[CallAttemptShown]
    call_over: bool
    resolved: bool | None
    rating_closes_at: Instant
    rating: RatingGivenShown | None = Field(description="The requester's own; staff never enter one.")
    review: ReviewShown | None
    waiting_for: str
    waiting_for_zh: str = Field(description="等待谁 · The same in Chinese.")
    ended_at: Instant | None
    end: FollowUpEnd | None


class FollowUpShown(Shown):
    """回访 · One follow-up of a case."""

    follow_up_id: str
    case_id: str
    number: int
    ordered_at: Instant
    started_at: Instant | None
    reopened_as: str | None = Field(description='The case that "not resolved" led to.')
    state: FollowUpStateShown | None = Field(description="null: ordered, and the engine has not recorded it yet.")


class FollowUpsShown(Shown):
    """回访 · All follow-ups of a case, the first one first."""

    case_id: str
    items: list[FollowUpShown]


def show_follow_up(order: FollowUpOrder) -> FollowUpShown:
    state = show_state(order.snapshot) if order.snapshot else None
    shown = {name: getattr(order, name) for name in FollowUpShown.model_fields if name != "state"}
    return FollowUpShown(**shown, state=state)


def show_state(snapshot: FollowUpSnapshot) -> FollowUpStateShown:
    review = snapshot.review
    plain = {
        name: getattr(snapshot, name)
        for name in ("version", "call_over", "resolved", "rating_closes_at", "waiting_for", "ended_at", "end")
    }
    return FollowUpStateShown(
        **plain,
        waiting_for_zh=follow_up_waits_for(snapshot),
        call=_watched(snapshot.call, snapshot.call_due_at),
        attempts=[CallAttemptShown.model_validate(attempt) for attempt in snapshot.attempts],
        rating=RatingGivenShown.model_validate(snapshot.rating) if snapshot.rating else None,
        review=_review(review) if review else None,
    )


def _review(review: ReviewHandling) -> ReviewShown:
    clocks = ("contact", "decision", "rectification")
    plain = {name: getattr(review, name) for name in ReviewShown.model_fields if name not in clocks}
    return ReviewShown(
        **plain,
        contact=_watched(review.contact, review.contact_due_at),
        decision=_watched(review.decision, review.decision_due_at) if review.decision else None,
        rectification=_watched(review.rectification, review.rectify_by) if review.rectification else None,
    )


def _watched(proofs: ClockProofs, due_at: Instant | None) -> WatchedClockShown:
    rungs = [RungProofShown.model_validate(proof) for proof in proofs.rungs]
    return WatchedClockShown(clock=show_clock(proofs.clock), due_at=due_at, rungs=rungs)
