"""Free text of a case for those who do not handle it: an auditor reads all of it, with identifiers masked."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from domain.case import CaseRecord, Requester, RequesterType
from domain.person import Person, PersonRole
from domain.text_masking import mask_text

ModelT = TypeVar("ModelT", bound=BaseModel)
Mask = Callable[[str], str]

_TEXTS: Final = frozenset(
    {
        "title",
        "request",
        "text",
        "note",
        "reply_text",
        "reply_basis",
        "library_tag",
        "reason",
        "advice",
        "refer_to",
        "legal_basis",
        "remedy",
    }
    | {"authority", "waiting_for", "decision_needed", "receipt", "why"}
    | {"commitment", "remote_check", "form", "holder", "method", "override_reason", "result"}
    | {"support", "facts_found", "alternatives_considered", "new_evidence", "objections", "weighings", "party"}
)


def reads_as_written(person: Person, owner: str | None) -> bool:
    """Counter, supervision, and the case's own duty leader (any until it has one).

    For a department officer everything that its asks do not name has been left out already.
    """
    if person.role is PersonRole.DUTY_LEADER:
        return owner in (None, person.person_id)
    return person.role is not PersonRole.AUDITOR


def mask_of(record: CaseRecord) -> Mask:
    known = _known(record.registration.requester)
    return lambda text: mask_text(text, known)


def masked_texts(model: ModelT, mask: Mask) -> ModelT:
    """The same value with every free text in it masked, however deep."""
    changes = {
        name: changed
        for name in type(model).model_fields
        if (changed := _masked(name, value := getattr(model, name), mask)) is not value
    }
    return model.model_copy(update=changes) if changes else model


def _masked(name: str, value: Any, mask: Mask) -> Any:
    if isinstance(value, str):
        return mask(value) if name in _TEXTS else value
    if isinstance(value, BaseModel):
        return masked_texts(value, mask)
    if isinstance(value, tuple):
        return tuple(_masked(name, item, mask) for item in value)
    return value


def _known(requester: Requester) -> tuple[str, ...]:
    values = [requester.name, requester.agent, requester.contact, requester.resident_id, requester.health]
    if requester.type is RequesterType.INDIVIDUAL:
        values.append(requester.uscc)
    return tuple(value for value in values if value)
