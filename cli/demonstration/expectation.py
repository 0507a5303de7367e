"""Judges what became of a demonstration case against what its script expects."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cli import fact_text, labels
from cli.demonstration.script import Expectation
from cli.screen import in_both
from domain.codes import Outcome, ReplyCode
from domain.deferral import DeferralState, MaterialState
from domain.fact import FactKind

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
        wanted, got = (labels.chinese(Outcome, one) for one in (expect.outcome, seen.outcome))
        yield in_both(
            f"结果：预期 {wanted}，实际 {got}", f"outcome: expected {expect.outcome}, got {seen.outcome or 'none'}"
        )
    if seen.departments != tuple(sorted(expect.departments)):
        asked, found = ", ".join(sorted(expect.departments)), ", ".join(seen.departments)
        yield in_both(
            f"所派部门：预期 {asked or '无'}，实际 {found or '无'}",
            f"departments asked: expected {asked or 'none'}, got {found or 'none'}",
        )
    requests = {request.key: request for request in seen.requests}
    for key, code in expect.replies.items():
        reply = requests[key].reply if key in requests else None
        if reply is not code:
            told = [labels.chinese(ReplyCode, one) for one in (code, reply)]
            zh = f"{key}：预期答复 {told[0]}，实际 {told[1]}"
            yield in_both(zh, f"{key}: expected the reply {code}, got {reply or 'none'}")
    for on_time, keys in ((True, expect.in_time), (False, expect.late)):
        for key in keys:
            if key not in requests or requests[key].in_time is not on_time:
                zh = f"{key}：预期{'按时' if on_time else '逾期'}答复"
                yield in_both(zh, f"{key}: expected an answer {'in time' if on_time else 'that counts as late'}")
    for key, rungs in expect.rungs.items():
        fired = seen.rungs.get(key, ())
        if missing := [rung for rung in rungs if rung not in fired]:
            zh = f"{key}：未催办 {'、'.join(labels.rung(rung) for rung in missing)}"
            yield in_both(zh, f"{key}: rungs that did not fire: {', '.join(missing)}")
    yield from _fields(expect, seen)
    yield from _disputes(expect, seen)
    yield from _promises(expect, seen)
    yield from _records(expect, seen)
    yield from _requesters_reading(expect, seen)


def _fields(expect: Expectation, seen: ObservedCase) -> Iterator[str]:
    sent = {request.key: request.sent_fields for request in seen.requests}
    for key, fields in expect.sent.items():
        if missing := [field for field in fields if field not in sent.get(key, ())]:
            listed = ", ".join(missing)
            yield in_both(f"{key}：未提供给部门 {listed}", f"{key}: not sent to the department: {listed}")
    for key, fields in expect.never_sent.items():
        if leaked := [field for field in fields if field in sent.get(key, ())]:
            listed = ", ".join(leaked)
            en = f"{key}: sent to the department although it must not be: {listed}"
            yield in_both(f"{key}：不应提供给部门 {listed}", en)


def _disputes(expect: Expectation, seen: ObservedCase) -> Iterator[str]:
    requests = {request.key: request for request in seen.requests}
    for key, bounces in expect.bounces.items():
        got = requests[key].bounces if key in requests else 0
        if got != bounces:
            zh = f"{key}：预期退单 {bounces} 次，实际 {got} 次"
            yield in_both(zh, f"{key}: expected to be returned {bounces} times, got {got}")
    for key, declined in expect.declined.items():
        who = requests[key].declined if key in requests else ()
        if who != declined:
            wanted, by = ", ".join(declined), ", ".join(who)
            zh = f"{key}：预期由 {wanted} 退单，实际 {by or '无'}"
            yield in_both(zh, f"{key}: expected to be declined by {wanted}, got {by or 'nobody'}")
    counted = {one.key: one.due_days for one in seen.requests}
    counted |= {one.key: one.due_days for one in seen.materials}
    for key, days in expect.due_days.items():
        due = counted.get(key)
        if due is None or abs(due - days) > _DAY_TOLERANCE:
            after = "none" if due is None else f"{due:.2f}"
            zh = f"{key}：预期 {days:g} 天到期，实际 {after}"
            yield in_both(zh, f"{key}: expected to be due after {days:g} days, got {after}")


def _promises(expect: Expectation, seen: ObservedCase) -> Iterator[str]:
    if seen.interim is not expect.interim:
        wanted_zh, got_zh = (labels.chinese(Outcome, one) for one in (expect.interim, seen.interim))
        en = f"outcome meanwhile: expected {expect.interim or 'none'}, got {seen.interim or 'none'}"
        yield in_both(f"暂时结果：预期 {wanted_zh}，实际 {got_zh}", en)
    deferrals: dict[str, str] = {one.key: one.state for one in seen.deferrals}
    materials: dict[str, str] = {one.key: one.state for one in seen.materials}
    both = ((DeferralState, expect.deferrals, deferrals), (MaterialState, expect.materials, materials))
    for kind, wanted, found in both:
        for key, state in wanted.items():
            if found.get(key) != state:
                told = [labels.chinese(kind, one) for one in (state, found.get(key))]
                zh = f"{key}：预期 {told[0]}，实际 {told[1]}"
                yield in_both(zh, f"{key}: expected {state}, got {found.get(key, 'none')}")
    for material in seen.materials:
        if seen.outcome is Outcome.DONE and not _verified_before_the_end(material, seen):
            yield in_both(
                f"{material.key}：未核验就已办结", f"{material.key}: the case was closed before it was verified"
            )


def _verified_before_the_end(material: ObservedMaterial, seen: ObservedCase) -> bool:
    verified, closed = material.verified_at, seen.closed_at
    return verified is not None and closed is not None and verified <= closed


def _records(expect: Expectation, seen: ObservedCase) -> Iterator[str]:
    left = iter(seen.facts)
    if missing := [kind for kind in expect.facts if kind not in left]:
        yield in_both(
            f"缺少事实或顺序不符：{_facts(missing)}", f"facts missing, or not in this order: {', '.join(missing)}"
        )
    if found := [kind for kind in expect.no_facts if kind in seen.facts]:
        yield in_both(f"不应有的事实：{_facts(found)}", f"facts that must not be there: {', '.join(found)}")
    for wanted, link, zh, en in (
        (expect.same_facts, seen.same_facts_as, "同一事实", "the same facts as"),
        (expect.reopened, seen.reopened_from, "重办自", "a reopening of"),
    ):
        if wanted and link != seen.first_case:
            yield in_both(
                f"预期{zh} {seen.first_case or '首个案件'}，实际 {link or '无关联'}",
                f"expected {en} {seen.first_case or 'the first case'}, got {link or 'no link'}",
            )
    if expect.decided_by not in ("", seen.decided_by):
        yield in_both(
            f"签署人：预期 {expect.decided_by}，实际 {seen.decided_by or '无'}",
            f"signed by: expected {expect.decided_by}, got {seen.decided_by or 'nobody'}",
        )
    if expect.library_tag != seen.library_tag:
        yield in_both(
            f"案例标签：预期 {expect.library_tag or '无'}，实际 {seen.library_tag or '无'}",
            f"tag for the library: expected {expect.library_tag or 'none'}, got {seen.library_tag or 'none'}",
        )
    if expect.counted_in_rates is not seen.counted_in_rates:
        zh = "应计入办成率而未计入" if expect.counted_in_rates else "不应计入办成率而已计入"
        yield in_both(zh, f"counted in rates: expected {expect.counted_in_rates}, got {seen.counted_in_rates}")


def _requesters_reading(expect: Expectation, seen: ObservedCase) -> Iterator[str]:
    if unread := [words for words in expect.told if words not in seen.told]:
        listed = ", ".join(unread)
        yield in_both(f"反映人看不到：{listed}", f"the requester cannot read: {listed}")
    if expect.never_told and not seen.told:
        yield in_both("没有取得反映人所见的内容", "what the requester reads was not seen")
    if read := [words for words in expect.never_told if words in seen.told]:
        listed = ", ".join(read)
        yield in_both(f"反映人不应看到：{listed}", f"the requester reads what is not meant for them: {listed}")
    if expect.declined_told and expect.declined_told != seen.declined_told:
        wanted_told, told = ", ".join(expect.declined_told), ", ".join(seen.declined_told)
        yield in_both(
            f"告知反映人的退单部门：预期 {wanted_told}，实际 {told or '无'}",
            f"the requester is told who declined: expected {wanted_told}, got {told or 'nobody'}",
        )


def _facts(kinds: Iterable[FactKind]) -> str:
    return "、".join(fact_text.kind(kind) for kind in kinds)
