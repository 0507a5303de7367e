"""When a coordination ends by itself, when it needs the duty leader, and which endings contradict the answers."""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from domain.codes import Outcome, ReplyCode, RequestState, Role
from domain.decision import CLOSING_OUTCOMES, NEGATIVE_OUTCOMES, CloseCase, NegativeAnswerReport
from domain.errors import LiandongError, conflict, invalid
from domain.plan import CompletionRule
from domain.waiting import Matter

ACCEPTING_REPLIES = frozenset({ReplyCode.ACCEPTED, ReplyCode.ACCEPTED_CONDITIONALLY})


class Ending(Protocol):
    """How one person closes a case, or two people propose to."""

    @property
    def outcome(self) -> Outcome | None: ...
    @property
    def legal_basis(self) -> str | None: ...
    @property
    def remedy(self) -> str | None: ...
    @property
    def report(self) -> NegativeAnswerReport | None: ...
    @property
    def support(self) -> str | None: ...


class Standing(NamedTuple):
    """One request as far as the outcome is concerned."""

    key: str
    role: Role
    required: bool
    """Its answer is needed for the case to be done."""
    state: RequestState
    reply: ReplyCode | None
    stalled: bool = False
    """It waits for asks that have ended without opening the way ("tried, no result", refused)."""
    outweighed: bool = False
    """The leader recorded that another answer weighs more."""

    @property
    def blocking(self) -> bool:
        return self.required and self.state is not RequestState.WITHDRAWN

    @property
    def accepted(self) -> bool:
        return self.state is RequestState.ANSWERED and self.reply in ACCEPTING_REPLIES

    @property
    def refused(self) -> bool:
        return self.reply is ReplyCode.REFUSED and not self.outweighed


class Verdict(NamedTuple):
    """Either an outcome, or why a person must decide, or neither: the case goes on by itself.

    With an outcome, `decision_needed` is what still waits for a person as long as something else keeps the case open.
    """

    outcome: Outcome | None = None
    reason: str = ""
    decision_needed: str = ""
    matter: Matter | None = None
    """What the decision is about when it concerns the whole case, and no single request."""


def judge(
    standings: Sequence[Standing], rule: CompletionRule = CompletionRule.ALL, quorum: int | None = None
) -> Verdict:
    """DONE only when enough accepted and nobody refused; every other ending is the duty leader's."""
    blocking = [one for one in standings if one.blocking]
    leads = [one for one in _leads(standings) if one.blocking]
    if why := _undecided(blocking):
        return Verdict(decision_needed=why)
    if why := _contradiction(leads):
        return Verdict(decision_needed=why, matter=Matter.CONTRADICTION)
    if _enough(standings, blocking, leads, rule, quorum):
        # Advice and optional asks never keep a case open, not even by an answer that nobody has decided about.
        return Verdict(Outcome.DONE, REASONS[rule], decision_needed=_undecided(standings))
    if why := _undecided(standings):
        return Verdict(decision_needed=why)
    if any(not one.state.terminal for one in blocking) or _only_advice_is_out(standings, blocking, leads, rule):
        return Verdict()
    if not leads:
        why = "no lead is asked any more: ask another one or decide the outcome"
    else:
        why = "all have ended and not everything was accepted: decide the outcome"
    return Verdict(decision_needed=why, matter=Matter.OUTCOME)


def _leads(standings: Sequence[Standing]) -> list[Standing]:
    """Whose acceptance makes it done. A plan without a required lead counts all required asks as leads.

    A lead that was withdrawn stays one: whoever is left does not do its part.
    """
    required = [one for one in standings if one.required]
    return [one for one in required if one.role is Role.LEAD] or required


REASONS: Final = {
    CompletionRule.ALL: "every lead accepted and nobody refused",
    CompletionRule.ANY: "one lead accepted, as the plan asks for",
    CompletionRule.QUORUM: "the plan's quorum accepted",
    CompletionRule.LEAD_WITH_ADVICE: "every lead accepted and the advice is there",
}
"""As histories hold them: `domain/case_text.py` says them in Chinese."""
FILE_RETURNED: Final = "file returned: "
"""Before the duty leader's own reason, when a held file went back."""


def _only_advice_is_out(
    standings: Sequence[Standing], blocking: Sequence[Standing], leads: Sequence[Standing], rule: CompletionRule
) -> bool:
    """Under LEAD_WITH_ADVICE nothing is left to decide while the leads agree and somebody still consults."""
    advising = any(one.role is Role.CONSULT and not one.state.terminal for one in standings)
    return advising and rule is CompletionRule.LEAD_WITH_ADVICE and _agreed(blocking, leads)


def _agreed(blocking: Sequence[Standing], leads: Sequence[Standing]) -> bool:
    if any(one.refused for one in blocking) or not all(one.accepted or one.outweighed for one in leads):
        return False
    return any(one.accepted for one in leads)


def _undecided(standings: Sequence[Standing]) -> str:
    waiting = [one.key for one in standings if one.state is RequestState.DECISION]
    if waiting:
        return f"an answer waits for your decision: {', '.join(waiting)}"
    stalled = [one.key for one in standings if one.stalled]
    if stalled:
        return f"go on without a positive answer before it? {', '.join(stalled)}"
    return ""


def _contradiction(leads: Sequence[Standing]) -> str:
    refused, accepted = [one.key for one in leads if one.refused], [one.key for one in leads if one.accepted]
    if refused and accepted and not any(one.outweighed for one in leads):
        return f"leads contradict each other: {', '.join(accepted)} accepted, {', '.join(refused)} refused; weigh them"
    return ""


def _enough(
    standings: Sequence[Standing],
    blocking: Sequence[Standing],
    leads: Sequence[Standing],
    rule: CompletionRule,
    quorum: int | None,
) -> bool:
    if not blocking:
        return False
    if rule is CompletionRule.ANY:
        return any(one.accepted for one in leads)
    if rule is CompletionRule.QUORUM:
        return sum(one.accepted for one in blocking) >= (quorum or len(blocking))
    if not _agreed(blocking, leads):
        return False
    if rule is CompletionRule.LEAD_WITH_ADVICE:
        return all(one.state.terminal for one in standings if one.role is Role.CONSULT)
    answered = (RequestState.ANSWERED, RequestState.WAIVED)
    return all(one.state in answered for one in blocking)


def check_closing(command: CloseCase, standings: Sequence[Standing]) -> LiandongError | None:
    """Why one person may not close the case like this, if so."""
    if command.outcome not in CLOSING_OUTCOMES:
        allowed = ", ".join(sorted(CLOSING_OUTCOMES))
        return invalid("outcome-not-closing", f"close with one of {allowed}", field="outcome")
    if incomplete := incomplete_ending(command):
        return incomplete
    answers = contradiction(command.outcome, standings) or _unanswered(command.outcome, standings)
    return still_asked(standings) or answers


def still_asked(standings: Sequence[Standing]) -> LiandongError | None:
    """One person ends no case over the head of somebody whose required answer is on its way."""
    asked = (RequestState.OPEN, RequestState.SUPPLEMENT)
    waiting = [one.key for one in standings if one.blocking and one.state in asked]
    if not waiting:
        return None
    return conflict("requests-open", f"still being asked: {', '.join(waiting)}; wait, or two people close it")


def incomplete_ending(ending: Ending) -> LiandongError | None:
    """What a "no" owes to the person who hears it: basis, remedy, the signed report, the help given instead."""
    if ending.outcome in NEGATIVE_OUTCOMES:
        for field in ("legal_basis", "remedy"):
            if not (getattr(ending, field) or "").strip():
                return invalid("negative-answer-incomplete", f'a "no" needs its {field}', field=field)
    if ending.outcome is Outcome.LAWFULLY_REFUSED and ending.report is None:
        return invalid("negative-answer-report-missing", "a lawful refusal needs the signed report", field="report")
    if ending.outcome is Outcome.OTHER_SUPPORT and not (ending.support or "").strip():
        return invalid("support-missing", "say what was given instead, and under what policy", field="support")
    return None


def contradiction(outcome: Outcome | None, standings: Sequence[Standing]) -> LiandongError | None:
    """Whoever decides it and however many: what a lead refused was neither done nor only explained."""
    refused = [one.key for one in standings if one.role is Role.LEAD and one.refused]
    if outcome is None or outcome in NEGATIVE_OUTCOMES or not refused:
        return None
    detail = f'the lead refused ({", ".join(refused)}): this is not {outcome.value}; sign a "no", or weigh the answers'
    return conflict("outcome-contradicts-answers", detail)


def _unanswered(outcome: Outcome, standings: Sequence[Standing]) -> LiandongError | None:
    """Ending a case over leads that have not answered takes two people."""
    leads = _leads(standings)
    heard = (RequestState.ANSWERED, RequestState.DECISION, RequestState.WAIVED)
    if leads and not any(one.state in heard for one in leads):
        return conflict("nobody-answered", "no lead has answered: ask another one, or two people close it")
    if outcome is not Outcome.DONE:
        return None
    undecided = [one.key for one in leads if not one.state.terminal]
    if undecided or not any(one.accepted for one in leads):
        missing = ", ".join(undecided or [one.key for one in leads])
        return conflict("lead-not-accepted", f"DONE needs the leads' acceptance: {missing}; or two people close it")
    return None
