"""What an operator can filter by in Temporal's own UI. Codes only: no personal data ever."""

from collections.abc import Sequence

from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    SearchAttributeUpdate,
    TypedSearchAttributes,
)

from domain.launch import CaseLaunch
from domain.snapshot import CaseSnapshot

CAUSE = SearchAttributeKey.for_keyword("LiandongCause")
URGENCY = SearchAttributeKey.for_keyword("LiandongUrgency")
DEPARTMENTS = SearchAttributeKey.for_keyword_list("LiandongDepartments")
DECISION_NEEDED = SearchAttributeKey.for_bool("LiandongDecisionNeeded")
OUTCOME = SearchAttributeKey.for_keyword("LiandongOutcome")

ALL_KEYS = (CAUSE, URGENCY, DEPARTMENTS, DECISION_NEEDED, OUTCOME)
"""Every server that runs cases must know these; an unknown one fails the workflow task for ever."""


def at_start(launch: CaseLaunch) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [
            SearchAttributePair(CAUSE, launch.cause.value),
            SearchAttributePair(URGENCY, launch.urgency.value),
            SearchAttributePair(DEPARTMENTS, launch.plan.departments),
        ]
    )


def changed(snapshot: CaseSnapshot) -> Sequence[SearchAttributeUpdate]:  # type: ignore[type-arg]
    """The attributes that follow the case."""
    updates = [DECISION_NEEDED.value_set(bool(snapshot.decision_needed))]
    if snapshot.outcome is not None:
        return [*updates, OUTCOME.value_set(snapshot.outcome.outcome.value)]
    return updates
