"""Dangerous acts: proposed by one person, confirmed by another, carried out only then."""

from collections.abc import Iterable, Mapping

from temporalio import workflow

from domain.codes import Outcome, RequestState
from domain.decision import CLOSING_OUTCOMES, Decision
from domain.errors import conflict, invalid, not_found
from domain.fact import FactKind
from domain.joint_decision import ConfirmAct, DangerousAct, Proposal, ProposeAct
from domain.outcome import contradiction, incomplete_ending
from domain.snapshot import OutcomeRecord
from domain.waiting import Matter, Wait
from workflows.casebook import Casebook
from workflows.deferral import Deferral
from workflows.request_lookup import RequestLookup
from workflows.subject import Handler, Subject


class JointDecision(Subject):
    def __init__(self, book: Casebook, lookup: RequestLookup, deferral: Deferral) -> None:
        self._book = book
        self._lookup = lookup
        self._deferral = deferral
        self._proposals: dict[str, Proposal] = {}

    def handlers(self) -> Mapping[type[Decision], Handler]:
        return {
            ProposeAct: Handler(self._check_propose, self._propose),
            ConfirmAct: Handler(self._check_confirm, self._confirm),
        }

    def shown(self) -> Mapping[str, object]:
        return {"proposals": tuple(self._proposals.values())} if self._proposals else {}

    def waits(self) -> Iterable[Wait]:
        for one in self._open():
            if one.act is DangerousAct.REVOKE and self._deferral.revocation_rests:
                # Nobody can confirm it while somebody looks at what came after all
                continue
            why = f"a second person must confirm or turn down: {one.act.value}"
            yield Wait(matter=Matter.SECOND_PERSON, about=one.proposal_id, why=why, request_id=one.request_id)

    def takes_over(self, wait: Wait) -> bool:
        """The duty leader has moved: what an act would settle waits for its second person."""
        return any(_would_settle(one, wait) for one in self._open() if not self._stale(one))

    def _stale(self, proposal: Proposal) -> bool:
        """A later round than the one it was about has begun: it can only be turned down."""
        if proposal.request_id is None or proposal.round is None:
            return False
        return proposal.round != len(self._lookup.by_id(proposal.request_id).rounds)

    def _open(self) -> list[Proposal]:
        return [one for one in self._proposals.values() if one.settled_at is None]

    def _check_propose(self, command: ProposeAct) -> None:
        wanted = (command.act, command.request_id)
        if any((one.act, one.request_id) == wanted and one.settled_at is None for one in self._proposals.values()):
            raise conflict("proposed-already", "the same act waits for its second person already")
        match command.act:
            case DangerousAct.WAIVE_REQUEST:
                if command.request_id is None:
                    raise invalid("request-missing", "name the request that is waived", field="request_id")
                request = self._lookup.by_id(command.request_id)
                if request.state.terminal:
                    raise conflict("request-ended", f"the request has ended ({request.ended})")
            case DangerousAct.CLOSE_UNANSWERED:
                if command.outcome not in CLOSING_OUTCOMES:
                    raise invalid("outcome-not-closing", "name the outcome to close with", field="outcome")
                if incomplete := incomplete_ending(command):
                    raise incomplete
                self._refuse_ending(command.outcome)
            case DangerousAct.REVOKE:
                if command.remedy is None:
                    raise invalid("negative-answer-incomplete", "a revocation names its remedy", field="remedy")
                self._deferral.check_revocable("no promise has failed so far that a revocation is due")

    def _propose(self, command: ProposeAct) -> None:
        proposal = Proposal(
            proposal_id=command.command_id,
            act=command.act,
            proposed_by=command.decided_by,
            proposed_at=workflow.now(),
            reason=command.reason,
            legal_basis=command.legal_basis,
            remedy=command.remedy,
            request_id=command.request_id,
            round=len(self._lookup.by_id(command.request_id).rounds) if command.request_id else None,
            outcome=command.outcome,
            report=command.report,
            support=command.support,
        )
        self._proposals[proposal.proposal_id] = proposal
        self._lookup.note(FactKind.PROPOSED, command, None, act=command.act, legal_basis=command.legal_basis)

    def _check_confirm(self, command: ConfirmAct) -> None:
        proposal = self._proposals.get(command.proposal_id)
        if proposal is None:
            raise not_found("no-such-proposal", "the case has no such proposal")
        if proposal.settled_at is not None:
            raise conflict("proposal-settled", f"{proposal.settled_by} has settled it already")
        if command.confirmed and command.decided_by == proposal.proposed_by:
            raise conflict("second-person-needed", "somebody else must confirm what one person proposed")
        if command.confirmed:
            self._check_still_due(proposal)

    def _refuse_ending(self, outcome: Outcome) -> None:
        forbidden = contradiction(outcome, self._book.standings()) or self._book.forbids_ending(outcome, people=2)
        if forbidden is not None:
            raise forbidden

    def _check_still_due(self, proposal: Proposal) -> None:
        """Much may have happened since the first person proposed it."""
        if proposal.outcome is not None:
            self._refuse_ending(proposal.outcome)
        if proposal.act is DangerousAct.REVOKE:
            self._deferral.check_revocable("the promise was mended, or has more time, meanwhile")
        if proposal.act is DangerousAct.WAIVE_REQUEST and proposal.request_id:
            request = self._lookup.by_id(proposal.request_id)
            if request.state.terminal:
                raise conflict("request-ended", f"the request has ended meanwhile ({request.ended})")
            self._lookup.refuse_stale(request, proposal.round)

    def _confirm(self, command: ConfirmAct) -> None:
        proposal = self._proposals[command.proposal_id].model_copy(
            update={
                "settled_by": command.decided_by,
                "settled_at": workflow.now(),
                "confirmed": command.confirmed,
            }
        )
        self._proposals[proposal.proposal_id] = proposal
        kind = FactKind.CONFIRMED if command.confirmed else FactKind.TURNED_DOWN
        self._lookup.note(kind, command, None, act=proposal.act, proposed_by=proposal.proposed_by)
        if command.confirmed:
            self._carry_out(proposal, command)

    def _carry_out(self, proposal: Proposal, command: ConfirmAct) -> None:
        match proposal.act:
            case DangerousAct.WAIVE_REQUEST:
                request = self._lookup.by_id(proposal.request_id or "")
                self._book.end(request, RequestState.WAIVED, by=f"{proposal.proposed_by} + {command.decided_by}")
                self._lookup.note(FactKind.WAIVED, command, request, legal_basis=proposal.legal_basis)
            case DangerousAct.CLOSE_UNANSWERED:
                self._end(proposal, command, proposal.outcome or Outcome.NOT_DONE)
            case DangerousAct.REVOKE:
                self._deferral.revoked()
                self._end(proposal, command, Outcome.REVOKED)

    def _end(self, proposal: Proposal, command: ConfirmAct, outcome: Outcome) -> None:
        self._book.outcome = OutcomeRecord(
            outcome=outcome,
            decided_by=f"{proposal.proposed_by} + {command.decided_by}",
            decided_at=workflow.now(),
            reason=proposal.reason,
            legal_basis=proposal.legal_basis,
            remedy=proposal.remedy,
            report=proposal.report,
            support=proposal.support,
            authority=command.authority,
        )
        self._lookup.note(FactKind.OUTCOME, command, None, outcome=outcome, legal_basis=proposal.legal_basis)


def _would_settle(proposal: Proposal, wait: Wait) -> bool:
    if wait.matter in (Matter.SECOND_PERSON, Matter.SUSPICION):
        return False
    match proposal.act:
        case DangerousAct.WAIVE_REQUEST:
            return wait.request_id == proposal.request_id
        case DangerousAct.CLOSE_UNANSWERED:
            return True
        case DangerousAct.REVOKE:
            return wait.matter is Matter.REVOCATION
