"""The requester as a reader may see it: in full for those who handle the case, masked for everybody else."""

from pydantic import Field

from api.schemas.values import Shown
from domain.case import CaseRecord, Requester, RequesterType
from domain.identifiers import mask_identifier
from domain.person import Person, PersonRole


class RequesterShown(Shown):
    """反映人. With `masked`, every value is shortened beyond recognition and health is left out."""

    type: RequesterType
    name: str
    contact: str | None
    agent: str | None
    resident_id: str | None
    uscc: str | None = Field(description="Public register; never masked for enterprises.")
    health: str | None
    masked: bool


def sees_personal_data(reader: Person, record: CaseRecord) -> bool:
    """The counter, and the duty leader of this case (any duty leader until it has one).

    A department officer sees what its own asks name: the use case has already left out the rest.
    """
    if reader.role in (PersonRole.CLERK, PersonRole.DEPARTMENT_OFFICER):
        return True
    return reader.role is PersonRole.DUTY_LEADER and record.owner in (None, reader.person_id)


def show_requester(requester: Requester, *, masked: bool) -> RequesterShown:
    if not masked:
        return RequesterShown(**requester.model_dump(), masked=False)
    return RequesterShown(
        type=requester.type,
        name=_surname(requester.name),
        contact=mask_identifier(requester.contact) if requester.contact else None,
        agent=_surname(requester.agent) if requester.agent else None,
        resident_id=mask_identifier(requester.resident_id) if requester.resident_id else None,
        uscc=_uscc(requester),
        health=None,
        masked=True,
    )


def _surname(name: str) -> str:
    return f"{name[0]}**"


def _uscc(requester: Requester) -> str | None:
    if requester.uscc is None or requester.type is RequesterType.ENTERPRISE:
        return requester.uscc
    return mask_identifier(requester.uscc)
