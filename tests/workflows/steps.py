"""Everything that may happen to one request: what is said, decided, handed in, or left to run out."""

from collections.abc import Callable
from typing import Any

from tests.workflows.reference import PROMISE, Model
from tests.workflows.skipped_time import department

REFUSED: dict[str, Any] = {"legal_basis": "rule", "reason": "no", "remedy": "review"}
ANSWERS: dict[str, dict[str, Any]] = {
    "ACCEPTED": {},
    "ACCEPTED_CONDITIONALLY": {
        "timing": "ISSUE_THEN_VERIFY",
        "deferred": [{"name": "card", "due": str(PROMISE)}],
        "commitment": "signed",
    },
    "NEED_MORE": {"materials": ["lease"]},
    "REFUSED": REFUSED,
    "NOT_MINE": {"basis": "rule", "proposed_owner": "market"},
    "EXTENSION_REQUESTED": {"reason": "expert"},
    "NO_RESULT": {"tried": "everything"},
    "INTERIM": {"note": "on it"},
}
COMMANDS: dict[str, tuple[dict[str, Any], Callable[[Model], str | None]]] = {
    "withdraw": ({"kind": "withdraw_request"}, Model.withdraw),
    "reassign": (
        {"kind": "reassign_request", "to": department("market").route().model_dump()},
        lambda model: model.reassign("market"),
    ),
    "ask_again": ({"kind": "ask_again"}, Model.ask_again),
    "convene": ({"kind": "convene_conference", "participants": ["market"]}, Model.convene),
    "designate": (
        {"kind": "designate", "to": department("housing").route().model_dump(), "minutes": "no. 1"},
        lambda model: model.designate("housing"),
    ),
    "pause": ({"kind": "pause_request", "legal_basis": "art. 1"}, Model.pause),
    "resume": ({"kind": "resume_request"}, Model.resume),
    "extend": ({"kind": "extend_request", "limit": "2 working_days"}, Model.extend),
    "grant": ({"kind": "answer_extension", "granted": True}, lambda model: model.answer_extension(granted=True)),
    "deny": ({"kind": "answer_extension", "granted": False}, lambda model: model.answer_extension(granted=False)),
    "notice": ({"kind": "issue_supplement_notice", "legal_basis": "art. 2"}, Model.issue_notice),
    "receive": ({"kind": "receive_supplement", "received": [{"name": "lease"}]}, Model.receive),
}
SUBMISSIONS: dict[str, Callable[[Model], str | None]] = {
    "verify": lambda model: model.submit(good=True),
    "reject": lambda model: model.submit(good=False),
}
DEADLINES = ("reply", "decision", "supplement", "material", "rectification")
DECIDED = {**{name: effect for name, (_, effect) in COMMANDS.items()}, **SUBMISSIONS}
STEPS = (*(f"answer {code}" for code in ANSWERS), *DECIDED, *(f"deadline {name}" for name in DEADLINES))

TRACES: dict[str, str] = {
    "quarrel": "answer INTERIM, answer NOT_MINE, reassign, answer NOT_MINE, !reassign, !ask_again, !designate, "
    "convene, !convene, deadline decision, designate, answer NOT_MINE, ask_again, answer ACCEPTED, !withdraw",
    "clock": "!resume, pause, !pause, resume, extend, !extend, answer EXTENSION_REQUESTED, !grant, deny, "
    "answer REFUSED",
    "more time": "answer EXTENSION_REQUESTED, grant, !grant, answer NO_RESULT, !receive",
    "supplement": "answer NEED_MORE, notice, !notice, deadline supplement, receive, !receive, deadline reply, "
    "answer EXTENSION_REQUESTED, !grant, deny, withdraw, !verify",
    "broken promise": "answer ACCEPTED_CONDITIONALLY, reject, deadline material, reject, deadline rectification, "
    "reject, verify, !verify",
    "kept promise": "answer ACCEPTED_CONDITIONALLY, reject, verify, !verify, !extend",
}
"""Between them every step takes effect; an exclamation mark: it must be refused."""


def possible(model: Model) -> list[str]:
    """What would have an effect now."""
    answers = [f"answer {code}" for code in ANSWERS] if model.state == "OPEN" else []
    decided = [name for name, effect in DECIDED.items() if effect(model.copy()) is None]
    return [*answers, *decided, *(f"deadline {name}" for name in model.deadlines)]


def refused(model: Model) -> list[str]:
    """What must not have one."""
    return [f"!{name}" for name, effect in DECIDED.items() if effect(model.copy()) is not None]
