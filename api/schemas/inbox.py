"""What lies on a department's desk, as its officers and the bearers of links see it."""

from datetime import datetime

from pydantic import Field

from api.schemas.values import Shown
from domain.codes import Role
from services.officer_inbox import DeskItem, DeskState


class InboxItemShown(Shown):
    """部门待办 · One request, with exactly the fields that a department's system would get."""

    request_id: str
    round: int
    case_id: str
    receipt: str
    role: Role
    text: str
    note: str
    fields: dict[str, str]
    urgent: bool
    state: DeskState
    arrived_at: datetime
    due_at: datetime | None = Field(description="As the clock stands now; it moves with extensions and pauses.")
    sign_due_at: datetime | None
    signed_at: datetime | None
    answered_at: datetime | None
    overdue: bool


class InboxShown(Shown):
    """部门收件箱 · Newest first."""

    items: list[InboxItemShown]


def show_item(item: DeskItem) -> InboxItemShown:
    dispatch = item.entry.dispatch
    return InboxItemShown(
        request_id=dispatch.request_id,
        round=dispatch.round,
        case_id=dispatch.case_id,
        receipt=item.entry.receipt,
        role=dispatch.role,
        text=dispatch.text,
        note=dispatch.note,
        fields=dispatch.fields,
        urgent=dispatch.urgent,
        state=item.state,
        arrived_at=item.entry.arrived_at,
        due_at=item.due_at,
        sign_due_at=item.sign_due_at,
        signed_at=item.signed_at,
        answered_at=item.answered_at,
        overdue=item.overdue,
    )


def show_inbox(items: tuple[DeskItem, ...]) -> InboxShown:
    return InboxShown(items=[show_item(item) for item in items])
