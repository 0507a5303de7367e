"""Who is asked: commands that give a request to somebody, again, to one more, or to nobody."""

from typing import Literal

from pydantic import JsonValue

from domain.decision import Decision, RequestDecision
from domain.department import DepartmentRoute
from domain.limit import Limit
from domain.plan import Ask


class ReassignRequest(RequestDecision):
    """Give a request to another department, in a new round with new clocks."""

    kind: Literal["reassign_request"] = "reassign_request"
    to: DepartmentRoute
    reply_limit: Limit | None = None
    """Default: the limit that the request had."""


class AskAgain(RequestDecision):
    """A new round with the same department; `reason` is what it is told (after an objection: the ruling)."""

    kind: Literal["ask_again"] = "ask_again"
    reply_limit: Limit | None = None


class WithdrawRequest(RequestDecision):
    """Nobody is asked any more; the department is told."""

    kind: Literal["withdraw_request"] = "withdraw_request"


class ProceedWith(RequestDecision):
    """Start a request although what it waited for did not open the way (no result, refused)."""

    kind: Literal["proceed_with"] = "proceed_with"


class AddAsk(Decision):
    """Ask one more department, or one more party, in the running case. Its limits are filled in already."""

    kind: Literal["add_ask"] = "add_ask"
    ask: Ask
    route: DepartmentRoute | None = None
    """Needed for a department ask."""


class AnswerExternal(RequestDecision):
    """What an external party said, recorded by the clerk; `reason` says how it was learnt."""

    kind: Literal["answer_external"] = "answer_external"
    reply: JsonValue
