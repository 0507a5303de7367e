"""What staff record after an outcome: calls, the contact about a bad review, and what is done about it."""

from collections.abc import Sequence
from typing import Final

from domain.errors import conflict, forbidden
from domain.follow_up import (
    FinishRectification,
    FollowUpCommand,
    FollowUpSnapshot,
    RecordCall,
    RecordReviewContact,
    TreatReview,
)
from domain.follow_up_order import FollowUpOrder
from domain.person import Person
from services.access import Action, open_case
from services.office import Office
from services.one_effect import one_effect
from services.order_follow_ups import start_follow_up
from services.reopen_unresolved import reopen_for
from services.visibility import visible_follow_up

StaffCommand = RecordCall | RecordReviewContact | TreatReview | FinishRectification
_ACTIONS: Final[dict[type[FollowUpCommand], Action]] = {
    RecordCall: Action.FOLLOW_UP,
    RecordReviewContact: Action.FOLLOW_UP,
    TreatReview: Action.TREAT_REVIEW,
    FinishRectification: Action.TREAT_REVIEW,
}


async def record_follow_up(office: Office, person: Person, case_id: str, command: StaffCommand) -> FollowUpSnapshot:
    """Carried out in the person's own name by the case's latest follow-up. "Not resolved" reopens at once.

    Raises FORBIDDEN (a rating by staff, whatever the role), CONFLICT `no-follow-up` or `idempotency-key-reused`,
    UNAVAILABLE, or the typed refusal.
    """
    action = _ACTIONS.get(type(command))
    if action is None:
        raise forbidden("staff-never-rate", "a rating comes from the requester's own link, never from staff")
    async with office.store.reading() as session:
        record = await open_case(session, person, action, case_id)
        orders = await session.follow_ups.of_case(case_id)
    order = _latest(orders)
    async with one_effect(office, case_id, command):
        await start_follow_up(office, order)
        after = await office.follow_ups.act(order.follow_up_id, command.model_copy(update={"decided_by": person.actor}))
    if after.reopening_owed:
        await reopen_for(office, order.follow_up_id)
    return visible_follow_up(person, record, after)


async def read_follow_ups(office: Office, person: Person, case_id: str) -> Sequence[FollowUpOrder]:
    """All follow-ups of a case, as far as they are projected."""
    async with office.store.reading() as session:
        record = await open_case(session, person, Action.READ_FOLLOW_UP, case_id)
        orders = await session.follow_ups.of_case(case_id)
    return tuple(visible_follow_up(person, record, order) for order in orders)


def _latest(orders: Sequence[FollowUpOrder]) -> FollowUpOrder:
    if not orders:
        raise conflict("no-follow-up", "this case has no follow-up yet: it begins soon after the case has closed")
    return orders[-1]
