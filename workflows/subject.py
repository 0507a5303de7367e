"""What every subject of a case offers to the rest: commands it handles, clocks it watches, what it shows."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from domain.codes import Outcome
from domain.decision import Decision
from domain.errors import LiandongError
from domain.reply import Answer
from domain.waiting import Wait
from workflows.clock_set import ClockSet
from workflows.request import Request


class Handler(NamedTuple):
    """`check` runs in the update's validator and changes nothing; `effect` cannot fail after it."""

    check: Callable[[Any], None]
    effect: Callable[[Any], None]


@dataclass(frozen=True)
class Expiry:
    """Something that happens by itself at an instant."""

    at: datetime
    act: Callable[[], None]
    heard_first: bool = False
    """It stops the clock that ran out: whoever is told of that is told before."""

    @property
    def what(self) -> str:
        """For whoever must find out why it did nothing."""
        return str(getattr(self.act, "func", self.act).__qualname__)

    @property
    def key(self) -> tuple[datetime, str]:
        return self.at, self.what


class Subject:
    """Subclasses override what concerns them."""

    def handlers(self) -> Mapping[type[Decision], Handler]:
        return {}

    def clock_sets(self) -> Iterable[ClockSet]:
        return ()

    def expiries(self) -> Iterable[Expiry]:
        return ()

    def suspends(self, _answer: Answer) -> bool:
        """Whether a final answer must wait for a person before it stands."""
        return False

    def answered(self, request: Request, answer: Answer) -> None:
        """A request has just taken this answer."""

    def ended(self, request: Request) -> None:
        """A request has been withdrawn or waived while the case goes on."""

    def asked_anew(self, request: Request) -> None:
        """A new round with new clocks has begun, whatever the request waited for before."""

    def waits(self) -> Iterable[Wait]:
        """What waits for a person, on this subject's account."""
        return ()

    def takes_over(self, _wait: Wait) -> bool:
        """Whether somebody else must move first, so that nobody is to be chased for this wait."""
        return False

    def holds_case_open(self) -> bool:
        """Whether the case must not end although its requests have."""
        return False

    def forbids_ending(self, _outcome: Outcome, *, people: int) -> LiandongError | None:  # noqa: ARG002 - subclasses use it
        """Why so many people must not end the case like this now."""
        return None

    def recounted(self) -> None:
        """The due dates of what still runs have just been counted anew."""

    def case_ended(self) -> None:
        """The case has its outcome; what still ran ends with it."""

    def shown(self) -> Mapping[str, object]:
        """Fields of the case's snapshot."""
        return {}
