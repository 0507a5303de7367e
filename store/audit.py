"""The audit trail beside the cases: append-only, one chain by hash for the whole product."""

from collections.abc import AsyncIterator, Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.audit import AuditKind, AuditRecord
from domain.audit_chain import START, AuditHead, AuditLink, AuditWalk, link
from store.columns import document
from store.inserts import insert_if_absent
from store.tables.audit import AuditChainRow, AuditRow

_CHAIN = "audit"
_AT_ONCE = 1000


class SqlAudit:
    """Records are gathered and chained as the last step of the transaction, so that the chain's lock, which all
    processes share, is held for the commit alone."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._gathered: list[AuditRecord] = []

    async def append(self, record: AuditRecord) -> None:
        """Written when the transaction ends; a record with a known id is passed over."""
        self._gathered.append(record)

    async def seal(self) -> None:
        """Chain what was gathered. Called once, before the commit."""
        gathered, self._gathered = self._gathered, []
        if not gathered:
            return
        chain = await self._locked_chain()
        for record in gathered:
            text = document(record)
            row = AuditRow(
                record_id=record.record_id,
                at=record.at,
                kind=record.kind.value,
                subject=record.subject,
                document=text,
                position=chain.length + 1,
                previous_hash=chain.head,
                hash=link(text, chain.head),
            )
            if await insert_if_absent(self._session, row, "record_id"):
                chain.length, chain.head = row.position, row.hash
        await self._session.flush()

    async def latest(
        self, limit: int, subject: str | None = None, kind: AuditKind | None = None
    ) -> Sequence[AuditRecord]:
        """Newest first."""
        wanted = select(AuditRow).order_by(col(AuditRow.at).desc(), col(AuditRow.record_id).desc()).limit(limit)
        if subject is not None:
            wanted = wanted.where(AuditRow.subject == subject)
        if kind is not None:
            wanted = wanted.where(AuditRow.kind == kind.value)
        return [AuditRecord.model_validate_json(row.document) for row in await self._session.exec(wanted)]

    async def head(self) -> AuditHead:
        chain = (await self._session.exec(select(AuditChainRow))).one_or_none()
        return AuditHead(position=chain.length, hash=chain.head) if chain else START

    async def problems(self, noted: AuditHead | None = None) -> Sequence[str]:
        """Everything that shows tampering. `noted`: a head that somebody wrote down earlier, outside of the store."""
        walk, seen = AuditWalk(), None
        found: list[str] = []
        async for rows in self._rows():
            found.extend(walk.problems(rows))
            seen = next((row.hash for row in rows if noted and row.position == noted.position), seen)
        recorded = await self.head()
        if recorded != walk.head:
            found.append(f"the audit ends elsewhere than recorded ({recorded.position} records were written)")
        if noted is not None and noted != START and seen != noted.hash:
            found.append(f"audit record {noted.position}: it is not the one that was noted down")
        return found

    async def _rows(self) -> AsyncIterator[Sequence[AuditLink]]:
        """In the order of the chain, some at a time: the audit of years does not fit into memory."""
        after = -1
        while True:
            wanted = select(AuditRow).where(AuditRow.position > after).order_by(col(AuditRow.position)).limit(_AT_ONCE)
            rows = (await self._session.exec(wanted)).all()
            if not rows:
                return
            yield [_link_of(row) for row in rows]
            after = rows[-1].position
            self._session.expunge_all()

    async def _locked_chain(self) -> AuditChainRow:
        wanted = select(AuditChainRow).with_for_update().execution_options(populate_existing=True)
        if (known := (await self._session.exec(wanted)).one_or_none()) is not None:
            return known
        first = AuditChainRow(name=_CHAIN, length=START.position, head=START.hash)
        await insert_if_absent(self._session, first, "name")
        return (await self._session.exec(wanted)).one()


def _link_of(row: AuditRow) -> AuditLink:
    return AuditLink(
        position=row.position,
        document=row.document,
        beside=(row.record_id, row.at, row.kind, row.subject),
        previous_hash=row.previous_hash,
        hash=row.hash,
    )
