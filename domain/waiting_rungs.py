"""The rungs that chase people on our side where a district's ladder has none: nobody's silence goes unheard."""

from typing import Final

from domain.clock import ClockKind
from domain.ladder import DECIDER, Rung, RungWhen

CHANNEL: Final = "notice"


def _rung(name: str, clock: ClockKind, when: str, *tell: str, demands_action: bool = True) -> Rung:
    relation = RungWhen.model_validate(when)
    return Rung(name=name, clock=clock, when=relation, tell=tell, channel=CHANNEL, demands_action=demands_action)


STANDARD_RUNGS: Final = (
    _rung("decision_today", ClockKind.DECISION, "due_day", DECIDER, demands_action=False),
    _rung("decision_overdue", ClockKind.DECISION, "at", DECIDER),
    _rung("decision_supervision", ClockKind.DECISION, "after 2 working_days", "supervisor", DECIDER),
    _rung("decision_leading_group", ClockKind.DECISION, "after 4 working_days", "leading_group", "supervisor"),
    _rung("review_due", ClockKind.REVIEW, "at", DECIDER, "supervisor"),
)
