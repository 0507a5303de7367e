"""What a reply says, in one paragraph for people."""

from domain.reply import (
    Accepted,
    AcceptedConditionally,
    ExtensionRequested,
    Interim,
    NeedMore,
    NoResult,
    NotMine,
    Refused,
    Reply,
)


def reply_basis(reply: Reply) -> str:
    """The law or the catalogue entry that a department's "no" rests on; empty for every other reply."""
    match reply:
        case Refused():
            return reply.legal_basis
        case NotMine():
            return reply.basis
        case _:
            return ""


def reply_text(reply: Reply) -> str:
    """The reply's own words, its parts named; never interpreted as markup by anybody downstream."""
    match reply:
        case Accepted() | Interim():
            return reply.note
        case AcceptedConditionally():
            promised = "; ".join(f"{material.name} ({material.due})" for material in reply.deferred)
            return f"{reply.timing.value}: {promised}"
        case NeedMore():
            return "; ".join(reply.materials)
        case Refused():
            return f"{reply.reason} — {reply.legal_basis} — {reply.remedy}"
        case NotMine():
            return f"{reply.basis} → {reply.proposed_owner}"
        case ExtensionRequested():
            return f"{reply.reason} → {reply.until.isoformat()}"
        case NoResult():
            return reply.tried
