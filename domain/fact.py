"""A fact: one thing that happened to a case, never changed afterwards."""

from enum import StrEnum

from pydantic import Field

from domain.wire import Instant, Wire

ENGINE = "engine"
"""The actor of what happens by itself."""


class FactKind(StrEnum):
    REGISTERED = "REGISTERED"
    FIRST_CONTACT = "FIRST_CONTACT"
    TRIAGED = "TRIAGED"
    LAUNCH_REQUESTED = "LAUNCH_REQUESTED"
    LAUNCHED = "LAUNCHED"
    ROUND_OPENED = "ROUND_OPENED"
    DELIVERED = "DELIVERED"
    UNDELIVERABLE = "UNDELIVERABLE"
    DEPARTMENT_DISABLED = "DEPARTMENT_DISABLED"
    """The department was switched off while a round waited for it; the actor is who did it."""
    RELEASED = "RELEASED"
    """A department was told that nobody waits for its answer any more."""
    ACKNOWLEDGED = "ACKNOWLEDGED"
    INTERIM = "INTERIM"
    REPLIED = "REPLIED"
    QUARANTINED = "QUARANTINED"
    WAIT_OVER = "WAIT_OVER"
    RUNG_FIRED = "RUNG_FIRED"
    TOLD = "TOLD"
    """Somebody was told something outside of any ladder."""
    EXPIRY_IN_VAIN = "EXPIRY_IN_VAIN"
    """A time was up, and acting on it changed nothing: an error of ours, passed over so that the case goes on."""
    RUNG_HELD = "RUNG_HELD"
    """A rung found an answer that came in time and was only waiting to be applied."""
    OUTAGE_BEGAN = "OUTAGE_BEGAN"
    """The department's system is down and holds this round up: since when, and a category of why."""
    OUTAGE_ENDED = "OUTAGE_ENDED"
    CALENDAR_LEARNED = "CALENDAR_LEARNED"
    """A year's notice came, and the running clocks were counted anew."""
    EXTENDED = "EXTENDED"
    EXTENSION_REFUSED = "EXTENSION_REFUSED"
    PAUSED = "PAUSED"
    RESUMED = "RESUMED"
    CONSENTED_BY_SILENCE = "CONSENTED_BY_SILENCE"
    PROCEEDED = "PROCEEDED"
    ASK_ADDED = "ASK_ADDED"
    CONFERENCE_CONVENED = "CONFERENCE_CONVENED"
    DESIGNATED = "DESIGNATED"
    DIRECTORY_CHANGE_PROPOSED = "DIRECTORY_CHANGE_PROPOSED"
    """A ruling showed who owns such a matter; the directory should say so."""
    MINUTES_RECORDED = "MINUTES_RECORDED"
    ESCALATED = "ESCALATED"
    WEIGHED = "WEIGHED"
    PROPOSED = "PROPOSED"
    """A dangerous act waits for its second person."""
    CONFIRMED = "CONFIRMED"
    TURNED_DOWN = "TURNED_DOWN"
    WAIVED = "WAIVED"
    SUPPLEMENT_NOTICE = "SUPPLEMENT_NOTICE"
    SUPPLEMENT_RECEIVED = "SUPPLEMENT_RECEIVED"
    LATER_LIST = "LATER_LIST"
    """A department needs more than the full list that it had told once."""
    SUPPLEMENT_LAPSED = "SUPPLEMENT_LAPSED"
    HOLDER_SILENT = "HOLDER_SILENT"
    """The department that holds a missing material already has not handed it over in time."""
    SUPPLEMENT_IN_TIME = "SUPPLEMENT_IN_TIME"
    """It had come in time and was only recorded late: the notice has not lapsed after all."""
    DEFERRAL_OPENED = "DEFERRAL_OPENED"
    DEFERRAL_APPROVED = "DEFERRAL_APPROVED"
    DEFERRAL_ENDED = "DEFERRAL_ENDED"
    MATERIAL_SUBMITTED = "MATERIAL_SUBMITTED"
    MATERIAL_VERIFIED = "MATERIAL_VERIFIED"
    MATERIAL_REJECTED = "MATERIAL_REJECTED"
    MATERIAL_OVERDUE = "MATERIAL_OVERDUE"
    MATERIAL_SUSPECT = "MATERIAL_SUSPECT"
    MATERIAL_EXTENDED = "MATERIAL_EXTENDED"
    RECTIFICATION_ORDERED = "RECTIFICATION_ORDERED"
    REVOCATION_PROPOSED = "REVOCATION_PROPOSED"
    PROMISE_RESTORED = "PROMISE_RESTORED"
    """What had been ordered or proposed against the promise is taken back: it came in time, or after all."""
    DISHONESTY_MARK = "DISHONESTY_MARK"
    DISHONESTY_REPAIRED = "DISHONESTY_REPAIRED"
    """The party made good what it had broken: the mark no longer counts."""
    MATERIAL_OPENED = "MATERIAL_OPENED"
    """Somebody downloaded a file that the requester handed in."""
    REASSIGNED = "REASSIGNED"
    ASKED_AGAIN = "ASKED_AGAIN"
    REQUEST_WITHDRAWN = "REQUEST_WITHDRAWN"
    DECISION_NEEDED = "DECISION_NEEDED"
    OUTCOME = "OUTCOME"
    SAME_FACTS = "SAME_FACTS"
    """The party had a lawful refusal of this item before."""
    REOPENED = "REOPENED"
    """Written in both cases: the one that was reopened, and the new one."""
    PROGRESS_CODE_ISSUED = "PROGRESS_CODE_ISSUED"
    FOLLOW_UP_STARTED = "FOLLOW_UP_STARTED"
    FOLLOW_UP_CALL = "FOLLOW_UP_CALL"
    RATING_LINK_ISSUED = "RATING_LINK_ISSUED"
    RATED = "RATED"
    REVIEW_CONTACTED = "REVIEW_CONTACTED"
    REVIEW_TREATED = "REVIEW_TREATED"
    REVIEW_RECTIFIED = "REVIEW_RECTIFIED"
    FOLLOW_UP_ENDED = "FOLLOW_UP_ENDED"
    MESSAGE_TAKEN_IN = "MESSAGE_TAKEN_IN"
    """Bytes that a worker without a store had kept are in the store now."""
    MESSAGE_REFUSED = "MESSAGE_REFUSED"
    """A department's message that was turned away; the audit of every closed door."""


class Fact(Wire):
    """Who, when, what, why. The store chains facts of a case by hash, in the order of their arrival."""

    fact_id: str = Field(min_length=1, max_length=120)
    """Unique; the same fact written twice is one fact."""
    case_id: str
    kind: FactKind
    at: Instant
    actor: str
    """`user:<id>`, `department:<code>`, `engine`, `policy` for what the district's files brought about, or `operator`
    for who works on the server itself."""
    request_id: str | None = None
    round: int | None = None
    data: dict[str, str] = Field(default_factory=dict)


class ChainedFact(Wire):
    """A fact at its place in the case's chain: `hash` covers the fact and `previous_hash` (SHA-256, hex)."""

    position: int
    fact: Fact
    previous_hash: str
    hash: str
