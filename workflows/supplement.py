"""补正: one notice for everything that is missing, one clock for the requester, and what comes of it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial

from temporalio import workflow

from domain.codes import ReplyCode, RequestState
from domain.decision import Decision
from domain.errors import conflict, invalid
from domain.fact import ENGINE, FactKind
from domain.later_list import LaterList
from domain.material_name import same_material
from domain.receipt import receipt
from domain.reply import Answer, NeedMore
from domain.supplement import (
    IssueSupplementNotice,
    NeededMaterial,
    ReceiveSupplement,
    merge_materials,
)
from domain.waiting import Matter, Wait
from workflows.announcer import Announcer
from workflows.casebook import Casebook, iso
from workflows.clock_set import ClockSet, Rules
from workflows.request import Request
from workflows.request_lookup import RequestLookup
from workflows.subject import Expiry, Handler, Subject
from workflows.supplement_fetching import DEFAULT_LIMIT, Fetching
from workflows.supplement_notice import Notice, among, as_known, names_of


class Supplement(Subject):
    def __init__(self, book: Casebook, lookup: RequestLookup, announcer: Announcer) -> None:
        self._book = book
        self._announcer = announcer
        self._lookup = lookup
        self._fetching = Fetching(book, announcer)
        self._notice: Notice | None = None
        self._notices = 0
        self._watches: list[ClockSet] = []
        self._asked_at: datetime | None = None
        """When the requester was first told of something missing."""

    def handlers(self) -> Mapping[type[Decision], Handler]:
        return {
            IssueSupplementNotice: Handler(self._check_issue, self._issue),
            ReceiveSupplement: Handler(self._check_receive, self._receive),
        }

    def clock_sets(self) -> Iterable[ClockSet]:
        return self._watches

    def expiries(self) -> Iterable[Expiry]:
        notice = self._notice
        if notice is None or not notice.open or not self._needing(RequestState.SUPPLEMENT):
            return
        opening = self._book.launch.calendar.next_office_instant
        if notice.own_missing and not notice.lapsed and notice.due_at is not None:
            yield Expiry(opening(notice.due_at), partial(self._lapse, notice))
        yield from self._fetching.expiries(notice)

    def answered(self, request: Request, answer: Answer) -> None:
        joined = self._out()
        if answer.reply.code is ReplyCode.NEED_MORE:
            if request.later_list is not None:
                self._mark(request, request.later_list)
            if joined is not None:
                self._join(joined, request)
        notice = self._notice
        if notice is not None and notice.open and request.request_id in notice.fetching:
            self._fetched(notice, notice.fetching[request.request_id], answer)

    def ended(self, request: Request) -> None:
        notice = self._notice
        if notice is None or not notice.open:
            return
        if request.request_id in notice.fetching:
            self._fetching.left_to_requester(notice, notice.fetching[request.request_id])
            notice.keep_clock(workflow.now())
        self._close_if_needless(notice)

    def asked_anew(self, request: Request) -> None:
        if self._notice is not None and self._notice.open:
            self._notice.silent.discard(request.request_id)
            self._close_if_needless(self._notice)

    def counted_anew(self) -> None:
        if self._notice is not None:
            self._notice.counted_anew(workflow.now())

    def _close_if_needless(self, notice: Notice) -> None:
        """Nobody waits for these materials any more: the requester is told so, and not reminded of them again."""
        if not self._needing(RequestState.SUPPLEMENT):
            self._close(notice)
            self._announcer.tell("supplement_not_needed", ("requester", "clerk"))

    def _out(self) -> Notice | None:
        """The notice while the requester has time and somebody waits for the materials."""
        notice = self._notice
        running = notice is not None and notice.open and not notice.lapsed
        return notice if running and self._needing(RequestState.SUPPLEMENT) else None

    def _join(self, notice: Notice, request: Request) -> None:
        """Told once: what another department needs as well joins the notice that is out already."""
        known = notice.materials
        request.state = RequestState.SUPPLEMENT
        notice.materials = self._merged(known)
        self._fetching.fetch(notice, self._notices)
        self._book.write(FactKind.SUPPLEMENT_NOTICE, request, data={"materials": names_of(notice.missing)})
        if any(one.held_by is None and among(known, one.name) is None for one in notice.missing):
            self._announcer.tell("supplement_notice", ("requester", "clerk"), demands_action=True)
        notice.keep_clock(workflow.now())
        if not notice.missing:
            self._complete(notice)

    def _mark(self, request: Request, later: LaterList) -> None:
        """The full list is told once; a department that asks for more after all is held to it."""
        self._announcer.tell("later_list", ("duty_leader", "clerk"))
        self._book.write(FactKind.LATER_LIST, request, data={"text": later.text})

    def waits(self) -> Iterable[Wait]:
        for request in self._needing(RequestState.DECISION):
            if request.later_list is not None:
                yield request.wait(Matter.ANSWER, request.later_list.text)
        notice = self._notice
        if notice is None or not notice.open or not self._needing(RequestState.SUPPLEMENT):
            return
        late = [*self._fetching.silences(notice)]
        if notice.lapsed and notice.own_missing:
            late.append(f"the requester has not supplied: {names_of(notice.own_missing)}")
        if late:
            yield Wait(matter=Matter.SUPPLEMENT, about=notice.watch.subject, why="; ".join(late))

    def shown(self) -> Mapping[str, object]:
        return {} if self._notice is None else {"supplement": self._notice.snapshot()}

    def _check_issue(self, _command: IssueSupplementNotice) -> None:
        notice, needing = self._notice, self._needing(RequestState.DECISION)
        told = notice is not None and notice.open and self._needing(RequestState.SUPPLEMENT)
        if notice is not None and told and not (notice.lapsed and needing):
            raise conflict("notice-out-already", "the requester has been told; a later need joins that notice")
        if not needing:
            raise conflict("nothing-missing", "no department has said that it needs more")
        before = notice if notice is not None and notice.open else None
        materials = self._merged(before.materials if before is not None else ())
        fetched = before.fetching.values() if before is not None else ()
        self._lookup.room_for(sum(self._fetching.holder(one, fetched) is not None for one in materials))

    def _issue(self, command: IssueSupplementNotice) -> None:
        now, launch = workflow.now(), self._book.launch
        before = self._notice if self._notice is not None and self._notice.open else None
        if before is not None:
            # It lapsed, or nobody waits for it any more: what is still needed gets a notice and a clock of its own.
            self._close(before)
        self._notices += 1
        subject = f"{launch.case_id}.supplement{self._notices}"
        watch = ClockSet(subject, 1, Rules.of(launch))
        self._watches.append(watch)
        limit = command.limit or launch.supplement_limit or DEFAULT_LIMIT
        fetching = dict(before.fetching) if before is not None else {}
        notice = Notice(now, command.decided_by, command.legal_basis, (), watch, limit, fetching)
        self._asked_at = self._asked_at or now
        for request in self._needing(RequestState.DECISION):
            request.state = RequestState.SUPPLEMENT
        self._notice = notice
        notice.materials = self._merged(before.materials if before is not None else ())
        self._fetching.fetch(notice, self._notices)
        notice.keep_clock(now)
        told = {"materials": names_of(notice.materials), "due_at": iso(notice.due_at)}
        self._lookup.note(FactKind.SUPPLEMENT_NOTICE, command, None, legal_basis=command.legal_basis, **told)
        if notice.own_missing:
            self._announcer.tell("supplement_notice", ("requester", "clerk"), demands_action=True)

    def _check_receive(self, command: ReceiveSupplement) -> None:
        notice = self._notice
        if notice is None or not notice.open:
            raise conflict("no-notice-out", "nothing has been asked of the requester")
        self._received_at(command, notice)
        for index, one in enumerate(command.received):
            if not any(same_material(material.name, one.name) for material in notice.materials):
                raise invalid("not-asked-for", "the notice does not name this material", field=f"received.{index}.name")
        if not command.received and not command.enough:
            raise invalid("nothing-received", "name what came, or say that it is enough", field="received")

    def _receive(self, command: ReceiveSupplement) -> None:
        notice = self._notice
        if notice is None:
            return
        at = self._received_at(command, notice)
        for one in command.received:
            notice.receive(one.name, one.received_as, at)
        names = ", ".join(one.name for one in command.received)
        told = {"received": names, "missing": names_of(notice.missing), "received_at": iso(command.received_at)}
        self._lookup.note(FactKind.SUPPLEMENT_RECEIVED, command, None, **told)
        if notice.lapsed and notice.came_in_time():
            notice.lapsed = False
            self._book.write(FactKind.SUPPLEMENT_IN_TIME, data={"received": names_of(notice.own)})
        notice.keep_clock(workflow.now())
        if command.enough or not notice.missing:
            self._complete(notice, by=command.decided_by)

    def _received_at(self, command: ReceiveSupplement, notice: Notice) -> datetime:
        return receipt(command.received_at, asked_at=self._asked_at or notice.issued_at, now=workflow.now())

    def _fetched(self, notice: Notice, name: str, answer: Answer) -> None:
        if answer.reply.code is ReplyCode.ACCEPTED:
            notice.receive(name, f"department: {answer.ref}", workflow.now())
            if not notice.missing:
                self._complete(notice)
            return
        self._fetching.left_to_requester(notice, name)
        notice.keep_clock(workflow.now())

    def _complete(self, notice: Notice, by: str = ENGINE) -> None:
        """Everything is there: each department's clock resumes with its next turn."""
        now = workflow.now()
        self._close(notice)
        came = names_of([material for material in notice.materials if material.received_at])
        for request in self._needing(RequestState.SUPPLEMENT):
            why = "waiting for the requester's materials"
            request.go_on(now, note=f"received: {came}"[:2_000], waited=why, legal_basis=notice.legal_basis, by=by)
            self._book.write(FactKind.RESUMED, request, data={"received": came})

    def _close(self, notice: Notice) -> None:
        notice.closed_at = workflow.now()
        notice.watch.close(notice.closed_at)

    def _lapse(self, notice: Notice) -> None:
        notice.lapsed = True
        self._book.write(FactKind.SUPPLEMENT_LAPSED, data={"missing": names_of(notice.own_missing)})

    def _needing(self, state: RequestState) -> list[Request]:
        return [
            request
            for request in self._book.requests.values()
            if request.state is state and request.round.reply is ReplyCode.NEED_MORE
        ]

    def _merged(self, before: tuple[NeededMaterial, ...]) -> tuple[NeededMaterial, ...]:
        needs: dict[str, list[str]] = {}
        for request in self._book.requests.values():
            last = request.round.answer if request.rounds else None
            waiting = request.state in (RequestState.DECISION, RequestState.SUPPLEMENT)
            if waiting and last is not None and isinstance(last.reply, NeedMore):
                needs.setdefault(request.responsible or "", []).extend(last.reply.materials)
        merged = tuple(as_known(one, before) for one in merge_materials(needs, self._book.launch.held_by))
        came = [one for one in before if one.received_at is not None and among(merged, one.name) is None]
        return (*merged, *came)
