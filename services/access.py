"""Who may do what with which case: one table, and the one door to a case."""

from enum import StrEnum
from typing import Final

from domain.case import CaseRecord
from domain.errors import ErrorCategory, LiandongError, forbidden, not_found
from domain.person import Person, PersonRole
from domain.store_ports import StoreSession


class Action(StrEnum):
    REGISTER = "REGISTER"
    RECORD_CONTACT = "RECORD_CONTACT"
    TRIAGE = "TRIAGE"
    PREVIEW = "PREVIEW"
    LAUNCH = "LAUNCH"
    READ = "READ"
    LIST = "LIST"
    DECIDE = "DECIDE"
    SIGN_NEGATIVE = "SIGN_NEGATIVE"
    """Close with a "no": the duty leader's signature."""
    ANSWER_EXTERNAL = "ANSWER_EXTERNAL"
    REOPEN = "REOPEN"
    ISSUE_PROGRESS_CODE = "ISSUE_PROGRESS_CODE"
    FOLLOW_UP = "FOLLOW_UP"
    """Record calls and the contact about a bad review; ratings are nobody's on staff."""
    TREAT_REVIEW = "TREAT_REVIEW"
    READ_FOLLOW_UP = "READ_FOLLOW_UP"
    RECORD_MATERIAL = "RECORD_MATERIAL"
    """Write down what the requester supplied: supplements and promised materials."""
    OVERRIDE = "OVERRIDE"
    """Let a rule give way, return a file, or propose a dangerous act: the duty leader's alone."""
    CONFIRM = "CONFIRM"
    """The second person of a dangerous act."""
    ESCALATE = "ESCALATE"
    CLEAR_SUSPICION = "CLEAR_SUSPICION"
    REPAIR_RECORD = "REPAIR_RECORD"
    READ_MATERIAL = "READ_MATERIAL"
    READ_LETTER = "READ_LETTER"
    """Letters name the requester: for those who hand them out."""
    ADMINISTER = "ADMINISTER"
    """Departments, their keys, and whether they take part."""
    READ_AUDIT = "READ_AUDIT"
    ANSWER = "ANSWER"
    """Answer for one's own department, from its inbox."""


_READING: Final = frozenset({Action.READ, Action.LIST})
_ALLOWED: Final = {
    PersonRole.CLERK: _READING
    | {
        Action.REGISTER,
        Action.RECORD_CONTACT,
        Action.ANSWER_EXTERNAL,
        Action.RECORD_MATERIAL,
        Action.READ_MATERIAL,
        Action.READ_LETTER,
        Action.ISSUE_PROGRESS_CODE,
        Action.FOLLOW_UP,
        Action.READ_FOLLOW_UP,
    },
    # A suspected paper is looked at by somebody who has not decided about it before
    PersonRole.DUTY_LEADER: frozenset(Action)
    - {Action.CLEAR_SUSPICION, Action.ANSWER, Action.ADMINISTER, Action.READ_AUDIT},
    PersonRole.SUPERVISOR: _READING
    | {
        Action.DECIDE,
        Action.ANSWER_EXTERNAL,
        Action.RECORD_MATERIAL,
        Action.CONFIRM,
        Action.ESCALATE,
        Action.CLEAR_SUSPICION,
        Action.REPAIR_RECORD,
        Action.READ_MATERIAL,
        Action.TREAT_REVIEW,
        Action.READ_FOLLOW_UP,
    },
    PersonRole.DEPARTMENT_OFFICER: _READING | {Action.READ_MATERIAL, Action.ANSWER},
    PersonRole.AUDITOR: _READING | {Action.READ_FOLLOW_UP, Action.READ_AUDIT},
    # Users, policies and calendar, but no case content
    PersonRole.ADMIN: frozenset({Action.ADMINISTER, Action.READ_AUDIT}),
}


def may(person: Person, action: Action, record: CaseRecord | None = None) -> None:
    """Raises FORBIDDEN `not-your-role`, or NOT_FOUND where even the existence of the case is none of their business."""
    if not person.enabled or action not in _ALLOWED[person.role]:
        raise forbidden("not-your-role", f"the role {person.role} may not do this")
    if record is not None and person.role is PersonRole.DEPARTMENT_OFFICER and not _concerns(person, record):
        raise unknown_case()


async def open_case(
    session: StoreSession, person: Person, action: Action, case_id: str, *, lock: bool = False
) -> CaseRecord:
    """The case as stored, if this person may do this with it. Missing and foreign cases look the same."""
    may(person, action)
    record = await known_case(session, case_id, lock=lock)
    may(person, action, record)
    return record


async def known_case(session: StoreSession, case_id: str, *, lock: bool = False) -> CaseRecord:
    """Raises NOT_FOUND `unknown-case`."""
    try:
        return await session.cases.get(case_id, lock=lock)
    except LiandongError as error:
        if error.category is ErrorCategory.NOT_FOUND:
            raise unknown_case() from None
        raise


def unknown_case() -> LiandongError:
    """The constant answer for a case that does not exist or does not concern the person who asks."""
    return not_found("unknown-case", "there is no such case")


def _concerns(person: Person, record: CaseRecord) -> bool:
    """An officer's department was asked: by the plan, or later in a round of its own."""
    if person.department is None or record.launched_at is None:
        return False
    planned = set(record.plan.departments) if record.plan else set()
    requests = record.snapshot.requests if record.snapshot else ()
    return person.department in planned | {turn.department for request in requests for turn in request.rounds}
