"""Judges what became of a demonstration case against what its script expects."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cli.demonstration.script import Expectation
from domain.codes import Outcome, ReplyCode
from domain.deferral import DeferralState, MaterialState

_DAY_TOLERANCE = 0.05


@dataclass(frozen=True)
class ObservedRequest:
    """What the public API said about one ask at the end."""

    key: str
    department: str | None
    party: str | None = None
    reply: ReplyCode | None = None
    due_at: datetime | None = None
    received_at: datetime | None = None
    in_time: bool | None = None
    rungs: tuple[str, ...] = ()
    sent_fields: tuple[str, ...] = ()
    text: str = ""
    bounces: int = 0
    declined: tuple[str, ...] = ()
    """Departments that returned it."""
    due_days: float | None = None


@dataclass(frozen=True)
class ObservedMaterial:
    """What became of one promised material. `key` is its id without the case number."""

    key: str
    name: str
    verifier: str
    state: MaterialState
    due_at: datetime | None = None
    due_days: float | None = None
    came_at: datetime | None = None
    verified_at: datetime | None = None
    rungs: tuple[str, ...] = ()


@dataclass(frozen=True)
class ObservedDeferral:
    """One conditional acceptance. `key` is that of its ask."""

    key: str
    state: DeferralState
    overridden: bool = False
    materials: tuple[ObservedMaterial, ...] = ()
    rectify_rungs: tuple[str, ...] = ()


@dataclass(frozen=True)
class ObservedCase:
    case_id: str
    outcome: Outcome | None
    requests: tuple[ObservedRequest, ...] = ()
    deferrals: tuple[ObservedDeferral, ...] = ()
    interim: Outcome | None = None
    """The outcome that stood before the final one."""
    closed_at: datetime | None = None
    facts: tuple[str, ...] = ()
    told: str = ""
    """All that the requester could read at the end."""
    declined_told: tuple[str, ...] = ()
    decided_by: str = ""
    library_tag: str | None = None
    counted_in_rates: bool = True
    same_facts_as: str | None = None
    reopened_from: str | None = None
    first_case: str = ""
    """Where the story began; the case itself, unless it is a sequel."""
    refusals: tuple[str, ...] = field(default=())
    """What the API refused, as the script wanted it to."""
    trouble: str = ""
    """What stopped the run of this case; empty when it went through."""

    @property
    def departments(self) -> tuple[str, ...]:
        return tuple(sorted({request.department for request in self.requests if request.department}))

    @property
    def materials(self) -> tuple[ObservedMaterial, ...]:
        return tuple(material for deferral in self.deferrals for material in deferral.materials)

    @property
    def rungs(self) -> Mapping[str, tuple[str, ...]]:
        """By ask, by material, and by `<ask>-rectify`."""
        asked = {one.key: one.rungs for one in self.requests}
        promised = {one.key: one.rungs for one in self.materials}
        return asked | promised | {f"{one.key}-rectify": one.rectify_rungs for one in self.deferrals}


def misses(expect: Expectation, seen: ObservedCase) -> tuple[str, ...]:
    """Every difference between script and reality, in words; empty when all is as expected."""
    return tuple(_misses(expect, seen))


def _misses(expect: Expectation, seen: ObservedCase) -> Iterator[str]:
    if seen.trouble:
        yield seen.trouble
    if seen.outcome is not expect.outcome:
        yield f"outcome: expected {expect.outcome}, got {seen.outcome or 'none'}"
    if seen.departments != tuple(sorted(expect.departments)):
        yield f"departments asked: expected {_listed(expect.departments)}, got {_listed(seen.departments)}"
    requests = {request.key: request for request in seen.requests}
    for key, code in expect.replies.items():
        got = requests[key].reply if key in requests else None
        if got is not code:
            yield f"{key}: expected the reply {code}, got {got or 'none'}"
    for wanted, keys in ((True, expect.in_time), (False, expect.late)):
        for key in keys:
            if key not in requests or requests[key].in_time is not wanted:
                yield f"{key}: expected an answer {'in time' if wanted else 'that counts as late'}"
    for key, rungs in expect.rungs.items():
        fired = seen.rungs.get(key, ())
        if missing := [rung for rung in rungs if rung not in fired]:
            yield f"{key}: rungs that did not fire: {', '.join(missing)}"
    yield from _fields(expect, seen)
    yield from _disputes(expect, seen)
    yield from _promises(expect, seen)
    yield from _records(expect, seen)
    yield from _requesters_reading(expect, seen)


def _fields(expect: Expectation, seen: ObservedCase) -> Iterator[str]:
    sent = {request.key: request.sent_fields for request in seen.requests}
    for key, fields in expect.sent.items():
        if missing := [field for field in fields if field not in sent.get(key, ())]:
            yield f"{key}: not sent to the department: {', '.join(missing)}"
    for key, fields in expect.never_sent.items():
        if leaked := [field for field in fields if field in sent.get(key, ())]:
            yield f"{key}: sent to the department although it must not be: {', '.join(leaked)}"


def _disputes(expect: Expectation, seen: ObservedCase) -> Iterator[str]:
    requests = {request.key: request for request in seen.requests}
    for key, bounces in expect.bounces.items():
        got = requests[key].bounces if key in requests else 0
        if got != bounces:
            yield f"{key}: expected to be returned {bounces} times, got {got}"
    for key, declined in expect.declined.items():
        who = requests[key].declined if key in requests else ()
        if who != declined:
            yield f"{key}: expected to be declined by {', '.join(declined)}, got {', '.join(who) or 'nobody'}"
    counted = {one.key: one.due_days for one in seen.requests}
    counted |= {one.key: one.due_days for one in seen.materials}
    for key, days in expect.due_days.items():
        due = counted.get(key)
        if due is None or abs(due - days) > _DAY_TOLERANCE:
            yield f"{key}: expected to be due after {days:g} days, got {'none' if due is None else f'{due:.2f}'}"


def _promises(expect: Expectation, seen: ObservedCase) -> Iterator[str]:
    if seen.interim is not expect.interim:
        yield f"outcome meanwhile: expected {expect.interim or 'none'}, got {seen.interim or 'none'}"
    deferrals: dict[str, str] = {one.key: one.state for one in seen.deferrals}
    materials: dict[str, str] = {one.key: one.state for one in seen.materials}
    for wanted, found in ((expect.deferrals, deferrals), (expect.materials, materials)):
        for key, state in wanted.items():
            if found.get(key) != state:
                yield f"{key}: expected {state}, got {found.get(key, 'none')}"
    for material in seen.materials:
        if seen.outcome is Outcome.DONE and not _verified_before_the_end(material, seen):
            yield f"{material.key}: the case was closed before it was verified"


def _verified_before_the_end(material: ObservedMaterial, seen: ObservedCase) -> bool:
    verified, closed = material.verified_at, seen.closed_at
    return verified is not None and closed is not None and verified <= closed


def _records(expect: Expectation, seen: ObservedCase) -> Iterator[str]:
    left = iter(seen.facts)
    if missing := [kind for kind in expect.facts if kind not in left]:
        yield f"facts missing, or not in this order: {', '.join(missing)}"
    if found := [kind for kind in expect.no_facts if kind in seen.facts]:
        yield f"facts that must not be there: {', '.join(found)}"
    for wanted, link, what in (
        (expect.same_facts, seen.same_facts_as, "the same facts as"),
        (expect.reopened, seen.reopened_from, "a reopening of"),
    ):
        if wanted and link != seen.first_case:
            yield f"expected {what} {seen.first_case or 'the first case'}, got {link or 'no link'}"
    if expect.decided_by not in ("", seen.decided_by):
        yield f"signed by: expected {expect.decided_by}, got {seen.decided_by or 'nobody'}"
    if expect.library_tag != seen.library_tag:
        yield f"tag for the library: expected {expect.library_tag or 'none'}, got {seen.library_tag or 'none'}"
    if expect.counted_in_rates is not seen.counted_in_rates:
        yield f"counted in rates: expected {expect.counted_in_rates}, got {seen.counted_in_rates}"


def _requesters_reading(expect: Expectation, seen: ObservedCase) -> Iterator[str]:
    if unread := [words for words in expect.told if words not in seen.told]:
        yield f"the requester cannot read: {', '.join(unread)}"
    if expect.never_told and not seen.told:
        yield "what the requester reads was not seen"
    if read := [words for words in expect.never_told if words in seen.told]:
        yield f"the requester reads what is not meant for them: {', '.join(read)}"
    if expect.declined_told and expect.declined_told != seen.declined_told:
        told = ", ".join(seen.declined_told) or "nobody"
        yield f"the requester is told who declined: expected {', '.join(expect.declined_told)}, got {told}"


def _listed(codes: Iterable[str]) -> str:
    return ", ".join(sorted(codes)) or "none"
