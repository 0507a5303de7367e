"""退单, "not mine": who may object until when, when a conference is needed, and what a designation binds.

Modelled on published dispatch rules (object once, within the limit, with a basis; designated units may not return).
"""

from datetime import datetime
from typing import Literal, NamedTuple

from pydantic import Field

from domain.decision import RequestDecision
from domain.department import DepartmentRoute

OBJECTIONS_BEFORE_CONFERENCE = 2


class ConveneConference(RequestDecision):
    """会商: after two objections to the same ask the departments meet before anybody is designated."""

    kind: Literal["convene_conference"] = "convene_conference"
    participants: tuple[str, ...] = Field(min_length=1, max_length=20)
    """Department codes."""


class Designate(RequestDecision):
    """指定承办: binding. The designated department cannot return the request again."""

    kind: Literal["designate"] = "designate"
    to: DepartmentRoute
    support: tuple[DepartmentRoute, ...] = Field(default=(), max_length=10)
    """Departments that help; each gets a request of its own."""
    minutes: str = Field(min_length=1, max_length=200)
    """Number of the minutes or ruling."""


class Ruling(NamedTuple):
    """A designation binds one department, in whichever round it is asked; another one is free."""

    number: str
    """Of the minutes."""
    department: str | None

    def over(self, department: str | None) -> str | None:
        """The number of the minutes if they bind this department."""
        return self.number if department == self.department else None


class ReturnRights(NamedTuple):
    """What a round says about returning the request."""

    ruling: str | None
    due_at: datetime | None
    """Until when; None: no limit was set."""
    carried: bool
    """The round goes on after an earlier answer of the same department."""

    def refusal(self, received_at: datetime) -> str | None:
        """The rule that a return breaks, if any: `designation-binds` or `objection-too-late`."""
        if self.ruling is not None:
            return "designation-binds"
        # Without a limit a department may return it as long as it has not answered.
        late = self.carried if self.due_at is None else received_at > self.due_at
        return "objection-too-late" if late else None


def needs_conference(bounces: int) -> bool:
    """Whether a reassignment would only move the quarrel on."""
    return bounces >= OBJECTIONS_BEFORE_CONFERENCE
