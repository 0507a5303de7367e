"""Triage: what kind of "cannot" a registered case is, and what happens with it."""

from datetime import datetime
from typing import Final

from pydantic import Field

from domain.case import CaseRecord, Line, Triage
from domain.codes import CaseStage, Cause, Outcome, TriageDecision, Urgency
from domain.errors import conflict, unsound
from domain.fact import Fact, FactKind
from domain.person import Person
from domain.plan import PlanProblem
from domain.policy import DistrictPolicy
from domain.snapshot import OutcomeRecord
from domain.wire import Wire
from services.access import Action, open_case
from services.office import Office
from services.same_facts import earlier_refusal, link_new_evidence, same_facts_again
from services.visibility import visible_record
from services.watch_triage import waits_for_leader

_CLOSES_AS: Final = {
    TriageDecision.RESOLVE_ON_SPOT: Outcome.EXPLAINED,
    TriageDecision.REFER_OUT: Outcome.REFERRED,
}


class TriageInput(Wire):
    decision: TriageDecision
    cause: Cause
    urgency: Urgency = Urgency.NORMAL
    category: Line | None = None
    """The district's own category code."""
    advice: str | None = Field(default=None, min_length=1, max_length=2_000)
    """RESOLVE_ON_SPOT: what was explained, and where to go."""
    refer_to: Line | None = None
    """REFER_OUT: who is responsible instead."""
    complained_of: Line | None = None
    """SUPERVISE: code of the unit complained of, to which nothing of this case is ever sent."""
    library_tag: Line | None = None
    """What the library should find the case under."""
    new_evidence: str | None = Field(default=None, min_length=1, max_length=2_000)
    """COORDINATE after a lawful refusal of the same matter: what is new."""
    declines_deferral: bool = False
    """Asked whether materials may come later, the requester chose the normal way."""


async def triage_case(office: Office, person: Person, case_id: str, triage: TriageInput) -> CaseRecord:
    """Decide a registered case. RESOLVE_ON_SPOT closes it as EXPLAINED, REFER_OUT as REFERRED.

    Raises INVALID `triage-unsound` with all problems. The same triage again changes nothing; another one is CONFLICT
    `already-triaged`. COORDINATE after a lawful refusal of the same matter is CONFLICT `same-facts-again` unless
    something is new: then it is a reopening.
    """
    async with office.store.writing() as session:
        record = await open_case(session, person, Action.TRIAGE, case_id, lock=True)
        if problems := _problems(triage, office.policy):
            raise unsound("triage-unsound", "this triage lacks something", problems)
        if record.triage is not None:
            if _content(record.triage) == triage:
                return visible_record(person, record)
            raise conflict("already-triaged", "this case was triaged already, with another result")
        earlier = await earlier_refusal(session, record)
        if earlier is not None and triage.decision is TriageDecision.COORDINATE and not _stated(triage.new_evidence):
            raise same_facts_again(earlier)
        now = office.time.now()
        triaged = _triaged(record, person, triage, now)
        if triaged.outcome is None:
            calendar = await office.calendar.within(session)
            triaged = triaged.model_copy(update=waits_for_leader(office, triaged, now, calendar))
        await session.cases.save(triaged)
        await session.facts.append(case_id, _facts(triaged))
        if earlier is not None and triage.decision is TriageDecision.COORDINATE:
            return await link_new_evidence(session, triaged, earlier)
    return triaged


def _stated(text: str | None) -> bool:
    return text is not None and bool(text.strip())


def _problems(triage: TriageInput, policy: DistrictPolicy) -> tuple[PlanProblem, ...]:
    needed = {
        TriageDecision.RESOLVE_ON_SPOT: ("advice", triage.advice, "say what was explained and where to go"),
        TriageDecision.REFER_OUT: ("refer_to", triage.refer_to, "say who is responsible instead"),
        TriageDecision.SUPERVISE: ("complained_of", triage.complained_of, "say which unit is complained of"),
    }
    problems = []
    if triage.decision in needed:
        field, value, detail = needed[triage.decision]
        if value is None or not value.strip():
            problems.append(PlanProblem(field=field, rule=f"{field.replace('_', '-')}-required", detail=detail))
    if triage.complained_of is not None and triage.decision is not TriageDecision.SUPERVISE:
        detail = "only a case under supervision is a complaint about a unit"
        problems.append(PlanProblem(field="complained_of", rule="only-when-supervised", detail=detail))
    if triage.category is not None and policy.category(triage.category) is None:
        detail = "the district's policy has no such category"
        problems.append(PlanProblem(field="category", rule="known-category", detail=detail))
    return tuple(problems)


def _content(triage: Triage) -> TriageInput:
    return TriageInput.model_validate(triage.model_dump(include=set(TriageInput.model_fields)))


def _triaged(record: CaseRecord, person: Person, triage: TriageInput, now: datetime) -> CaseRecord:
    decided = Triage(**triage.model_dump(), decided_by=person.actor, decided_at=now)
    update: dict[str, object] = {"triage": decided, "stage": CaseStage.TRIAGED, "owner": person.person_id}
    update |= {"decision_clock": None, "decision_due_at": None}
    if triage.decision in _CLOSES_AS:
        outcome = OutcomeRecord(
            outcome=_CLOSES_AS[triage.decision],
            decided_by=person.actor,
            decided_at=now,
            reason=triage.advice or triage.refer_to or "",
        )
        update |= {"stage": CaseStage.CLOSED, "outcome": outcome, "closed_at": now}
    return record.model_copy(update=update)


def _facts(record: CaseRecord) -> list[Fact]:
    triage = record.triage
    if triage is None:
        return []
    data = {"decision": triage.decision.value, "cause": triage.cause.value, "urgency": triage.urgency.value}
    facts = [_fact(record, FactKind.TRIAGED, triage, data)]
    if record.outcome is not None:
        facts.append(_fact(record, FactKind.OUTCOME, triage, {"outcome": record.outcome.outcome.value}))
    return facts


def _fact(record: CaseRecord, kind: FactKind, triage: Triage, data: dict[str, str]) -> Fact:
    return Fact(
        fact_id=f"{record.case_id}.{kind.value.lower()}",
        case_id=record.case_id,
        kind=kind,
        at=triage.decided_at,
        actor=triage.decided_by,
        data=data,
    )
