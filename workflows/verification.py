"""Promised materials as they come in: submitted, verified by a department, suspected false, cleared."""

from collections.abc import Mapping
from datetime import datetime

from temporalio import workflow

from domain.codes import ReplyCode, RequestState, Role
from domain.decision import Decision
from domain.deferral import ClearSuspicion, DeferralState, MaterialState, Submission, SubmitMaterial
from domain.department import DepartmentRoute
from domain.errors import conflict, invalid
from domain.fact import FactKind
from domain.plan import Ask
from domain.receipt import receipt
from domain.reply import Answer, Refused
from workflows.announcer import Announcer
from workflows.casebook import Casebook, iso
from workflows.deferral import Deferral
from workflows.promised_material import Material
from workflows.request import Request
from workflows.request_lookup import RequestLookup
from workflows.subject import Handler, Subject

RESTS = "material-rests-while-looked-at"
"""Since then a clock stands still for what was handed in. May go when no running case took a material in before."""
_AWAITED = (MaterialState.PROMISED, MaterialState.REJECTED, MaterialState.OVERDUE)


class Verification(Subject):
    def __init__(self, book: Casebook, lookup: RequestLookup, announcer: Announcer, deferral: Deferral) -> None:
        self._book = book
        self._lookup = lookup
        self._announcer = announcer
        self._deferral = deferral
        self._verifying: dict[str, Material] = {}
        """Request id of a verification → its material."""

    def handlers(self) -> Mapping[type[Decision], Handler]:
        return {
            SubmitMaterial: Handler(self._check_submit, self._submit),
            ClearSuspicion: Handler(self._check_clear, self._clear),
        }

    def answered(self, request: Request, answer: Answer) -> None:
        material = self._verifying.get(request.request_id)
        if material is not None and request.state is RequestState.ANSWERED:
            del self._verifying[request.request_id]
            self._verified(material, answer)

    def ended(self, request: Request) -> None:
        """Nobody verifies it any more: it is awaited again, and handed in again it finds another verifier."""
        material = self._verifying.pop(request.request_id, None)
        if material is not None and material.state is MaterialState.VERIFYING:
            why = "not verified: the verification was withdrawn"
            material.send_back(MaterialState.PROMISED, why, workflow.now())

    def _check_submit(self, command: SubmitMaterial) -> None:
        material = self._deferral.material(command.material_id)
        promise = material.promise
        if promise.state is DeferralState.UNAPPROVED or not promise.running:
            raise conflict("deferral-not-running", f"nothing is awaited ({promise.state.value})")
        came_late = promise.state is DeferralState.REVOCATION_PROPOSED and material.may_come and not material.looked_at
        if material.state not in _AWAITED and not came_late:
            raise conflict("material-not-awaited", f"this material is {material.state.value} already")
        self._received_at(command)
        if self._verifier(material) is None:
            raise conflict("no-verifier", "no department can be asked to verify this material")
        self._lookup.room_for(1)
        if material.channels and command.channel not in material.channels:
            allowed = ", ".join(channel.value for channel in material.channels)
            raise invalid("channel-not-agreed", f"agreed channels are {allowed}", field="channel")

    def _submit(self, command: SubmitMaterial) -> None:
        material = self._deferral.material(command.material_id)
        number = len(material.submissions) + 1
        submission = Submission(
            number=number,
            at=self._received_at(command),
            channel=command.channel,
            note=command.reason,
            sha256=command.sha256,
            file_ref=command.file_ref,
        )
        material.submissions.append(submission)
        if workflow.patched(RESTS):
            material.rest()
        told = {"material": material.name, "channel": command.channel, "sha256": command.sha256}
        told["received_at"] = iso(command.received_at)
        self._lookup.note(FactKind.MATERIAL_SUBMITTED, command, material.promise.request, **told)
        route = self._verifier(material)
        if route is not None:
            self._ask_verifier(material, submission, route)
            self._deferral.mend(material.promise, "it came in time and was recorded late")

    def _received_at(self, command: SubmitMaterial) -> datetime:
        promised_at = self._deferral.material(command.material_id).promise.accepted_at
        return receipt(command.received_at, asked_at=promised_at, now=workflow.now())

    def _verifier(self, material: Material) -> DepartmentRoute | None:
        """Whom the acceptance names; the department that accepted when nobody knows the way there."""
        return self._book.routes.get(material.verifier) or material.promise.request.round.route

    def _ask_verifier(self, material: Material, submission: Submission, route: DepartmentRoute) -> None:
        request = material.promise.request
        told = {
            "material": material.name,
            "channel": submission.channel.value,
            "sha256": submission.sha256,
            "form": material.promised.form,
            "method": material.promised.method,
            "remote_check": material.promise.remote_check,
        }
        fields = {name: value for name, value in told.items() if value}
        ask = Ask(
            key=self._book.free_key(f"{request.ask.key[:22]}-m{material.number}s{submission.number}"),
            text=f"verify the material handed in later: {material.name}"[:2_000],
            role=Role.SUPPORT,
            department=route.code,
            verifies=material.material_id,
        ).model_copy(update={"reply_limit": request.repeatable_limit, "fields": fields})
        verification = self._book.add_ask(ask, route)
        self._verifying[verification.request_id] = material
        material.state = MaterialState.VERIFYING

    def _verified(self, material: Material, answer: Answer) -> None:
        if material.state is not MaterialState.VERIFYING:
            # The promise was broken meanwhile: the answer is on record and changes nothing.
            return
        now = workflow.now()
        request = material.promise.request
        told = {"material": material.name, "answer_ref": answer.ref}
        if answer.reply.code is ReplyCode.ACCEPTED:
            material.settle(MaterialState.VERIFIED, now, "verified")
            self._book.write(FactKind.MATERIAL_VERIFIED, request, data=told)
            self._deferral.keep_when_complete(material.promise)
            return
        if isinstance(answer.reply, Refused) and answer.reply.suspected_false:
            material.remark(MaterialState.SUSPECT, answer.reply.reason)
            self._book.write(FactKind.MATERIAL_SUSPECT, request, data=told)
            self._announcer.tell("suspected_false_material", ("supervisor", "duty_leader"), demands_action=True)
            return
        why = answer.reply.reason if isinstance(answer.reply, Refused) else answer.reply.code.value
        material.send_back(MaterialState.REJECTED, why, now)
        self._book.write(FactKind.MATERIAL_REJECTED, request, data={**told, "why": why})

    def _check_clear(self, command: ClearSuspicion) -> None:
        if self._deferral.material(command.material_id).state is not MaterialState.SUSPECT:
            raise conflict("not-suspect", "nothing is suspected of this material")

    def _clear(self, command: ClearSuspicion) -> None:
        material = self._deferral.material(command.material_id)
        request = material.promise.request
        if command.genuine:
            material.settle(MaterialState.VERIFIED, workflow.now(), "genuine after all")
            self._lookup.note(FactKind.MATERIAL_VERIFIED, command, request, material=material.name)
            self._deferral.keep_when_complete(material.promise)
            return
        material.found_false = True
        material.settle(MaterialState.FAILED, workflow.now(), "false")
        self._lookup.note(FactKind.MATERIAL_REJECTED, command, request, material=material.name, why="false")
        self._deferral.broken(material.promise)
