"""The hash chain over a case's facts: how a link is computed, and what shows that the chain was touched."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC

from domain.fact import ChainedFact, Fact

GENESIS = "0" * 64
"""The previous hash of a case's first fact."""


def canonical(fact: Fact) -> str:
    """One text for one fact: sorted keys, UTC, ASCII.

    Fields at their default are left out, so that a field that facts gain later does not change earlier hashes.
    """
    document = fact.model_dump(mode="json", exclude_defaults=True)
    document["at"] = fact.at.astimezone(UTC).isoformat(timespec="microseconds")
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def link(fact: Fact, previous_hash: str) -> str:
    """SHA-256, hex, over the canonical fact and the hash before it."""
    return hashlib.sha256(f"{previous_hash}\n{canonical(fact)}".encode()).hexdigest()


def breaks(case_id: str, facts: Iterable[ChainedFact]) -> tuple[str, ...]:
    """Every place where the chain does not hold, in words; empty when it is intact."""
    found = []
    previous, expected = GENESIS, 1
    for chained in facts:
        where = f"{case_id} fact {chained.position}"
        if chained.position != expected:
            found.append(f"{where}: position {expected} was expected")
        if chained.fact.case_id != case_id:
            found.append(f"{where}: belongs to {chained.fact.case_id}")
        if chained.previous_hash != previous:
            found.append(f"{where}: does not follow the fact before it")
        if chained.hash != link(chained.fact, chained.previous_hash):
            found.append(f"{where}: was changed after it was written")
        previous, expected = chained.hash, chained.position + 1
    return tuple(found)
