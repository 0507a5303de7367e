"""How cases of the same matter hang together."""

from enum import StrEnum

from pydantic import Field

from domain.wire import Wire


class ReopenCause(StrEnum):
    NEW_EVIDENCE = "NEW_EVIDENCE"
    NOT_RESOLVED = "NOT_RESOLVED"
    """The requester said so when called after completion."""


class Lineage(Wire):
    """A reopened matter is a new case: the old one keeps its outcome and its history."""

    generation: int = Field(default=1, ge=1)
    reopened_from: str | None = None
    cause: ReopenCause | None = None
    reason: str = Field(default="", max_length=2_000)
    new_evidence: str | None = Field(default=None, min_length=1, max_length=2_000)
    same_facts_as: str | None = None
    """An earlier lawful refusal of the same matter to the same party: explained, not asked about again."""
    reopened_as: tuple[str, ...] = ()

    def next(self, case_id: str) -> "Lineage":
        """With one more case that this one was reopened as."""
        return self.model_copy(update={"reopened_as": (*self.reopened_as, case_id)})
