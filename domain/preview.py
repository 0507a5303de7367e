"""What a plan would do if it were launched: every instant with its reason, nothing started."""

from datetime import datetime

from domain.clock import Clock, ClockKind, Due, due
from domain.codes import Role
from domain.ids import request_id, round_id
from domain.ladder import instants
from domain.limit import Limit
from domain.plan import Ask, AskKind, Plan
from domain.plan_completion import Circumstances
from domain.plan_order import earliest_starts
from domain.wire import Instant, Wire

_CLOCK_OF_KIND = {
    AskKind.DEPARTMENT: ClockKind.REPLY,
    AskKind.EXTERNAL: ClockKind.EXTERNAL_FOLLOW_UP,
    AskKind.STATUTORY_WAIT: ClockKind.STATUTORY_NOTICE,
}


class RungPreview(Wire):
    """A rung at the instant at which it would fire, already moved into office hours."""

    rung: str
    clock: ClockKind
    at: Instant
    tell: tuple[str, ...]


class AskPreview(Wire):
    """One ask of the plan with its clocks."""

    key: str
    kind: AskKind
    role: Role
    department: str | None = None
    party: str | None = None
    after: tuple[str, ...] = ()
    starts_at: Instant
    """The earliest possible start: the launch itself, or the earliest end of everything in `after`."""
    start_assumed: bool
    """True when the start depends on other asks: then all instants below move with it."""
    start_note_en: str
    start_note_zh: str
    due: Due | None = None
    """DEPARTMENT: reply. EXTERNAL: the clerk follows up. STATUTORY_WAIT: end of the period."""
    sign_due: Due | None = None
    rungs: tuple[RungPreview, ...] = ()
    sends: tuple[str, ...] = ()
    """Names of the case fields that would leave with this ask."""


class PlanPreview(Wire):
    """The completed plan (limits and fields filled in) and what it means in time."""

    case_id: str
    launch_at: Instant
    """The instant that the preview assumes for the launch."""
    plan: Plan
    asks: tuple[AskPreview, ...]
    calendar_version: str
    provisional: bool
    """At least one instant lies beyond the known calendar."""


def preview(case_id: str, completed: Plan, given: Circumstances) -> PlanPreview:
    """Derive every instant of a sound plan exactly as the running case would."""
    starts = earliest_starts(completed, given.calendar, given.launch_at)
    asks = tuple(_preview_ask(case_id, ask, starts[ask.key], given) for ask in completed.asks)
    dues = [one for ask in asks for one in (ask.due, ask.sign_due) if one is not None]
    return PlanPreview(
        case_id=case_id,
        launch_at=given.launch_at,
        plan=completed,
        asks=asks,
        calendar_version=given.calendar.version,
        provisional=any(one.provisional for one in dues),
    )


def _preview_ask(case_id: str, ask: Ask, start: datetime, given: Circumstances) -> AskPreview:
    reply = _clock(case_id, ask, _CLOCK_OF_KIND[ask.kind], ask.reply_limit, start)
    sign = _clock(case_id, ask, ClockKind.SIGN_FOR, ask.sign_limit, start)
    note_en, note_zh = _start_note(ask)
    return AskPreview(
        key=ask.key,
        kind=ask.kind,
        role=ask.role,
        department=ask.department,
        party=ask.party,
        after=ask.after,
        starts_at=start,
        start_assumed=bool(ask.after),
        start_note_en=note_en,
        start_note_zh=note_zh,
        due=due(reply, given.calendar) if reply else None,
        sign_due=due(sign, given.calendar) if sign else None,
        rungs=tuple(rung for clock in (sign, reply) if clock for rung in _rungs(clock, given)),
        sends=tuple(ask.fields),
    )


def _clock(case_id: str, ask: Ask, kind: ClockKind, limit: Limit | None, start: datetime) -> Clock | None:
    if limit is None:
        return None
    first_round = round_id(request_id(case_id, ask.key), 1)
    return Clock(clock_id=f"{first_round}.{kind.value}", kind=kind, started_at=start, limit=limit)


def _rungs(clock: Clock, given: Circumstances) -> tuple[RungPreview, ...]:
    scheduled = instants(given.policy.ladder, clock, given.calendar, urgent=given.urgent)
    return tuple(RungPreview(rung=one.rung.name, clock=clock.kind, at=one.at, tell=one.rung.tell) for one in scheduled)


def _start_note(ask: Ask) -> tuple[str, str]:
    if not ask.after:
        return "starts with the launch", "启动即开始"
    names = ", ".join(ask.after)
    return (
        f"earliest possible start: as soon as {names} has ended; every instant here moves with the real start",
        f"最早开始时间：{'、'.join(ask.after)}办结后；以下时间随实际开始时间顺延",
    )
