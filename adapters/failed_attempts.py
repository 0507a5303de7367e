"""Which entries failed attempts of one message share, so that an outage of weeks leaves a handful of them."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from domain.department_failure import DepartmentUnavailable
from domain.exchange import Exchange

NOT_KEPT: Final = "not-kept"
_MESSAGES: Final = 10_000
"""Remembered; a forgotten one, as after a start of the process, begins anew."""
_MOST_KINDS: Final = 16
"""Of failures that keep an entry of their own, for each message."""


@dataclass
class _Message:
    kinds: set[str] = field(default_factory=set)
    free: tuple[str, Mapping[str, int]] | None = None
    """The entry that the next attempt takes over, and the failures that it stands for."""


class FailedAttempts:
    """The first failure of each kind keeps its entry. One more holds the latest attempt and counts those before it.

    Only what is known to have failed is ever written over: no fact names it.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[str, _Message] = OrderedDict()

    def begun(self, exchange: Exchange) -> Exchange:
        """Under the name that it is kept by. Two attempts at once never share one."""
        message = self._known.get(exchange.message_id)
        if message is None or message.free is None:
            return exchange
        (entry_id, failures), message.free = message.free, None
        return exchange.model_copy(update={"entry_id": entry_id, "failures_before": dict(failures)})

    def failed(self, exchange: Exchange, error: DepartmentUnavailable) -> None:
        message = self._known.setdefault(exchange.message_id, _Message())
        self._known.move_to_end(exchange.message_id)
        if len(self._known) > _MESSAGES:
            self._known.popitem(last=False)
        kind = str(error).partition(":")[0]
        if kind == NOT_KEPT:
            # It did not leave, so it does not count
            message.free = (exchange.entry_id, exchange.failures_before)
            return
        if kind not in message.kinds and len(message.kinds) < _MOST_KINDS:
            message.kinds.add(kind)
            return
        counted = {**exchange.failures_before, kind: exchange.failures_before.get(kind, 0) + 1}
        message.free = (exchange.entry_id, counted)
