"""A department that is switched off: its open round ends, and the duty leader is told."""

from collections.abc import Mapping

from temporalio import workflow

from domain.codes import RoundEnd
from domain.decision import Decision
from domain.disable_department import HandOverRound
from domain.fact import FactKind
from workflows.announcer import Announcer
from workflows.request_lookup import RequestLookup
from workflows.subject import Handler, Subject

RUNG = "department_disabled"


class DisableDepartment(Subject):
    def __init__(self, lookup: RequestLookup, announcer: Announcer) -> None:
        self._lookup = lookup
        self._announcer = announcer

    def handlers(self) -> Mapping[type[Decision], Handler]:
        return {HandOverRound: Handler(self._check, self._hand_over)}

    def _check(self, command: HandOverRound) -> None:
        self._lookup.open(command)

    def _hand_over(self, command: HandOverRound) -> None:
        request = self._lookup.any(command)
        route = request.round.route
        request.hand_back(RoundEnd.DEPARTMENT_DISABLED, workflow.now())
        department = route.code if route else None
        self._lookup.note(FactKind.DEPARTMENT_DISABLED, command, request, department=department)
        self._announcer.tell(RUNG, ("duty_leader",), demands_action=True)
