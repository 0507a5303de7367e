"""Commands that move a running request's clock, always with a reason: extend, answer a request for time, pause."""

import datetime as dt
from typing import Literal

from pydantic import Field

from domain.decision import RequestDecision
from domain.limit import Limit


class ExtendRequest(RequestDecision):
    """More time for the running round, granted before it is due."""

    kind: Literal["extend_request"] = "extend_request"
    limit: Limit
    """Added to the current limit, or a fixed date."""


class AnswerExtension(RequestDecision):
    """Grant, cut or refuse the time that a department asked for. Either way its round goes on where it stood."""

    kind: Literal["answer_extension"] = "answer_extension"
    granted: bool
    until: dt.date | None = None
    """Granted until this date; None: as asked."""


class PauseRequest(RequestDecision):
    """The request's clock stands still, for a stated legal basis."""

    kind: Literal["pause_request"] = "pause_request"
    legal_basis: str = Field(min_length=1, max_length=500)
    counts_in_limit: bool = False


class ResumeRequest(RequestDecision):
    """The clock goes on."""

    kind: Literal["resume_request"] = "resume_request"
