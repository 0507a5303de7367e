"""The fixed codes of the domain: what a cause, a reply or an outcome can be. Labels are translated elsewhere."""

from enum import StrEnum


class Cause(StrEnum):
    """Why the matter could not get done. Districts map their own categories onto these."""

    LAW_BAR = "LAW_BAR"
    UNAWARE = "UNAWARE"
    MATERIAL_GAP = "MATERIAL_GAP"
    CROSS_DEPT = "CROSS_DEPT"
    RESPONSIBILITY_GAP = "RESPONSIBILITY_GAP"
    POLICY_TRANSITION = "POLICY_TRANSITION"
    SPECIALISED = "SPECIALISED"
    URGENT = "URGENT"
    CONDUCT = "CONDUCT"
    SYSTEM_FAULT = "SYSTEM_FAULT"
    OUT_OF_SCOPE = "OUT_OF_SCOPE"


class TriageDecision(StrEnum):
    """What the duty leader makes of a registered case."""

    RESOLVE_ON_SPOT = "RESOLVE_ON_SPOT"
    REFER_OUT = "REFER_OUT"
    COORDINATE = "COORDINATE"
    SUPERVISE = "SUPERVISE"


class Urgency(StrEnum):
    """URGENT cases may be chased at night and on holidays."""

    NORMAL = "NORMAL"
    URGENT = "URGENT"


class Role(StrEnum):
    """A party's part in a plan. CONSULT never blocks; EXTERNAL is asked through the clerk and never overdue."""

    LEAD = "LEAD"
    SUPPORT = "SUPPORT"
    CONSULT = "CONSULT"
    EXTERNAL = "EXTERNAL"


class ReplyCode(StrEnum):
    """What a department can answer."""

    ACCEPTED = "ACCEPTED"
    ACCEPTED_CONDITIONALLY = "ACCEPTED_CONDITIONALLY"
    NEED_MORE = "NEED_MORE"
    REFUSED = "REFUSED"
    NOT_MINE = "NOT_MINE"
    EXTENSION_REQUESTED = "EXTENSION_REQUESTED"
    INTERIM = "INTERIM"
    NO_RESULT = "NO_RESULT"


class Outcome(StrEnum):
    """How a case ended; never folded into one "closed" flag."""

    DONE = "DONE"
    DONE_CONDITIONALLY = "DONE_CONDITIONALLY"
    EXPLAINED = "EXPLAINED"
    LAWFULLY_REFUSED = "LAWFULLY_REFUSED"
    OTHER_SUPPORT = "OTHER_SUPPORT"
    REFERRED = "REFERRED"
    WITHDRAWN = "WITHDRAWN"
    REVOKED = "REVOKED"
    NOT_DONE = "NOT_DONE"


class Technique(StrEnum):
    """How a department's system is reached."""

    WEBHOOK = "WEBHOOK"
    POLLED = "POLLED"
    XML = "XML"
    """SOAP messages to a system in a network of its own, asked for its answers."""
    PEOPLE = "PEOPLE"
    """No system: officers read an inbox, those outside get a link by mail."""

    @property
    def calls_back(self) -> bool:
        """Whether answers come to our door by themselves, instead of being asked for."""
        return self in (Technique.WEBHOOK, Technique.PEOPLE)


class CaseStage(StrEnum):
    """Where a case stands between the counter and the archive."""

    REGISTERED = "REGISTERED"
    TRIAGED = "TRIAGED"
    LAUNCHING = "LAUNCHING"
    COORDINATING = "COORDINATING"
    CLOSED = "CLOSED"


class RequestState(StrEnum):
    """Where one ask of the plan stands. Terminal: ANSWERED, WITHDRAWN, WAIVED."""

    PENDING = "PENDING"
    """Waits for the asks named in its `after`."""
    OPEN = "OPEN"
    """A round is running: somebody has been asked and a clock runs."""
    DECISION = "DECISION"
    """The round ended without a final answer: the duty leader must move."""
    SUPPLEMENT = "SUPPLEMENT"
    """Waits for materials of the requester; the department's clock stands still."""
    ANSWERED = "ANSWERED"
    WITHDRAWN = "WITHDRAWN"
    WAIVED = "WAIVED"
    """Two people decided to go on without the answer."""

    @property
    def terminal(self) -> bool:
        return self in (RequestState.ANSWERED, RequestState.WITHDRAWN, RequestState.WAIVED)


class RoundEnd(StrEnum):
    """Why a round of a request is over."""

    FINAL = "FINAL"
    """A final answer."""
    TURN = "TURN"
    """An answer that waits for somebody else's move."""
    QUARANTINED = "QUARANTINED"
    """The answer could not be understood; a person must read it."""
    UNDELIVERABLE = "UNDELIVERABLE"
    """The department's system refused the request for good."""
    DEPARTMENT_DISABLED = "DEPARTMENT_DISABLED"
    """The department was switched off while it was asked."""
    WITHDRAWN = "WITHDRAWN"
    SUPERSEDED = "SUPERSEDED"
    """The request went to somebody else, or was asked again, while this round was open."""
