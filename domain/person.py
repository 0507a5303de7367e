"""People who use the product, and what their role lets them do."""

from enum import StrEnum

from domain.department import Department
from domain.wire import Wire


class PersonRole(StrEnum):
    CLERK = "clerk"
    DUTY_LEADER = "duty_leader"
    DEPARTMENT_OFFICER = "department_officer"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Person(Wire):
    """Somebody with a token."""

    person_id: str
    name: str
    role: PersonRole
    department: str | None = None
    """Only for department officers."""
    enabled: bool = True

    @property
    def actor(self) -> str:
        """How facts name this person."""
        return f"user:{self.person_id}"


def officer_of(department: str) -> str:
    """Person id of the officer that a department of people begins with."""
    return f"officer-{department}"


def first_officer(department: Department) -> Person:
    return Person(
        person_id=officer_of(department.code),
        name=f"{department.name_zh}经办人",
        role=PersonRole.DEPARTMENT_OFFICER,
        department=department.code,
    )
