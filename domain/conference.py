"""会商 and 联席会议: minutes whose points become binding requests; escalation by hand."""

import datetime as dt
from typing import Literal

from pydantic import Field

from domain.codes import Role
from domain.decision import Decision
from domain.department import DepartmentRoute
from domain.wire import Instant, Wire


class MinutesAction(Wire):
    """One point of the minutes: who, what, until when, on what basis."""

    department: DepartmentRoute
    what: str = Field(min_length=1, max_length=2_000)
    until: dt.date
    basis: str = Field(min_length=1, max_length=500)
    role: Role = Role.SUPPORT


class RecordMinutes(Decision):
    """会议纪要: each action becomes a binding request; the department cannot return it."""

    kind: Literal["record_minutes"] = "record_minutes"
    number: str = Field(min_length=1, max_length=200)
    held_at: Instant
    participants: tuple[str, ...] = Field(min_length=1, max_length=50)
    actions: tuple[MinutesAction, ...] = Field(min_length=1, max_length=20)


class EscalateCase(Decision):
    """提级 by hand: tell the next level now, whatever the ladder says."""

    kind: Literal["escalate_case"] = "escalate_case"
    level: Literal["supervisor", "leading_group"]
