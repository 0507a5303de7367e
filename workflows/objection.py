"""退单: objections counted, a conference after two, and a designation that binds."""

from collections.abc import Iterable, Mapping

from domain.codes import ReplyCode, RequestState, Role
from domain.decision import Decision
from domain.errors import conflict
from domain.fact import FactKind
from domain.objection import ConveneConference, Designate, Ruling, needs_conference
from domain.plan import Ask
from domain.reply import Answer
from domain.waiting import Matter, Wait
from workflows.casebook import Casebook
from workflows.request import Request
from workflows.request_lookup import RequestLookup
from workflows.subject import Handler, Subject


class Objection(Subject):
    def __init__(self, book: Casebook, lookup: RequestLookup) -> None:
        self._book = book
        self._lookup = lookup

    def handlers(self) -> Mapping[type[Decision], Handler]:
        return {
            ConveneConference: Handler(self._check_convene, self._convene),
            Designate: Handler(self._check_designate, self._designate),
        }

    def answered(self, request: Request, answer: Answer) -> None:
        if answer.reply.code is not ReplyCode.NOT_MINE:
            return
        # The inbox refuses what does not count; a polled department's answer has no door that could.
        if request.round.return_rights.refusal(answer.received_at) is None:
            request.bounces += 1

    def waits(self) -> Iterable[Wait]:
        for request in self._book.requests.values():
            if request.state is RequestState.DECISION and self._disputed(request):
                matter = Matter.CONFERENCE if request.conference else Matter.ANSWER
                why = f"two departments returned it, a conference must designate: {request.ask.key}"
                yield request.wait(matter, why)

    def takes_over(self, wait: Wait) -> bool:
        """Once the conference is convened, it is the conference that is waited for."""
        convened = {one.request_id for one in self.waits() if one.matter is Matter.CONFERENCE}
        return wait.matter is Matter.ANSWER and wait.request_id in convened

    def _disputed(self, request: Request) -> bool:
        """Its last word was "not mine", and nobody has ruled yet."""
        returned = request.round.reply is ReplyCode.NOT_MINE and request.round.ruling is None
        return returned and needs_conference(request.bounces)

    def _check_convene(self, command: ConveneConference) -> None:
        request = self._lookup.of_department(command)
        if not needs_conference(request.bounces):
            raise conflict("no-dispute", "fewer than two departments have returned this request")
        if request.conference:
            raise conflict("already-convened", "the conference is convened already")

    def _convene(self, command: ConveneConference) -> None:
        request = self._lookup.any(command)
        request.conference = True
        self._lookup.note(FactKind.CONFERENCE_CONVENED, command, request, participants=", ".join(command.participants))

    def _check_designate(self, command: Designate) -> None:
        request = self._lookup.of_department(command)
        if needs_conference(request.bounces) and not request.conference:
            raise conflict("conference-needed", "two departments returned it: convene the conference first")
        if request.bounces == 0:
            raise conflict("no-dispute", "nobody has returned this request; reassign it instead")
        self._lookup.room_for(len(command.support))

    def _designate(self, command: Designate) -> None:
        request = self._lookup.any(command)
        request.ruling = Ruling(command.minutes, command.to.code)
        self._book.ask_anew(request, command.to, note=command.reason, by=command.decided_by)
        self._lookup.note(
            FactKind.DESIGNATED,
            command,
            request,
            to=command.to.code,
            minutes=command.minutes,
            support=", ".join(route.code for route in command.support),
        )
        for number, route in enumerate(command.support, start=1):
            key = self._book.free_key(f"{request.ask.key[:24]}-help{number}")
            text = f"{command.minutes}: support {command.to.code} — {request.ask.text}"[:2_000]
            limits = {"reply_limit": request.repeatable_limit, "sign_limit": request.ask.sign_limit}
            helping = Ask(
                key=key, text=text, role=Role.SUPPORT, department=route.code, required=False, ruling=command.minutes
            ).model_copy(update=limits)
            self._book.add_ask(helping, route)
        self._book.write(
            FactKind.DIRECTORY_CHANGE_PROPOSED,
            request,
            actor=command.decided_by,
            data={"owner": command.to.code, "minutes": command.minutes},
        )
