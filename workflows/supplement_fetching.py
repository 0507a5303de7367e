"""What departments hold already is fetched there, by requests of their own."""

from collections.abc import Collection, Iterator
from datetime import datetime
from functools import partial

from domain.clock import ClockKind
from domain.codes import RequestState, Role
from domain.department import DepartmentRoute
from domain.fact import FactKind
from domain.limit import Limit
from domain.material_name import same_material
from domain.plan import Ask
from domain.supplement import NeededMaterial
from workflows.announcer import Announcer
from workflows.casebook import Casebook
from workflows.request import Request
from workflows.subject import Expiry
from workflows.supplement_notice import Notice, among

DEFAULT_LIMIT = Limit.parse("5 working_days")


class Fetching:
    def __init__(self, book: Casebook, announcer: Announcer) -> None:
        self._book = book
        self._announcer = announcer

    def holder(self, material: NeededMaterial, fetched: Collection[str]) -> DepartmentRoute | None:
        """The way to the department that has it already and has not been asked for it."""
        if material.received_at is not None or material.name in fetched:
            return None
        return self._book.routes.get(material.held_by or "")

    def fetch(self, notice: Notice, number_of_notice: int) -> None:
        """Ask every department that holds something which the notice names."""
        for number, material in enumerate(notice.materials, start=1):
            route = self.holder(material, notice.fetching.values())
            if route is None:
                continue
            if not self._book.has_room():
                # What joins a notice cannot be refused: the requester is asked for it after all.
                self.left_to_requester(notice, material.name)
                continue
            ask = Ask(
                key=self._book.free_key(f"fetch{number_of_notice}-{number}"),
                text=f"hand over what you hold already: {material.name}"[:2_000],
                role=Role.SUPPORT,
                department=route.code,
                required=False,
                fetches=material.name,
            ).model_copy(update={"reply_limit": self._book.launch.supplement_limit or DEFAULT_LIMIT})
            fetching = self._book.add_ask(ask, route)
            notice.fetching[fetching.request_id] = material.name

    def left_to_requester(self, notice: Notice, name: str) -> None:
        """The department does not have it after all: now it is the requester's to bring."""
        material = among(notice.materials, name)
        if material is None or material.held_by is None or material.received_at is not None:
            return
        self._announcer.tell("supplement_notice", ("requester", "clerk"), demands_action=True)
        notice.materials = tuple(
            material.model_copy(update={"held_by": None}) if same_material(material.name, name) else material
            for material in notice.materials
        )

    def expiries(self, notice: Notice) -> Iterator[Expiry]:
        """When a department has had its time to hand over what it holds."""
        for request in self._unanswered(notice):
            due = request.round.watch.due_at(ClockKind.REPLY)
            if due is not None and request.request_id not in notice.silent:
                opening = request.rules.calendar.next_office_instant(due)
                yield Expiry(opening, partial(self._silent, notice, request))

    def silences(self, notice: Notice) -> Iterator[str]:
        """Who keeps the case waiting for a material that the requester need not bring."""
        for request in self._unanswered(notice):
            if request.request_id in notice.silent:
                holder = request.round.route.code if request.round.route else ""
                yield f"{holder} has not handed over: {notice.fetching[request.request_id]}"

    def recounted(self, notice: Notice, now: datetime) -> None:
        """Whoever has time again by the new count is not called silent."""
        due = {name: self._book.requests[name].round.watch.due_at(ClockKind.REPLY) for name in notice.silent}
        notice.silent -= {name for name, at in due.items() if at is not None and at > now}

    def _unanswered(self, notice: Notice) -> Iterator[Request]:
        for name in notice.fetching:
            if self._book.requests[name].state is RequestState.OPEN:
                yield self._book.requests[name]

    def _silent(self, notice: Notice, request: Request) -> None:
        notice.silent.add(request.request_id)
        self._book.write(FactKind.HOLDER_SILENT, request, data={"missing": notice.fetching[request.request_id]})
