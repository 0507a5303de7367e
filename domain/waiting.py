"""A wait on a person: what the case waits for, who must move, and the clock that makes the silence heard."""

from enum import StrEnum
from typing import Final

from pydantic import Field

from domain.clock import ClockKind
from domain.limit import Limit, TimeUnit
from domain.rung_proof import ClockProofs
from domain.wire import Instant, Wire


class Matter(StrEnum):
    """What a case can wait for a person about."""

    ANSWER = "ANSWER"
    """A round ended without a final answer: read it and say how to go on."""
    STALLED = "STALLED"
    """An ask waits for others that have ended without opening the way."""
    CONFERENCE = "CONFERENCE"
    """会商 was convened and nobody has been designated yet."""
    SUPPLEMENT = "SUPPLEMENT"
    """The requester did not supply in time."""
    MATERIAL = "MATERIAL"
    """A material did not come, and a held file hangs on it."""
    REVOCATION = "REVOCATION"
    """A promise was broken and the result is out."""
    SUSPICION = "SUSPICION"
    """A paper contradicts the remote check."""
    SECOND_PERSON = "SECOND_PERSON"
    """One person has proposed a dangerous act."""
    CONTRADICTION = "CONTRADICTION"
    """Leads contradict each other."""
    OUTCOME = "OUTCOME"
    """Everything has ended, and the case has not."""
    REVIEW = "REVIEW"
    """Something stands still without an end of its own: a pause, or a silence after the last rung."""

    @property
    def clock(self) -> ClockKind:
        return ClockKind.REVIEW if self is Matter.REVIEW else ClockKind.DECISION

    @property
    def deciders(self) -> tuple[str, ...]:
        """Who is told where a rung says `decider`."""
        return _DECIDERS.get(self, ("duty_leader",))


_DECIDERS: Final = {
    Matter.SUSPICION: ("supervisor",),
    # Any of them but the one who proposed
    Matter.SECOND_PERSON: ("supervisor", "duty_leader"),
}


class Wait(Wire):
    """What makes a wait the same one: its matter and what it is about. `why` may change while it lasts."""

    matter: Matter
    about: str
    """Round, request, material, notice or proposal by its id; the case itself for the rest."""
    why: str
    request_id: str | None = None

    @property
    def key(self) -> tuple[Matter, str]:
        return self.matter, self.about


class WaitLimits(Wire):
    """How long people may take; the ladder's rungs for `decision` and `review` say who hears of it."""

    decision: Limit = Limit(unit=TimeUnit.WORKING_DAYS, amount=1)
    conference: Limit = Limit(unit=TimeUnit.WORKING_DAYS, amount=5)
    """From convening a conference to its ruling."""
    review: Limit = Limit(unit=TimeUnit.WORKING_DAYS, amount=5)
    """After which what stands still is looked at, again and again."""

    def of(self, matter: Matter) -> Limit:
        match matter:
            case Matter.CONFERENCE:
                return self.conference
            case Matter.REVIEW:
                return self.review
            case _:
                return self.decision


class WaitSnapshot(Wire):
    """One wait on a person and its clock; over when the clock has stopped."""

    wait_id: str
    """`<case>.wait<n>`: the subject of its notices and facts."""
    matter: Matter
    about: str
    request_id: str | None = None
    why: str
    deciders: tuple[str, ...] = Field(min_length=1)
    """Roles, any of which can end the wait."""
    clock: ClockProofs
    due_at: Instant | None

    @property
    def running(self) -> bool:
        return self.clock.clock.stopped_at is None
