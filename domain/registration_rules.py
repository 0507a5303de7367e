"""What a registration must fulfil beyond its form."""

from collections.abc import Iterator
from datetime import date

from domain.case import Registration
from domain.identifiers import resident_id_problem, uscc_problem
from domain.plan import PlanProblem


def check_registration(
    registration: Registration, known_categories: frozenset[str], today: date
) -> tuple[PlanProblem, ...]:
    """Every rule that the registration breaks; no problem repeats what was entered."""
    return tuple(_problems(registration, known_categories, today))


def _problems(registration: Registration, known_categories: frozenset[str], today: date) -> Iterator[PlanProblem]:
    requester = registration.requester
    texts = {
        "title": registration.title,
        "request": registration.request,
        "requester.name": requester.name,
        "item.name": registration.item.name,
    }
    for field, text in texts.items():
        if not text.strip():
            yield PlanProblem(field=field, rule="not-blank", detail="blanks say nothing")
    if requester.resident_id is not None and (wrong := resident_id_problem(requester.resident_id, today)):
        yield PlanProblem(field="requester.resident_id", rule="resident-id", detail=wrong)
    if requester.uscc is not None and (wrong := uscc_problem(requester.uscc)):
        yield PlanProblem(field="requester.uscc", rule="uscc", detail=wrong)
    if registration.category is not None and registration.category not in known_categories:
        yield PlanProblem(field="category", rule="known-category", detail="the district's policy has no such category")
