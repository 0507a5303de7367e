"""What a person sees of a case that they may read: a department officer gets its own requests and nothing else."""

from collections.abc import Iterable
from typing import TypeVar

from domain.case import CaseLine, CaseRecord, Registration
from domain.deferral import DeferralSnapshot
from domain.fact import ChainedFact, FactKind
from domain.follow_up import FollowUpSnapshot
from domain.follow_up_order import FollowUpOrder
from domain.identifiers import mask_identifier
from domain.lineage import Lineage
from domain.person import Person, PersonRole
from domain.plan import Plan
from domain.snapshot import CaseSnapshot, RequestSnapshot
from domain.text_masking import mask_text
from services.free_text import Mask, mask_of, masked_texts, reads_as_written

FollowUpT = TypeVar("FollowUpT", FollowUpOrder, FollowUpSnapshot)

_HIDDEN = "—"


def visible_record(person: Person, record: CaseRecord) -> CaseRecord:
    if person.role is PersonRole.SUPERVISOR:
        return record.model_copy(update={"registration": _masked(record.registration)})
    if not reads_as_written(person, record.owner):
        return masked_texts(record, mask_of(record))
    if person.role is not PersonRole.DEPARTMENT_OFFICER:
        return record
    own = own_requests(person, record)
    asks = tuple(ask for ask in record.plan.asks if ask.key in own) if record.plan else ()
    seen = frozenset(name for ask in asks for name in ask.sees)
    outcome = record.outcome and record.outcome.model_copy(
        update={"reason": "", "legal_basis": None, "remedy": None, "authority": None}
    )
    return record.model_copy(
        update={
            "registration": _reduced(record.registration, seen),
            "first_contact": None,
            "decision_clock": None,
            "decision_due_at": None,
            "triage": None,
            "plan": Plan(asks=asks) if asks else None,
            "snapshot": visible_snapshot(person, record, record.snapshot) if record.snapshot else None,
            "outcome": outcome,
            "lineage": Lineage(),
            "party_print": None,
            "matter_print": None,
        }
    )


def own_requests(person: Person, record: CaseRecord) -> frozenset[str]:
    """Keys of the requests in which this officer's department has, or had, a round."""
    if record.snapshot is None:
        asks = record.plan.asks if record.plan else ()
        return frozenset(ask.key for ask in asks if ask.department == person.department)
    return frozenset(request.key for request in record.snapshot.requests if _owned(person, request))


def visible_snapshot(person: Person, record: CaseRecord, snapshot: CaseSnapshot) -> CaseSnapshot:
    """`snapshot` of the case that `record` is about, however fresh either of them is."""
    if not reads_as_written(person, record.owner):
        return masked_texts(snapshot, mask_of(record))
    if person.role is not PersonRole.DEPARTMENT_OFFICER:
        return snapshot
    own = tuple(_own_rounds(person, request) for request in snapshot.requests if _owned(person, request))
    return snapshot.model_copy(
        update={
            "requests": own,
            "decision_needed": "",
            "outcome": None,
            "supplement": None,
            "deferrals": tuple(
                _own_materials(person, one) for one in snapshot.deferrals if _concerned(person, one, own)
            ),
            "proposals": (),
            "weighings": (),
            "waits": (),
        }
    )


def visible_follow_up(person: Person, record: CaseRecord, follow_up: FollowUpT) -> FollowUpT:
    """What was said at calls, in ratings and about them."""
    return follow_up if reads_as_written(person, record.owner) else masked_texts(follow_up, mask_of(record))


def sees_the_counter(person: Person) -> bool:
    """What happened between the window and the requester before the coordination is no department's matter."""
    return person.role is not PersonRole.DEPARTMENT_OFFICER


def visible_facts(person: Person, facts: Iterable[ChainedFact], record: CaseRecord) -> tuple[ChainedFact, ...]:
    """With masked texts a hash cannot be recomputed from what is shown: `verify` checks the chain as stored."""
    if not reads_as_written(person, record.owner):
        mask = mask_of(record)
        return tuple(_masked_fact(chained, mask) for chained in facts)
    if person.role is not PersonRole.DEPARTMENT_OFFICER:
        return tuple(facts)
    rounds = _rounds_of(person, record)
    return tuple(
        chained
        for chained in facts
        if (chained.fact.request_id, chained.fact.round) in rounds and chained.fact.kind is not FactKind.MESSAGE_REFUSED
    )


def visible_line(person: Person, line: CaseLine) -> CaseLine:
    """A list line; the title may name the requester, so officers get the case number instead."""
    if not reads_as_written(person, line.owner):
        return masked_texts(line, mask_text)
    if person.role is not PersonRole.DEPARTMENT_OFFICER:
        return line
    own = tuple(request for request in line.requests if request.department == person.department)
    hidden = {"title": line.case_id, "cause": None, "owner": None, "decision_needed": "", "requests": own}
    hidden |= {"decision_due_at": None}
    dues = [request.due_at for request in own if request.due_at is not None]
    overdue = any(request.overdue for request in own)
    return line.model_copy(update=hidden | {"next_due_at": min(dues, default=None), "overdue": overdue})


def _owned(person: Person, request: RequestSnapshot) -> bool:
    if not request.rounds:
        return request.department == person.department
    return any(turn.department == person.department for turn in request.rounds)


def _concerned(person: Person, deferral: DeferralSnapshot, own: Iterable[RequestSnapshot]) -> bool:
    if any(request.request_id == deferral.request_id for request in own):
        return True
    return any(material.verifier == person.department for material in deferral.materials)


def _own_materials(person: Person, deferral: DeferralSnapshot) -> DeferralSnapshot:
    """A verifier sees what it verifies; how the deferral was argued about is for those who decide."""
    own = tuple(material for material in deferral.materials if material.verifier == person.department)
    return deferral.model_copy(update={"materials": own, "objections": (), "override_reason": None, "commitment": ""})


def _own_rounds(person: Person, request: RequestSnapshot) -> RequestSnapshot:
    own = tuple(turn for turn in request.rounds if turn.department == person.department)
    return request.model_copy(update={"rounds": own, "after": (), "waiting_for": ""})


def _rounds_of(person: Person, record: CaseRecord) -> frozenset[tuple[str, int]]:
    requests = record.snapshot.requests if record.snapshot else ()
    return frozenset(
        (request.request_id, turn.number)
        for request in requests
        for turn in request.rounds
        if turn.department == person.department
    )


def _masked_fact(chained: ChainedFact, mask: Mask) -> ChainedFact:
    data = {name: mask(value) for name, value in chained.fact.data.items()}
    return chained.model_copy(update={"fact": chained.fact.model_copy(update={"data": data})})


def _masked(registration: Registration) -> Registration:
    """Identity numbers and health are for those who handle the case."""
    requester = registration.requester
    masked = mask_identifier(requester.resident_id) if requester.resident_id else None
    shown = requester.model_copy(update={"resident_id": masked, "health": None})
    return registration.model_copy(update={"requester": shown})


def _reduced(registration: Registration, seen: frozenset[str]) -> Registration:
    """Only the fields that the officer's own asks name."""
    requester = registration.requester
    shown = requester.model_copy(
        update={
            "name": requester.name if "requester_name" in seen else _HIDDEN,
            "contact": requester.contact if "requester_contact" in seen else None,
            "agent": None,
            "resident_id": requester.resident_id if "resident_id" in seen else None,
            "uscc": requester.uscc if "uscc" in seen else None,
            "health": requester.health if "health" in seen else None,
        }
    )
    item = registration.item if "item" in seen else registration.item.model_copy(update={"name": _HIDDEN, "code": None})
    return registration.model_copy(
        update={
            "requester": shown,
            "title": registration.title if "request" in seen else _HIDDEN,
            "request": registration.request if "request" in seen else _HIDDEN,
            "item": item,
            "external_id": None,
            "category": None,
            "wish_date": None,
        }
    )
