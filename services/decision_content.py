"""What is wrong with a decision before any case is asked: reasons, dates, replies, negative answers."""

import datetime as dt

from pydantic import ValidationError

from domain.any_decision import AnyDecision
from domain.assignment import AnswerExternal
from domain.decision import CLOSING_OUTCOMES, CloseCase
from domain.deferral import ExtendMaterial
from domain.errors import invalid
from domain.limit import Limit
from domain.outcome import incomplete_ending
from domain.reply import REPLY, AcceptedConditionally, ExtensionRequested, Reply

_LIMITS = ("limit", "reply_limit")


def check_content(decision: AnyDecision, earliest: dt.date) -> None:
    """Raises INVALID with the field. `earliest` is the first day that is not over (WorkingCalendar.earliest_date)."""
    if not decision.reason.strip():
        raise invalid("reason-required", "every decision states its reason", field="reason")
    for name in _LIMITS:
        limit = getattr(decision, name, None)
        if isinstance(limit, Limit):
            _refuse_past(limit.date, earliest, name)
    _refuse_past(getattr(decision, "until", None), earliest, "until")
    if isinstance(decision, ExtendMaterial) and decision.force_majeure and not (decision.authority or "").strip():
        detail = "force majeure sets the rules aside: name the document that establishes it"
        raise invalid("authority-required", detail, field="authority")
    if isinstance(decision, AnswerExternal):
        _check_reply(decision, earliest)
    if isinstance(decision, CloseCase):
        _check_closing(decision)


def names_a_day(reply: Reply) -> bool:
    """Whether there is anything for `check_dates` to look at."""
    return isinstance(reply, ExtensionRequested | AcceptedConditionally)


def check_dates(reply: Reply, earliest: dt.date, *, field: str) -> None:
    """Nothing can be promised for a day that is over. Raises INVALID `date-in-the-past`."""
    if isinstance(reply, ExtensionRequested):
        _refuse_past(reply.until, earliest, f"{field}.until")
    if isinstance(reply, AcceptedConditionally):
        for index, material in enumerate(reply.deferred):
            _refuse_past(material.due.date, earliest, f"{field}.deferred.{index}.due")


def _refuse_past(day: object, earliest: dt.date, field: str) -> None:
    if isinstance(day, dt.date) and day < earliest:
        raise invalid("date-in-the-past", "this day is over at close of business: choose a later one", field=field)


def _check_reply(decision: AnswerExternal, earliest: dt.date) -> None:
    try:
        reply = REPLY.validate_python(decision.reply)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False, include_context=False)[0]
        # The first part of the path is the reply's code, which is no field
        field = ".".join(["reply", *(str(part) for part in problem["loc"][1:])])
        rule = "is no known reply code" if problem["type"].startswith("union_tag") else problem["msg"]
        raise invalid("reply-malformed", f"{field}: {rule}", field=field) from None
    check_dates(reply, earliest, field="reply")


def _check_closing(decision: CloseCase) -> None:
    if decision.outcome not in CLOSING_OUTCOMES:
        allowed = ", ".join(sorted(CLOSING_OUTCOMES))
        raise invalid("outcome-not-closing", f"close with one of {allowed}", field="outcome")
    if incomplete := incomplete_ending(decision):
        raise incomplete
