"""退单, "not mine": who may object until when, when a conference is needed, and what a designation binds.

Modelled on published dispatch rules (object once, within the limit, with a basis; designated units may not return).
"""

from typing import Literal

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


def needs_conference(bounces: int) -> bool:
    """Whether a reassignment would only move the quarrel on."""
    return bounces >= OBJECTIONS_BEFORE_CONFERENCE
