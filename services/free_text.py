"""Free text of a case for those who do not handle it: an auditor reads all of it, with identifiers masked."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from domain.case import CaseRecord, Item, Requester, RequesterType
from domain.deferral import MaterialSnapshot
from domain.person import Person, PersonRole
from domain.supplement import NeededMaterial
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
    | {"received_as", "fetches", "comment", "contact_note", "finished_note"}
)
_NAMED_FREELY: Final = (Item, MaterialSnapshot, NeededMaterial)
"""Whose `name` somebody wrote; a person's own stands beside the case, for those who may read it."""


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
        if (changed := _masked(value := getattr(model, name), mask, text=_is_text(model, name))) is not value
    }
    return model.model_copy(update=changes) if changes else model


def _is_text(model: BaseModel, name: str) -> bool:
    return name in _TEXTS or (name == "name" and isinstance(model, _NAMED_FREELY))


def _masked(value: Any, mask: Mask, *, text: bool) -> Any:
    if isinstance(value, str):
        return mask(value) if text else value
    if isinstance(value, BaseModel):
        return masked_texts(value, mask)
    if isinstance(value, tuple):
        return tuple(_masked(item, mask, text=text) for item in value)
    return value


def _known(requester: Requester) -> tuple[str, ...]:
    values = [requester.name, requester.agent, requester.contact, requester.resident_id, requester.health]
    if requester.type is RequesterType.INDIVIDUAL:
        values.append(requester.uscc)
    return tuple(value for value in values if value)
