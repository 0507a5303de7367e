"""退回: a held file whose material did not come goes back to the requester, and the case ends."""

from collections.abc import Mapping

from temporalio import workflow

from domain.codes import Outcome
from domain.decision import Decision
from domain.deferral import DeferralState, FailDeferral, Instrument, MaterialState
from domain.errors import conflict
from domain.fact import FactKind
from domain.outcome import FILE_RETURNED, still_asked
from domain.snapshot import OutcomeRecord
from workflows.casebook import Casebook
from workflows.deferral import Deferral
from workflows.request_lookup import RequestLookup
from workflows.subject import Handler, Subject


class FileReturn(Subject):
    def __init__(self, book: Casebook, lookup: RequestLookup, deferral: Deferral) -> None:
        self._book = book
        self._lookup = lookup
        self._deferral = deferral

    def handlers(self) -> Mapping[type[Decision], Handler]:
        return {FailDeferral: Handler(self._check, self._return)}

    def _check(self, command: FailDeferral) -> None:
        promise = self._deferral.promise(self._lookup.any(command).request_id)
        if promise.instrument is not Instrument.HOLD_UNTIL_COMPLETE:
            raise conflict("not-held", "a result that was issued is revoked by two people, not returned")
        if not any(material.state in (MaterialState.OVERDUE, MaterialState.FAILED) for material in promise.materials):
            raise conflict("nothing-overdue", "no material of this acceptance is overdue")
        forbidden = self._book.forbids_ending(Outcome.NOT_DONE, people=1)
        if (refusal := still_asked(self._book.standings()) or forbidden) is not None:
            raise refusal

    def _return(self, command: FailDeferral) -> None:
        promise = self._deferral.promise(command.request_id)
        now = workflow.now()
        promise.end(DeferralState.RETURNED, now)
        self._book.outcome = OutcomeRecord(
            outcome=Outcome.NOT_DONE,
            decided_by=command.decided_by,
            decided_at=now,
            reason=f"{FILE_RETURNED}{command.reason}",
            legal_basis=command.legal_basis,
            remedy=command.remedy,
            authority=command.authority,
        )
        self._lookup.note(FactKind.DEFERRAL_ENDED, command, promise.request, state=promise.state)
        told = {"outcome": Outcome.NOT_DONE, "legal_basis": command.legal_basis, "remedy": command.remedy}
        self._lookup.note(FactKind.OUTCOME, command, None, **told)
