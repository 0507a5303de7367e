"""Facts: append-only, chained by hash per case."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.errors import conflict, invalid
from domain.fact import ChainedFact, Fact
from domain.fact_chain import GENESIS, breaks, canonical, link
from store.inserts import Columns, append, insert_if_absent, put
from store.tables.facts import ChainRow, FactRow

_CHAIN_HELD: Final = (
    select(ChainRow.length, ChainRow.head).where(ChainRow.case_id == bindparam("case_id")).with_for_update()
)
_KNOWN: Final = select(FactRow.fact_id, FactRow.case_id).where(
    col(FactRow.fact_id).in_(bindparam("fact_ids", expanding=True))
)


class SqlFacts:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def append(self, case_id: str, facts: Sequence[Fact]) -> None:
        if not facts:
            return
        # The lock first: another process may be writing the same facts
        length, head = await self._locked_chain(case_id)
        rows: list[Columns] = []
        for fact in await self._fresh(case_id, facts):
            length, previous, head = length + 1, head, link(fact, head)
            rows.append(_columns(fact, length, previous, head))
        if rows:
            await append(self._session, FactRow, rows)
            await put(self._session, ChainRow, [{"case_id": case_id, "length": length, "head": head}])

    async def of_case(self, case_id: str) -> Sequence[ChainedFact]:
        return [_chained(row) for row in await self._rows(case_id)]

    async def problems(self, case_id: str) -> Sequence[str]:
        """Everything that shows tampering: broken links, changed columns, facts missing at the end."""
        rows = await self._rows(case_id)
        found = list(breaks(case_id, [_chained(row) for row in rows]))
        for row in rows:
            fact = _chained(row).fact
            beside = (row.case_id, row.fact_id, row.kind, row.request_id, row.document)
            if beside != (fact.case_id, fact.fact_id, fact.kind.value, fact.request_id, canonical(fact)):
                found.append(f"{case_id} fact {row.position}: its columns contradict it")
        chain = (await self._session.exec(select(ChainRow).where(ChainRow.case_id == case_id))).one_or_none()
        head = (chain.length, chain.head) if chain else (0, GENESIS)
        if head != (len(rows), rows[-1].hash if rows else GENESIS):
            found.append(f"{case_id}: the chain ends elsewhere than recorded ({head[0]} facts were written)")
        return found

    async def _rows(self, case_id: str) -> Sequence[FactRow]:
        wanted = select(FactRow).where(FactRow.case_id == case_id).order_by(col(FactRow.position))
        return (await self._session.exec(wanted)).all()

    async def _fresh(self, case_id: str, facts: Sequence[Fact]) -> Sequence[Fact]:
        by_id = {fact.fact_id: fact for fact in reversed(facts)}
        if any(fact.case_id != case_id for fact in facts):
            raise invalid("fact-of-another-case", "The fact belongs to another case.")
        ordered = sorted(by_id.values(), key=facts.index)
        known = dict((await self._session.exec(_KNOWN, params={"fact_ids": list(by_id)})).all())
        if any(owner != case_id for owner in known.values()):
            raise conflict("fact-id-taken", "A fact of another case has this id.")
        return [fact for fact in ordered if fact.fact_id not in known]

    async def _locked_chain(self, case_id: str) -> tuple[int, str]:
        its = {"case_id": case_id}
        if (known := (await self._session.exec(_CHAIN_HELD, params=its)).one_or_none()) is not None:
            return known
        await insert_if_absent(self._session, ChainRow(case_id=case_id, length=0, head=GENESIS), "case_id")
        return (await self._session.exec(_CHAIN_HELD, params=its)).one()


def _columns(fact: Fact, position: int, previous: str, head: str) -> Columns:
    return {
        "case_id": fact.case_id,
        "position": position,
        "fact_id": fact.fact_id,
        "kind": fact.kind.value,
        "request_id": fact.request_id,
        "document": canonical(fact),
        "previous_hash": previous,
        "hash": head,
    }


def _chained(row: FactRow) -> ChainedFact:
    fact = Fact.model_validate_json(row.document)
    return ChainedFact(position=row.position, fact=fact, previous_hash=row.previous_hash, hash=row.hash)
