"""责令改正, once more: time that a person gives after a promise was broken and before the result is revoked."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import ValidationError
from temporalio import workflow

from domain.clock import due
from domain.decision import Decision
from domain.deferral import DeferralState, ExtendRectification
from domain.errors import conflict, invalid
from domain.fact import FactKind
from workflows.announcer import Announcer
from workflows.casebook import iso
from workflows.deferral import Deferral
from workflows.request_lookup import RequestLookup
from workflows.subject import Handler, Subject


class Rectification(Subject):
    def __init__(self, lookup: RequestLookup, announcer: Announcer, deferral: Deferral) -> None:
        self._lookup = lookup
        self._announcer = announcer
        self._deferral = deferral

    def handlers(self) -> Mapping[type[Decision], Handler]:
        return {ExtendRectification: Handler(self._check, self._extend)}

    def _check(self, command: ExtendRectification) -> None:
        promise = self._deferral.promise(self._lookup.any(command).request_id)
        if promise.state is not DeferralState.REVOCATION_PROPOSED:
            raise conflict("no-revocation-proposed", f"no revocation is proposed here ({promise.state.value})")
        if promise.found_false:
            raise conflict("paper-found-false", "a paper was found false: revoke, or close the case in another way")
        until = self._until(command)
        if until is None or until <= workflow.now():
            raise invalid("due-in-the-past", "this limit is over before it begins", field="limit")

    def _until(self, command: ExtendRectification) -> datetime | None:
        promise = self._deferral.promise(command.request_id)
        try:
            return due(promise.rectification_clock(workflow.now(), command.limit), promise.request.rules.calendar).at
        except ValidationError as error:
            raise conflict("date-too-far", "no calendar reaches so far: name an earlier date") from error

    def _extend(self, command: ExtendRectification) -> None:
        promise = self._deferral.promise(command.request_id)
        promise.rectify_again(workflow.now(), command.limit)
        until = iso(promise.rectify_by())
        self._lookup.note(FactKind.RECTIFICATION_ORDERED, command, promise.request, until=until)
        self._announcer.tell("rectification_extended", ("requester", "clerk"), demands_action=True)
