"""What happened beside the cases: doors that stayed closed, and changes to the directory. Appended, never changed."""

from enum import StrEnum

from pydantic import Field

from domain.wire import Instant, Wire


class AuditKind(StrEnum):
    REFUSED = "REFUSED"
    """Somebody was turned away: who, where, and under which code."""
    DEPARTMENT_ADDED = "DEPARTMENT_ADDED"
    DEPARTMENT_CHANGED = "DEPARTMENT_CHANGED"
    DEPARTMENT_CHECKED = "DEPARTMENT_CHECKED"
    DEPARTMENT_DISABLED = "DEPARTMENT_DISABLED"
    DEPARTMENT_ENABLED = "DEPARTMENT_ENABLED"
    MESSAGES_EXPORTED = "MESSAGES_EXPORTED"
    """The bytes of a case's messages were written out, for whoever may see them."""
    KEY_ROTATED = "KEY_ROTATED"
    NOTICE_LOADED = "NOTICE_LOADED"
    NOTICE_TAKEN_BACK = "NOTICE_TAKEN_BACK"


class AuditRecord(Wire):
    """Holds no personal data, no secret and nothing that was submitted."""

    record_id: str = Field(min_length=1, max_length=120)
    kind: AuditKind
    at: Instant
    actor: str = Field(max_length=200)
    """`user:<id>`, `department:<code>` or `unknown`."""
    subject: str = Field(max_length=200)
    """What it was about: a department's code, or the template of an address."""
    data: dict[str, str] = Field(default_factory=dict)
