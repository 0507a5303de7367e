"""What an operator watches: how much is under way, and how much of it somebody owes."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from domain.codes import CaseStage


class OfficeFigures(NamedTuple):
    """Counts of one instant. Nothing here grows with the cases that are closed."""

    open_cases: Mapping[CaseStage, int]
    """Every stage but CLOSED."""
    overdue_cases: int
    """Somebody owes them an answer, a contact, a decision or a call that is due."""
    awaiting_decision: int
    launches_waiting: int
    """Ordered, and not yet with the engine."""
    messages_waiting: int
    """Acknowledged to a department, and not yet in their cases."""
    oldest_message_at: datetime | None
    """When the oldest of these came."""
    messages_quarantined: int
    """A person must look."""
