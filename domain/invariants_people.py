"""What more than one person must have decided."""

from collections.abc import Iterator

from domain.codes import RequestState
from domain.fact import Fact, FactKind
from domain.invariants import Evidence
from domain.joint_decision import DangerousAct


def waived_by_two(seen: Evidence) -> Iterator[str]:
    """I2: going on without an answer is an end that one person cannot bring about."""
    waived = {fact.request_id: fact for fact in seen.kinds(FactKind.WAIVED)}
    for request in seen.requests:
        if request.state is RequestState.WAIVED and request.request_id not in waived:
            yield f"{request.request_id}: it is waived, and no fact says by whom"
    proposers = {fact.actor for fact in seen.kinds(FactKind.PROPOSED) if _waives(fact)}
    confirmed = {fact.data.get("command_id"): fact for fact in seen.kinds(FactKind.CONFIRMED) if _waives(fact)}
    for request_id, fact in waived.items():
        second = confirmed.get(fact.data.get("command_id"))
        first = second.data.get("proposed_by") if second is not None else None
        if first not in proposers - {fact.actor}:
            yield f"{request_id}: {fact.actor} waived it, and nobody else had proposed to"


def _waives(fact: Fact) -> bool:
    return fact.data.get("act") == DangerousAct.WAIVE_REQUEST
