"""More time, a pause, and periods that end by themselves."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from pydantic import ValidationError
from temporalio import workflow

from domain.clock import Clock, ClockError, ClockKind, Extension, extend, pause, resume
from domain.codes import ReplyCode, RequestState
from domain.decision import Decision
from domain.errors import conflict
from domain.fact import FactKind
from domain.plan import AskKind
from domain.reply import ExtensionRequested
from domain.time_decision import AnswerExtension, ExtendRequest, PauseRequest, ResumeRequest
from workflows.announcer import Announcer
from workflows.casebook import Casebook, iso
from workflows.request import Request
from workflows.request_lookup import RequestLookup
from workflows.subject import Expiry, Handler, Subject


class TimeDecision(Subject):
    def __init__(self, book: Casebook, lookup: RequestLookup, announcer: Announcer) -> None:
        self._book = book
        self._announcer = announcer
        self._lookup = lookup

    def handlers(self) -> Mapping[type[Decision], Handler]:
        return {
            ExtendRequest: Handler(self._check_extend, self._extend),
            AnswerExtension: Handler(self._check_answer, self._answer),
            PauseRequest: Handler(self._check_pause, self._pause),
            ResumeRequest: Handler(self._check_resume, self._resume),
        }

    def expiries(self) -> Iterable[Expiry]:
        """Statutory periods that end."""
        for request in self._book.open_requests():
            if request.ask.kind is AskKind.STATUTORY_WAIT:
                ends = request.round.watch.due_at(ClockKind.STATUTORY_NOTICE)
                if ends is not None:
                    yield Expiry(ends, partial(self._wait_over, request))

    def _wait_over(self, request: Request) -> None:
        ends = request.round.watch.due_at(ClockKind.STATUTORY_NOTICE) or workflow.now()
        request.answer_by_clock("the statutory period has passed", "clock", ends, workflow.now())
        self._book.write(FactKind.WAIT_OVER, request, data={"ended_at": ends.isoformat()})

    def _check_extend(self, command: ExtendRequest) -> None:
        request = self._lookup.open(command)
        _or_refuse(lambda: self._extended(request, command))

    def _extend(self, command: ExtendRequest) -> None:
        request = self._lookup.any(command)
        self._move(command, request, self._extended(request, command), limit=str(command.limit))
        self._announcer.tell("extension_granted", ("requester", "clerk"))

    def _check_answer(self, command: AnswerExtension) -> None:
        request = self._lookup.of_department(command)
        if request.state is not RequestState.DECISION or request.round.reply is not ReplyCode.EXTENSION_REQUESTED:
            raise conflict("no-extension-asked", "this department has not asked for time")
        if command.granted:
            _or_refuse(lambda: self._granted(request, command))

    def _answer(self, command: AnswerExtension) -> None:
        request = self._lookup.any(command)
        granted = self._granted(request, command) if command.granted else None
        before = request.round.watch.due_at(ClockKind.REPLY)
        request.go_on(workflow.now(), note=command.reason, by=command.decided_by)
        if granted is None:
            self._lookup.note(FactKind.EXTENSION_REFUSED, command, request)
            return
        self._announcer.tell("extension_granted", ("requester", "clerk"))
        request.round.watch.change(granted, workflow.now())
        after = request.round.watch.due_at(ClockKind.REPLY)
        moved = {"due_before": iso(before), "due_after": iso(after)}
        self._lookup.note(FactKind.EXTENDED, command, request, **moved)

    def _check_pause(self, command: PauseRequest) -> None:
        request = self._lookup.open(command)
        _or_refuse(lambda: self._paused(request, command))

    def _pause(self, command: PauseRequest) -> None:
        request = self._lookup.any(command)
        request.round.watch.change(self._paused(request, command), workflow.now())
        self._lookup.note(FactKind.PAUSED, command, request, legal_basis=command.legal_basis)

    def _check_resume(self, command: ResumeRequest) -> None:
        request = self._lookup.open(command)
        _or_refuse(lambda: resume(_reply_clock(request), workflow.now()))

    def _resume(self, command: ResumeRequest) -> None:
        request = self._lookup.any(command)
        request.round.watch.change(resume(_reply_clock(request), workflow.now()), workflow.now())
        due = request.round.watch.due_at(ClockKind.REPLY)
        self._lookup.note(FactKind.RESUMED, command, request, due_after=iso(due))

    def _move(self, command: ExtendRequest, request: Request, clock: Clock, **data: str) -> None:
        before = request.round.watch.due_at(ClockKind.REPLY)
        request.round.watch.change(clock, workflow.now())
        after = request.round.watch.due_at(ClockKind.REPLY)
        moved = {"due_before": iso(before), "due_after": iso(after)}
        self._lookup.note(FactKind.EXTENDED, command, request, **data, **moved)

    def _extended(self, request: Request, command: ExtendRequest) -> Clock:
        now, launch = workflow.now(), self._book.launch
        limit = command.limit
        extension = Extension(
            granted_at=now,
            granted_by=command.decided_by,
            reason=command.reason,
            limit=limit if limit.date is None else None,
            until=limit.date,
        )
        return extend(_reply_clock(request), extension, launch.calendar, asked_at=now, at_most=launch.max_extensions)

    def _granted(self, request: Request, command: AnswerExtension) -> Clock:
        asked = request.round.answer
        wanted = asked.reply.until if asked and isinstance(asked.reply, ExtensionRequested) else None
        now, launch = workflow.now(), self._book.launch
        extension = Extension(
            granted_at=now, granted_by=command.decided_by, reason=command.reason, until=command.until or wanted
        )
        running = _reply_clock(request).model_copy(update={"stopped_at": None})
        asked_at = request.round.received_at or now
        return extend(running, extension, launch.calendar, asked_at=asked_at, at_most=launch.max_extensions)

    def _paused(self, request: Request, command: PauseRequest) -> Clock:
        return pause(
            _reply_clock(request),
            workflow.now(),
            command.reason,
            legal_basis=command.legal_basis,
            counts_in_limit=command.counts_in_limit,
        )


def _reply_clock(request: Request) -> Clock:
    return request.round.watch.clock(ClockKind.REPLY)


def _or_refuse(attempt: Callable[[], object]) -> None:
    try:
        attempt()
    except ClockError as error:
        raise conflict(error.code.replace("_", "-"), str(error)) from error
    except ValidationError as error:
        raise conflict("date-too-far", "no calendar reaches so far: name an earlier date, or refuse") from error
