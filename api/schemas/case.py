"""One case, with the requester's personal data as far as the reader may see it."""

from datetime import date

from pydantic import Field

from api.schemas.clock import ClockShown, show_clock
from api.schemas.coordination import CoordinationShown, OutcomeShown, show_coordination, show_outcome
from api.schemas.plan import PlanShown, show_plan
from api.schemas.reopen import LineageShown
from api.schemas.requester import RequesterShown, sees_personal_data, show_requester
from api.schemas.values import Shown
from domain.case import CaseRecord
from domain.codes import CaseStage, Cause, TriageDecision, Urgency
from domain.person import Person
from domain.wire import Instant
from services.visibility import sees_the_counter


class ItemShown(Shown):
    name: str
    code: str | None


class FirstContactShown(Shown):
    due_at: Instant
    clock: ClockShown
    at: Instant | None = Field(description="null: nobody has spoken to the requester yet")
    by: str | None
    channel: str | None
    note: str | None


class TriageShown(Shown):
    decision: TriageDecision
    cause: Cause
    urgency: Urgency
    category: str | None
    advice: str | None
    refer_to: str | None
    library_tag: str | None
    decided_by: str
    decided_at: Instant


class CaseShown(Shown):
    """案件 · One case. `coordination` is live while the engine answers, else the latest stored state.

    Who reads free text (title, request, notes, asks, replies, reasons) as it was written: the counter, supervision and
    the case's own duty leader; a department officer only what its asks name. Auditors read everything, and so do other
    duty leaders, but names, telephone and identity numbers within the texts are masked for them.
    """

    case_id: str
    stage: CaseStage
    source: str
    external_id: str | None
    registered_at: Instant
    registered_by: str
    title: str
    request: str
    requester: RequesterShown
    item: ItemShown
    category: str | None
    wish_date: date | None
    owner: str | None = Field(description="Person id of the duty leader.")
    first_contact: FirstContactShown | None = Field(description="null for a department's officer.")
    triage: TriageShown | None
    plan: PlanShown | None
    launched_at: Instant | None
    coordination: CoordinationShown | None
    outcome: OutcomeShown | None
    closed_at: Instant | None
    lineage: LineageShown
    counted_in_rates: bool = Field(description="false: referred elsewhere at triage, never this window's matter")


class RegisteredShown(CaseShown):
    """登记结果 · The case, and the requester's progress code: told this once, null when the matter was known."""

    progress_code: str | None


def show_registered(record: CaseRecord, code: str | None, reader: Person) -> RegisteredShown:
    return RegisteredShown(**dict(show_case(record, reader)), progress_code=code)


def show_case(record: CaseRecord, reader: Person) -> CaseShown:
    registration = record.registration
    return CaseShown(
        case_id=record.case_id,
        stage=record.stage,
        source=registration.source,
        external_id=registration.external_id,
        registered_at=record.registered_at,
        registered_by=record.registered_by,
        title=registration.title,
        request=registration.request,
        requester=show_requester(registration.requester, masked=not sees_personal_data(reader, record)),
        item=ItemShown.model_validate(registration.item),
        category=registration.category,
        wish_date=registration.wish_date,
        owner=record.owner,
        first_contact=_show_first_contact(record) if sees_the_counter(reader) else None,
        triage=TriageShown.model_validate(record.triage) if record.triage else None,
        plan=show_plan(record.plan) if record.plan else None,
        launched_at=record.launched_at,
        coordination=show_coordination(record.snapshot) if record.snapshot else None,
        outcome=show_outcome(record.outcome),
        closed_at=record.closed_at,
        lineage=LineageShown.model_validate(record.lineage),
        counted_in_rates=record.counted_in_rates,
    )


def _show_first_contact(record: CaseRecord) -> FirstContactShown:
    contact = record.first_contact
    return FirstContactShown(
        due_at=record.first_contact_due_at,
        clock=show_clock(record.first_contact_clock),
        at=contact.at if contact else None,
        by=contact.by if contact else None,
        channel=contact.channel if contact else None,
        note=contact.note if contact else None,
    )
