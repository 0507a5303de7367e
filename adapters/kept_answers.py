"""Which questions to departments are kept: those that brought an answer that is not kept already."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from adapters.department_line import DepartmentLine
from adapters.department_reply import Stated, succeeded
from adapters.kept_exchange import Spoken
from adapters.shared_poll import Polled
from domain.department_failure import DepartmentUnavailable
from domain.proof import Proof
from domain.reply import PolledReply

_REMEMBERED: Final = 10_000
"""Rounds. An answer to a forgotten one is kept once more, which does no harm."""

_MOST_UNREADABLE: Final = 20
"""Different ones a round."""


class KeptAnswers:
    """Remembers by round what was kept last, so that the same answer, asked for a thousand times, is kept once."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[str, Proof | None]] = OrderedDict()
        self._unreadable: OrderedDict[str, set[str]] = OrderedDict()
        """By round id the digests of what nobody could read."""

    @asynccontextmanager
    async def reading(self, line: DepartmentLine, rounds: Sequence[str]) -> AsyncIterator[None]:
        """Around a question and the reading of its answer: what nobody can read is kept, the same once."""
        try:
            yield
        except DepartmentUnavailable as error:
            heard = line.keeper.heard
            if heard is not None and succeeded(heard.reply):
                await self._keep_unreadable(line, heard, rounds, error)
            raise

    async def _keep_unreadable(
        self, line: DepartmentLine, heard: Spoken, rounds: Sequence[str], error: DepartmentUnavailable
    ) -> None:
        seal = hashlib.sha256(heard.reply.body).hexdigest()
        news = [key for key in rounds if seal not in self._seen(key) and len(self._seen(key)) < _MOST_UNREADABLE]
        if news:
            await line.keeper.keep_unreadable(news, str(error))
            for key in news:
                self._seen(key).add(seal)

    def _seen(self, key: str) -> set[str]:
        seen = self._unreadable.setdefault(key, set())
        self._unreadable.move_to_end(key)
        if len(self._unreadable) > _REMEMBERED:
            self._unreadable.popitem(last=False)
        return seen

    async def keep(self, line: DepartmentLine, spoken: Spoken, found: Mapping[str, Stated]) -> dict[str, Polled]:
        """`found` by round id. Raises DepartmentUnavailable when an answer cannot be kept."""
        seals = {key: _seal(value) for key, value in found.items() if _answered(value)}
        broken = {key: value for key, value in found.items() if isinstance(value, DepartmentUnavailable)}
        for key, error in broken.items():
            await self._keep_unreadable(line, spoken, [key], error)
        news = [key for key, seal in seals.items() if key not in self._known or self._known[key][0] != seal]
        if news:
            proof = await line.keep_answer(spoken, news)
            for key in news:
                self._remember(key, seals[key], proof)
        return {key: self._with_proof(key, value) for key, value in found.items()}

    async def keep_one(self, line: DepartmentLine, spoken: Spoken, key: str, stated: Stated) -> PolledReply | None:
        """The same for a question about one round."""
        found = (await self.keep(line, spoken, {key: stated}))[key]
        if isinstance(found, DepartmentUnavailable):
            raise found
        return found

    def _with_proof(self, key: str, value: Stated) -> Polled:
        if value is None or isinstance(value, DepartmentUnavailable):
            return value
        return PolledReply(reply=value, proof=self._known[key][1])

    def _remember(self, key: str, seal: str, proof: Proof | None) -> None:
        self._known[key] = (seal, proof)
        self._known.move_to_end(key)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


def _answered(value: Stated) -> bool:
    return value is not None and not isinstance(value, DepartmentUnavailable)


def _seal(value: Stated) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
