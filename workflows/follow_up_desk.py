"""What people record in a follow-up: checked first, then carried out."""

from collections.abc import Callable, Mapping
from typing import Any

from temporalio import workflow

from domain.clock import ClockKind, due
from domain.errors import conflict, invalid
from domain.fact import FactKind
from domain.follow_up import (
    CallAttempt,
    FinishRectification,
    FollowUpCommand,
    LearnFollowUpYears,
    RatingGiven,
    RecordCall,
    RecordReviewContact,
    ReviewHandling,
    ReviewTreatment,
    TakeRating,
    TreatReview,
)
from domain.rung_proof import ClockProofs
from workflows.follow_up_book import FollowUpBook
from workflows.follow_up_years import FollowUpYears

_YES_NO = {True: "yes", False: "no", None: None}


class FollowUpDesk:
    def __init__(self, book: FollowUpBook, years: FollowUpYears) -> None:
        self._book = book
        self._checks: Mapping[type[FollowUpCommand], Callable[[Any], None]] = {
            RecordCall: self._check_call,
            TakeRating: self._check_rating,
            RecordReviewContact: self._check_contact,
            TreatReview: self._check_treatment,
            FinishRectification: self._check_finish,
            LearnFollowUpYears: years.check,
        }
        self._effects: Mapping[type[FollowUpCommand], Callable[[Any], None]] = {
            RecordCall: self._call,
            TakeRating: self._take_rating,
            RecordReviewContact: self._contact,
            TreatReview: self._treat,
            FinishRectification: self._finish,
            LearnFollowUpYears: years.learn,
        }

    def check(self, command: FollowUpCommand) -> None:
        """Raises the refusal. Changes nothing."""
        if self._book.ended_at is not None:
            raise conflict("follow-up-ended", "this follow-up has ended")
        self._checks[type(command)](command)

    def carry_out(self, command: FollowUpCommand) -> None:
        self._effects[type(command)](command)

    def _check_call(self, command: RecordCall) -> None:
        if self._book.call_over:
            raise conflict("call-over", "the follow-up call has been made already")
        if command.reached and command.resolved is None:
            raise invalid("resolved-missing", "say whether the requester calls the matter resolved", field="resolved")
        if not command.reached and command.resolved is not None:
            raise invalid(
                "nobody-reached", "nobody was reached, so nobody said whether it is resolved", field="resolved"
            )

    def _call(self, command: RecordCall) -> None:
        book, now = self._book, workflow.now()
        book.attempts.append(
            CallAttempt(at=now, by=command.decided_by, reached=command.reached, resolved=command.resolved)
        )
        book.resolved = command.resolved
        book.call_over = command.reached or len(book.attempts) >= book.launch.call_attempts
        if book.call_over:
            book.watch.stop(ClockKind.FOLLOW_UP, now)
        told = {"reached": _YES_NO[command.reached], "resolved": _YES_NO[command.resolved]}
        told |= {"attempt": str(len(book.attempts))}
        book.write(FactKind.FOLLOW_UP_CALL, actor=command.decided_by, data=told)

    def _check_rating(self, command: TakeRating) -> None:
        if self._book.rating is not None:
            raise conflict("already-rated", "this follow-up has its rating")
        if command.rating.received_at > self._book.rating_closes_at:
            raise conflict("rating-closed", "the time to rate is over")

    def _take_rating(self, command: TakeRating) -> None:
        self.take(command.rating)

    def take(self, given: RatingGiven) -> None:
        book = self._book
        book.rating = given
        told = {
            "coordination": given.coordination.value,
            "item": given.item.value if given.item else None,
            "real_name": _YES_NO[given.real_name],
            "received_at": given.received_at.isoformat(),
        }
        book.write(FactKind.RATED, actor="requester", data=told)
        if given.bad and given.real_name:
            # The law counts from the review, not from when we got round to reading it
            clock = book.clock(ClockKind.REVIEW_CONTACT, book.launch.contact_limit, given.received_at)
            book.watch.start(clock)
            book.review = ReviewHandling(contact=ClockProofs(clock=clock))

    def _check_contact(self, _command: RecordReviewContact) -> None:
        review = self._open_review()
        if review.contacted_at is not None:
            raise conflict("already-contacted", "the contact about this review is recorded")

    def _contact(self, command: RecordReviewContact) -> None:
        now = workflow.now()
        in_time = now <= (self._book.watch.due_at(ClockKind.REVIEW_CONTACT) or now)
        self._book.watch.stop(ClockKind.REVIEW_CONTACT, now)
        # Now the ball lies with the duty leader, whose silence is heard as in a running case
        self._book.watch.start(self._book.clock(ClockKind.DECISION, self._book.launch.decision_limit, now))
        self._change(contacted_at=now, contacted_by=command.decided_by, contact_note=command.note)
        told = {"in_time": _YES_NO[in_time]}
        self._book.write(FactKind.REVIEW_CONTACTED, actor=command.decided_by, data=told)

    def _check_treatment(self, command: TreatReview) -> None:
        review = self._open_review()
        if review.contacted_at is None:
            raise conflict("contact-first", "speak with the requester before deciding about the review")
        if review.treatment is not None:
            raise conflict("already-treated", "how this review is treated has been decided")
        if command.limit is None:
            return
        if command.treatment is not ReviewTreatment.RECTIFY:
            raise invalid("limit-only-to-rectify", "only a rectification has a time to be done by", field="limit")
        clock = self._book.clock(ClockKind.RECTIFICATION, command.limit, workflow.now())
        until = due(clock, self._book.launch.calendar).at
        if until is None or until <= workflow.now():
            raise invalid("due-in-the-past", "this limit is over before it begins", field="limit")

    def _treat(self, command: TreatReview) -> None:
        book, now = self._book, workflow.now()
        book.watch.stop(ClockKind.DECISION, now)
        done = {} if command.limit else {"finished_at": now}
        self._change(
            treatment=command.treatment, reason=command.reason, treated_by=command.decided_by, treated_at=now, **done
        )
        if command.limit is not None:
            book.watch.start(book.clock(ClockKind.RECTIFICATION, command.limit, now))
        told = {"treatment": command.treatment.value, "limit": str(command.limit) if command.limit else None}
        book.write(FactKind.REVIEW_TREATED, actor=command.decided_by, data=told)

    def _check_finish(self, _command: FinishRectification) -> None:
        if self._open_review().treatment is None:
            raise conflict("nothing-to-finish", "no rectification has been ordered")

    def _finish(self, command: FinishRectification) -> None:
        now = workflow.now()
        in_time = now <= (self._book.watch.due_at(ClockKind.RECTIFICATION) or now)
        self._book.watch.stop(ClockKind.RECTIFICATION, now)
        self._change(finished_at=now, finished_note=command.reason)
        told = {"in_time": _YES_NO[in_time]}
        self._book.write(FactKind.REVIEW_RECTIFIED, actor=command.decided_by, data=told)

    def _open_review(self) -> ReviewHandling:
        if self._book.review is None or not self._book.review_open:
            raise conflict("no-open-review", "no real-name bad review waits here")
        return self._book.review

    def _change(self, **update: object) -> None:
        assert self._book.review is not None
        self._book.review = self._book.review.model_copy(update=update)
