"""People who use the product, and what their role lets them do."""

from enum import StrEnum

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
