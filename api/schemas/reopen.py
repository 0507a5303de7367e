"""Reopening, and how cases of one matter hang together."""

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.values import AS_TEXT, Body, Reason, Shown
from domain.lineage import ReopenCause
from services.reopen_case import ReopenInput


class ReopenBody(Body):
    """重新办理 · With new evidence, or because the requester said at the follow-up call that it is not resolved."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"cause": "NEW_EVIDENCE", "reason": "反映人补充了新证明。", "new_evidence": "新的租赁备案证明"}
            ]
        }
    )

    cause: Annotated[ReopenCause, AS_TEXT]
    reason: Reason
    new_evidence: Reason | None = Field(default=None, description="NEW_EVIDENCE: what is new.")


class LineageShown(Shown):
    """A reopened matter is a new case: the old one keeps its outcome."""

    generation: int
    reopened_from: str | None
    cause: ReopenCause | None
    reason: str
    new_evidence: str | None
    same_facts_as: str | None = Field(description="The lawful refusal of the same matter to the same party.")
    reopened_as: list[str]


def to_reopening(body: ReopenBody) -> ReopenInput:
    return ReopenInput(cause=body.cause, reason=body.reason, new_evidence=body.new_evidence)
