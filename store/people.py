"""People and the hashes of their tokens."""

import re
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.errors import conflict, invalid, not_found
from domain.person import Person
from store.columns import document
from store.inserts import insert_if_absent
from store.tables.people import PersonRow, TokenRow

_SHA256 = re.compile(r"[0-9a-f]{64}")


class SqlPeople:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def by_token(self, token_hash: str, now: datetime) -> Person | None:
        """None for unknown and expired tokens, and for people who are disabled."""
        if not _SHA256.fullmatch(token_hash):
            return None
        valid = col(TokenRow.expires_at).is_(None) | (col(TokenRow.expires_at) > now)
        wanted = (
            select(PersonRow)
            .join(TokenRow, col(TokenRow.person_id) == col(PersonRow.person_id))
            .where(TokenRow.token_hash == token_hash, valid)
        )
        row = (await self._session.exec(wanted)).one_or_none()
        person = Person.model_validate_json(row.document) if row else None
        return person if person and person.enabled else None

    async def save(self, person: Person) -> None:
        await self._session.merge(PersonRow(person_id=person.person_id, document=document(person)))
        await self._session.flush()

    async def add_token(self, person_id: str, token_hash: str, expires_at: datetime | None) -> None:
        """Takes a SHA-256 in hex and nothing else, so that no token is ever stored in clear."""
        if not _SHA256.fullmatch(token_hash):
            raise invalid("token-not-hashed", "A token is stored as its SHA-256 in lower-case hex.")
        if await self._session.get(PersonRow, person_id) is None:
            raise not_found("person-not-found", "There is no such person.")
        row = TokenRow(token_hash=token_hash, person_id=person_id, expires_at=expires_at)
        if not await insert_if_absent(self._session, row, "token_hash"):
            raise conflict("token-taken", "This token exists already.")

    async def any(self) -> bool:
        return (await self._session.exec(select(PersonRow.person_id).limit(1))).first() is not None
