"""Lists of cases: filters as query parameters, lines without content."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.values import Shown
from domain.case import CaseFilter, CasePage
from domain.codes import CaseStage, Cause, Outcome, RequestState, Urgency
from domain.department import DEPARTMENT_CODE
from domain.errors import invalid
from domain.person import Person, PersonRole
from domain.wire import Instant


class CaseQuery(BaseModel):
    """All conditions hold together. An unknown parameter is refused: a misspelt filter must not show everything."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: CaseStage | None = None
    overdue: Annotated[
        bool | None, Field(description="Past its due instant: an answer, the first contact, or what a follow-up owes.")
    ] = None
    waiting_on: Annotated[
        str | None, Field(pattern=DEPARTMENT_CODE, description="Department code with an open request.")
    ] = None
    department: Annotated[
        str | None,
        Field(pattern=DEPARTMENT_CODE, description="Department code with any request, answered ones too."),
    ] = None
    owner: Annotated[str | None, Field(min_length=1, max_length=120, description="Person id of the duty leader.")] = (
        None
    )
    mine: Annotated[
        bool,
        Field(
            description="Cases that the reader owns; for a clerk those that it registered, for a department officer "
            "those that wait on its department."
        ),
    ] = False
    needs_decision: bool | None = None
    cause: Cause | None = None
    outcome: Outcome | None = None
    cursor: Annotated[
        str | None, Field(min_length=1, max_length=200, description="`next_cursor` of the page before.")
    ] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class RequestLineShown(Shown):
    request_id: str
    department: str | None
    state: RequestState
    round: int
    due_at: Instant | None
    overdue: bool


class CaseLineShown(Shown):
    """Enough for a board. Holds nothing about the requester but what the title says.

    In the title, telephone and identity numbers are masked for auditors and duty leaders of other cases.
    """

    case_id: str
    title: str
    stage: CaseStage
    cause: Cause | None
    urgency: Urgency | None
    registered_at: Instant
    owner: str | None
    outcome: Outcome | None
    next_due_at: Instant | None
    overdue: bool
    decision_due_at: Instant | None = Field(description="When the earliest decision that somebody owes is due.")
    decision_needed: str
    requests: list[RequestLineShown]


class CasePageShown(Shown):
    """案件列表 · Newest first; `next_cursor` is null on the last page."""

    items: list[CaseLineShown]
    next_cursor: str | None


def to_filter(query: CaseQuery, reader: Person) -> CaseFilter:
    """Raises INVALID `filters-contradict` when `mine` is combined with the filter that it stands for."""
    owner, waiting_on, registered_by = query.owner, query.waiting_on, None
    if query.mine and reader.role is PersonRole.CLERK:
        registered_by = reader.actor
    elif query.mine and reader.role is PersonRole.DEPARTMENT_OFFICER:
        if waiting_on not in (None, reader.department):
            raise invalid("filters-contradict", "mine and waiting_on name different departments", field="waiting_on")
        waiting_on = reader.department
    elif query.mine:
        if owner not in (None, reader.person_id):
            raise invalid("filters-contradict", "mine and owner name different people", field="owner")
        owner = reader.person_id
    return CaseFilter(
        stage=query.stage,
        overdue=query.overdue,
        waiting_on=waiting_on,
        department=query.department,
        owner=owner,
        registered_by=registered_by,
        needs_decision=query.needs_decision,
        cause=query.cause,
        outcome=query.outcome,
        cursor=query.cursor,
        limit=query.limit,
    )


def show_page(page: CasePage) -> CasePageShown:
    return CasePageShown.model_validate(page)
