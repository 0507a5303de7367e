"""What happened to a case, fact by fact, with the hash chain that proves that nothing was changed."""

from api.schemas.values import Shown
from domain.fact import ChainedFact, FactKind
from domain.wire import Instant
from services.read_case import Timeline


class FactShown(Shown):
    position: int
    fact_id: str
    kind: FactKind
    at: Instant
    actor: str
    request_id: str | None
    round: int | None
    data: dict[str, str]
    previous_hash: str
    hash: str


class TimelineShown(Shown):
    """时间线 · Facts in the order of their arrival.

    For auditors and duty leaders of other cases identifiers in texts are masked, so such a fact's hash cannot be
    recomputed from what is shown; `liandong verify` checks the chain as it is stored.
    """

    case_id: str
    facts: list[FactShown]


def show_timeline(timeline: Timeline) -> TimelineShown:
    return TimelineShown(case_id=timeline.case_id, facts=[_show_fact(chained) for chained in timeline.facts])


def _show_fact(chained: ChainedFact) -> FactShown:
    fact = chained.fact
    return FactShown(
        position=chained.position,
        fact_id=fact.fact_id,
        kind=fact.kind,
        at=fact.at,
        actor=fact.actor,
        request_id=fact.request_id,
        round=fact.round,
        data=fact.data,
        previous_hash=chained.previous_hash,
        hash=chained.hash,
    )
