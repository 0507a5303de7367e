"""How a person ends a case, and how contradicting answers are weighed."""

from collections.abc import Mapping

from temporalio import workflow

from domain.codes import Outcome, ReplyCode
from domain.decision import CloseCase, Decision, WeighAnswers, WithdrawCase
from domain.errors import conflict
from domain.fact import FactKind
from domain.outcome import ACCEPTING_REPLIES, check_closing
from domain.snapshot import OutcomeRecord
from workflows.casebook import Casebook
from workflows.request_lookup import RequestLookup
from workflows.subject import Handler, Subject


class Closing(Subject):
    def __init__(self, book: Casebook, lookup: RequestLookup) -> None:
        self._book = book
        self._lookup = lookup
        self._weighings: list[str] = []

    def handlers(self) -> Mapping[type[Decision], Handler]:
        return {
            CloseCase: Handler(self._check_close, self._close),
            WithdrawCase: Handler(self._check_withdraw, self._withdraw),
            WeighAnswers: Handler(self._check_weigh, self._weigh),
        }

    def shown(self) -> Mapping[str, object]:
        return {"weighings": tuple(self._weighings)} if self._weighings else {}

    def _check_close(self, command: CloseCase) -> None:
        refusal = check_closing(command, self._book.standings()) or self._book.forbids_ending(command.outcome, people=1)
        if refusal is not None:
            raise refusal

    def _check_withdraw(self, _command: WithdrawCase) -> None:
        refusal = self._book.forbids_ending(Outcome.WITHDRAWN, people=1)
        if refusal is not None:
            raise refusal

    def _close(self, command: CloseCase) -> None:
        self._end(command, command.outcome)

    def _withdraw(self, command: WithdrawCase) -> None:
        self._end(command, Outcome.WITHDRAWN)

    def _end(self, command: CloseCase | WithdrawCase, outcome: Outcome) -> None:
        closing = command if isinstance(command, CloseCase) else None
        self._book.outcome = OutcomeRecord(
            outcome=outcome,
            decided_by=command.decided_by,
            decided_at=workflow.now(),
            reason=command.reason,
            authority=command.authority,
            legal_basis=closing.legal_basis if closing else None,
            remedy=closing.remedy if closing else None,
            report=closing.report if closing else None,
            support=closing.support if closing else None,
        )
        record = self._book.outcome
        told = {"outcome": outcome, "legal_basis": record.legal_basis, "remedy": record.remedy}
        if record.report is not None:
            told |= {"facts_found": record.report.facts_found, "alternatives": record.report.alternatives_considered}
        self._lookup.note(FactKind.OUTCOME, command, None, support=record.support, **told)

    def _check_weigh(self, command: WeighAnswers) -> None:
        prevailing = self._lookup.by_id(command.prevails)
        replies = {one.round.reply for one in self._book.requests.values() if one.rounds and one.state.terminal}
        if ReplyCode.REFUSED not in replies or not replies & ACCEPTING_REPLIES:
            raise conflict("no-contradiction", "no answers of this case contradict each other")
        if not prevailing.rounds or prevailing.round.reply not in {*ACCEPTING_REPLIES, ReplyCode.REFUSED}:
            raise conflict("nothing-to-weigh", "this request has neither accepted nor refused")

    def _weigh(self, command: WeighAnswers) -> None:
        prevailing = self._lookup.by_id(command.prevails)
        accepted = prevailing.round.reply in ACCEPTING_REPLIES
        for request in self._book.requests.values():
            if request.rounds and request.round.reply in {*ACCEPTING_REPLIES, ReplyCode.REFUSED}:
                request.outweighed = (request.round.reply in ACCEPTING_REPLIES) is not accepted
        self._weighings.append(f"{command.prevails}: {command.reason}")
        self._lookup.note(FactKind.WEIGHED, command, prevailing)
