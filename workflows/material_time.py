"""More time for a promised material."""

from collections.abc import Mapping

from temporalio import workflow

from domain.clock import Clock, ClockError, Extension
from domain.decision import Decision
from domain.deferral import DeferralState, ExtendMaterial, MaterialState
from domain.errors import conflict
from domain.fact import FactKind
from workflows.casebook import iso
from workflows.deferral import Deferral
from workflows.promised_material import Material
from workflows.request_lookup import RequestLookup
from workflows.subject import Handler, Subject

_EXCUSED = "; force majeure on a document's number still gives more time"
_WAY_ON = ": give time to rectify on a document's number (extend-rectification), or excuse it by force majeure"


class MaterialTime(Subject):
    def __init__(self, lookup: RequestLookup, deferral: Deferral) -> None:
        self._lookup = lookup
        self._deferral = deferral

    def handlers(self) -> Mapping[type[Decision], Handler]:
        return {ExtendMaterial: Handler(self._check_extend, self._extend)}

    def _check_extend(self, command: ExtendMaterial) -> None:
        material = self._deferral.material(command.material_id)
        state = material.promise.state
        given_up = state is DeferralState.REVOCATION_PROPOSED
        excused = given_up and command.force_majeure and material.may_come
        awaited = material.promise.running and not given_up and not material.state.settled
        if state is DeferralState.UNAPPROVED or not (awaited or excused):
            stands = f"the deferral is {state.value}, the material {material.state.value}"
            raise conflict("nothing-to-extend", f"{stands}{_WAY_ON if given_up and material.may_come else ''}")
        if not command.force_majeure and material.extensions >= 1:
            raise conflict("extensions-used-up", f"one extension is all that the rules allow{_EXCUSED}")
        if material.issued_and_late(workflow.now()) and not command.force_majeure:
            raise conflict("extension-asked-too-late", f"{_instead(material)}{_EXCUSED}")
        try:
            self._extended(material, command)
        except ClockError as error:
            raise conflict(error.code.replace("_", "-"), str(error)) from error

    def _extend(self, command: ExtendMaterial) -> None:
        material = self._deferral.material(command.material_id)
        now = workflow.now()
        longer = self._extended(material, command)
        material.give_time(longer, now)
        material.extensions += not command.force_majeure
        if material.state in (MaterialState.OVERDUE, MaterialState.FAILED):
            material.state = MaterialState.PROMISED
        mark = "force majeure, no mark" if command.force_majeure else "the one extension"
        told = {"material": material.name, "due_at": iso(material.due_at), "mark": mark}
        self._lookup.note(FactKind.MATERIAL_EXTENDED, command, material.promise.request, **told)
        self._deferral.mend(material.promise, mark)

    def _extended(self, material: Material, command: ExtendMaterial) -> Clock:
        limit = command.limit
        extension = Extension(
            granted_at=workflow.now(),
            granted_by=command.decided_by,
            reason=command.reason,
            limit=limit if limit.date is None else None,
            until=limit.date,
        )
        return material.extended(extension, force_majeure=command.force_majeure)


def _instead(material: Material) -> str:
    """What a result that was issued on trust has in the place of more time."""
    promise = material.promise
    until = promise.rectify_by()
    if until is None:
        return "its date has passed, and rectification is ordered instead at the next opening"
    local = promise.request.rules.calendar.local(until)
    return f"its date has passed, and rectification is ordered instead: hand it in by {local:%Y-%m-%d %H:%M}"
