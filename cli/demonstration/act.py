"""What people do in a demonstration case, in their order, and when."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from bootstrap.api_client import Json
from cli.decisions import DECISIONS
from domain.codes import RequestState
from domain.deferral import DeferralState, MaterialState

ANSWER = "answer"
"""A department's officer answers in the inbox."""
HAND_IN = "hand-in"
"""The requester hands a material in; every other act is a decision."""


class ScriptPart(BaseModel):
    # A typing mistake in a script must not turn into an expectation that is never looked at
    model_config = ConfigDict(frozen=True, extra="forbid")


class Refusal(ScriptPart):
    """How the API must say no."""

    status: int = Field(ge=400, le=499)
    code: str


class When(ScriptPart):
    """All that is named must hold; then `after_days` working days more."""

    round: int | None = None
    state: RequestState | None = None
    delivered: bool = False
    material: MaterialState | None = None
    deferral: DeferralState | None = None
    proposed: bool = False
    after_days: float = Field(default=0, ge=0, le=60)

    def holds(self, coordination: Json, key: str | None) -> bool:
        return (
            self._request_stands(coordination, key)
            and self._deferral_stands(coordination, key)
            and (not self.proposed or any(one["settled_at"] is None for one in coordination["proposals"]))
        )

    def _request_stands(self, coordination: Json, key: str | None) -> bool:
        if (self.round, self.state, self.delivered) == (None, None, False):
            return True
        request = next((one for one in coordination["requests"] if one["key"] == key), None)
        if request is None or not request["rounds"]:
            return False
        last = request["rounds"][-1]
        return (
            self.round in (None, last["number"])
            and self.state in (None, request["state"])
            and (not self.delivered or last["delivered_at"] is not None)
        )

    def _deferral_stands(self, coordination: Json, key: str | None) -> bool:
        if self.material is None and self.deferral is None:
            return True
        found = (one for one in coordination["deferrals"] if str(one["request_id"]).endswith(f".{key}"))
        deferral = next(found, None)
        if deferral is None or self.deferral not in (None, deferral["state"]):
            return False
        return self.material is None or any(one["state"] == self.material for one in deferral["materials"])


class Act(ScriptPart):
    """`key` names the request that it is about, or whose materials it waits for."""

    by: str = Field(pattern=r"^(clerk|leader|supervisor|requester|officer:[a-z][a-z0-9-]*)$")
    do: str
    key: str
    material: str | None = None
    """`change-m1`; left out when there is only one."""
    when: When = When()
    body: dict[str, JsonValue] = Field(default_factory=dict)
    refused: Refusal | None = None
    """The API must refuse it like this."""

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.do not in (ANSWER, HAND_IN) and self.do not in DECISIONS:
            raise ValueError(f"nothing is done by the name of {self.do}")
        if (self.do == ANSWER) != self.by.startswith("officer:"):
            raise ValueError("officers answer, the others decide")
        if (self.do == HAND_IN) != (self.by == "requester"):
            raise ValueError("requesters hand in, the others decide")
        if self.do == HAND_IN and self.material is None:
            raise ValueError("a hand-in names its material")
        return self
