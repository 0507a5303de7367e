"""Keyed hashes: what is stored instead of a code, and how the same party is recognised without naming anybody."""

import hashlib
import hmac
import unicodedata
from typing import Final

from domain.case import Registration, Requester, RequesterType

MINIMUM_KEY_BYTES: Final = 32


class Seals:
    """One key for the life of an installation: without it nothing matches any more, and nothing can be guessed."""

    def __init__(self, key: bytes) -> None:
        if len(key) < MINIMUM_KEY_BYTES:
            raise ValueError(f"the matching key needs at least {MINIMUM_KEY_BYTES} bytes")
        self._key = key

    def seal(self, purpose: str, *parts: str) -> str:
        """HMAC-SHA256, hex. Lengths keep the parts apart; a purpose keeps seals of different kinds apart."""
        digest = hmac.new(self._key, digestmod=hashlib.sha256)
        for part in (purpose, *parts):
            data = part.encode()
            digest.update(len(data).to_bytes(4, "big") + data)
        return digest.hexdigest()

    def same(self, left: str, right: str) -> bool:
        return hmac.compare_digest(left, right)

    def party(self, requester: Requester) -> str | None:
        """None when nothing identifies the party: an equal name alone proves nothing."""
        known = _identity(requester)
        return self.seal("party", *known) if known else None

    def matter(self, registration: Registration) -> str | None:
        """The same party about the same item."""
        known = _identity(registration.requester)
        item = registration.item.code or registration.item.name
        return self.seal("matter", *known, _plain(item)) if known else None


def _identity(requester: Requester) -> tuple[str, str] | None:
    if requester.type is RequesterType.ENTERPRISE and requester.uscc:
        return "uscc", _plain(requester.uscc)
    if requester.resident_id:
        return "resident_id", _plain(requester.resident_id)
    if requester.contact:
        return "name_and_contact", f"{_plain(requester.name)}\n{_plain(requester.contact)}"
    return None


def _plain(text: str) -> str:
    """Width, case, spacing and punctuation make nobody another one."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum())
