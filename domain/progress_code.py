"""The code with which a requester reads the own case: short, easy to copy, with a check character."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from pydantic import Field

from domain.wire import Instant, Wire

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""31 characters, none of which looks like another. A prime number: every swap of neighbours is noticed."""
RANDOM_CHARACTERS: Final = 8
ATTEMPTS: Final = 10
ATTEMPTS_WITHIN: Final = timedelta(minutes=15)
FILES: Final = 40
FILES_WITHIN: Final = timedelta(days=1)


def progress_code(drawn: Sequence[int]) -> str:
    """The code for these draws from 0…30: `XXXX-XXXX-C`, C being the check character."""
    body = "".join(ALPHABET[number] for number in drawn)
    return f"{body[:4]}-{body[4:]}-{_check(body)}"


def read_progress_code(text: str) -> str | None:
    """As it was given out, however it was typed; None for a slip of the hand."""
    typed = "".join(sign for sign in unicodedata.normalize("NFKC", text).upper() if sign.isalnum())
    if len(typed) != RANDOM_CHARACTERS + 1 or any(sign not in ALPHABET for sign in typed):
        return None
    body, check = typed[:-1], typed[-1]
    return f"{body[:4]}-{body[4:]}-{check}" if check == _check(body) else None


def _check(body: str) -> str:
    total = sum(weight * ALPHABET.index(sign) for weight, sign in enumerate(body, start=1))
    return ALPHABET[total % len(ALPHABET)]


class ProgressAccess(Wire):
    """What is kept of a code: a keyed hash, and the attempts that failed of late."""

    case_id: str
    salt: str
    """The case for which the code was given out; a reopened case is read with the same code."""
    code_hash: str
    issued_at: Instant
    issued_by: str
    failures: int = Field(default=0, ge=0)
    failing_since: Instant | None = None
    files: int = Field(default=0, ge=0)
    """Begun to be handed in since `files_since`, whatever came of them."""
    files_since: Instant | None = None

    def with_file(self, now: datetime) -> "ProgressAccess":
        """One more file; from the first one on a day is counted."""
        fresh = self.files_since is None or now >= self.files_since + FILES_WITHIN
        counted = {"files": 1, "files_since": now} if fresh else {"files": self.files + 1}
        return self.model_copy(update=counted)

    def no_file_before(self, now: datetime) -> datetime | None:
        """When the next file may be handed in, if not now."""
        if self.files_since is None or self.files < FILES or now >= self.files_since + FILES_WITHIN:
            return None
        return self.files_since + FILES_WITHIN
