"""A desk and a mail carrier in memory."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.desk import DeskEntry, Mail
from domain.proof import Proof


class DeskRecorder:
    def __init__(self) -> None:
        self.entries: dict[str, DeskEntry] = {}
        """By round id, in the order of their arrival."""

    async def put(self, entry: DeskEntry) -> DeskEntry:
        return self.entries.setdefault(entry.round_id, entry)

    async def mailed(self, round_id: str, at: datetime, proof: Proof | None) -> None:
        self._change(round_id, {"mailed_at": at, "mail_proof": proof})

    async def withdraw(self, round_id: str, at: datetime) -> bool:
        return self._change(round_id, {"withdrawn_at": at})

    def _change(self, round_id: str, update: Mapping[str, datetime | Proof | None]) -> bool:
        entry = self.entries.get(round_id)
        if entry is None:
            return False
        if getattr(entry, next(iter(update))) is None:
            self.entries[round_id] = entry.model_copy(update=update)
        return True


class MailRecorder:
    """`faults`: what the first sends raise, in order."""

    def __init__(self, faults: Sequence[Exception] = ()) -> None:
        self._faults = list(faults)
        self.sent: list[Mail] = []

    async def send(self, mail: Mail) -> None:
        if self._faults:
            raise self._faults.pop(0)
        self.sent.append(mail)
