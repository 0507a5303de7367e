"""Who is asking: bearer tokens, and the needed right as a type in an endpoint's signature."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.throttle import Throttle, source_of
from domain.errors import ErrorCategory, LiandongError
from domain.person import Person, PersonRole
from services.access import Action, may
from services.authenticate import authenticate
from services.office import Office

MAX_TOKEN_CHARACTERS = 512

_bearer = HTTPBearer(
    scheme_name="person",
    description="个人令牌 · A person's token. Its role decides what it opens.",
    auto_error=False,
)


async def office_of(request: Request) -> Office:
    # A coroutine: a plain function would be called in a thread, for every request
    office: Office = request.app.state.office
    return office


OfficeDep = Annotated[Office, Depends(office_of)]


async def _authenticated(
    request: Request,
    office: OfficeDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> Person:
    if credentials is None or credentials.scheme.lower() != "bearer":
        raise LiandongError(
            ErrorCategory.UNAUTHENTICATED, "token-missing", "send the header `Authorization: Bearer <token>`"
        )
    try:
        if len(credentials.credentials) > MAX_TOKEN_CHARACTERS:
            raise LiandongError(ErrorCategory.UNAUTHENTICATED, "unknown-token", "this token opens nothing")
        # Found by its SHA-256: the time that the search takes tells nothing about the token itself
        person = await authenticate(office, credentials.credentials)
    except LiandongError as refusal:
        if refusal.category is ErrorCategory.UNAUTHENTICATED:
            throttle: Throttle = request.app.state.throttle
            throttle.token_was_wrong(source_of(request.client.host if request.client else None))
        raise
    request.state.actor = person.actor
    return person


async def identify(request: Request) -> Person:
    """For what is refused before an endpoint's own dependencies are asked. Raises like them."""
    return await _authenticated(request, await office_of(request), await _bearer(request))


AnyPerson = Annotated[Person, Depends(_authenticated)]
"""Everybody with a valid token of an enabled person."""


def _who_may(action: Action) -> Callable[[Person], Awaitable[Person]]:
    # The use case checks again, with the case at hand; here the wrong role is refused before the body is looked at
    async def checked(person: AnyPerson) -> Person:
        may(person, action)
        return person

    return checked


def _roles(*roles: PersonRole) -> Callable[[Person], Awaitable[Person]]:
    async def checked(person: AnyPerson) -> Person:
        if person.role not in roles:
            raise LiandongError(ErrorCategory.FORBIDDEN, "not-your-role", f"the role {person.role} may not do this")
        return person

    return checked


Registrar = Annotated[Person, Depends(_who_may(Action.REGISTER))]
Contacter = Annotated[Person, Depends(_who_may(Action.RECORD_CONTACT))]
Triager = Annotated[Person, Depends(_who_may(Action.TRIAGE))]
Planner = Annotated[Person, Depends(_who_may(Action.PREVIEW))]
Launcher = Annotated[Person, Depends(_who_may(Action.LAUNCH))]
Reader = Annotated[Person, Depends(_who_may(Action.READ))]
Lister = Annotated[Person, Depends(_who_may(Action.LIST))]
Decider = Annotated[Person, Depends(_who_may(Action.DECIDE))]
MaterialRecorder = Annotated[Person, Depends(_who_may(Action.RECORD_MATERIAL))]
Overrider = Annotated[Person, Depends(_who_may(Action.OVERRIDE))]
SecondPerson = Annotated[Person, Depends(_who_may(Action.CONFIRM))]
Escalator = Annotated[Person, Depends(_who_may(Action.ESCALATE))]
SuspicionClearer = Annotated[Person, Depends(_who_may(Action.CLEAR_SUSPICION))]
RecordRepairer = Annotated[Person, Depends(_who_may(Action.REPAIR_RECORD))]
MaterialReader = Annotated[Person, Depends(_who_may(Action.READ_MATERIAL))]
LetterReader = Annotated[Person, Depends(_who_may(Action.READ_LETTER))]
Answerer = Annotated[Person, Depends(_who_may(Action.ANSWER))]
ExternalVoice = Annotated[Person, Depends(_who_may(Action.ANSWER_EXTERNAL))]
Reopener = Annotated[Person, Depends(_who_may(Action.REOPEN))]
CodeIssuer = Annotated[Person, Depends(_who_may(Action.ISSUE_PROGRESS_CODE))]
FollowUpCaller = Annotated[Person, Depends(_who_may(Action.FOLLOW_UP))]
ReviewTreater = Annotated[Person, Depends(_who_may(Action.TREAT_REVIEW))]
FollowUpReader = Annotated[Person, Depends(_who_may(Action.READ_FOLLOW_UP))]
Administrator = Annotated[Person, Depends(_who_may(Action.ADMINISTER))]
AuditReader = Annotated[Person, Depends(_who_may(Action.READ_AUDIT))]
MetricsReader = Annotated[Person, Depends(_roles(PersonRole.ADMIN, PersonRole.SUPERVISOR, PersonRole.AUDITOR))]


def actions_of(person: Person) -> list[Action]:
    """What the person's role allows, as far as no single case is concerned."""
    return [action for action in Action if _allows(person, action)]


def _allows(person: Person, action: Action) -> bool:
    try:
        may(person, action)
    except LiandongError:
        return False
    return True
