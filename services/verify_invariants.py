"""The invariant checker: used by tests, by fault drills and in production."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Final, NamedTuple

from domain import invariants, invariants_people
from domain.audit_chain import AuditHead
from domain.case import CaseRecord
from domain.errors import ErrorCategory, LiandongError
from domain.invariants import Check, Evidence, Finding
from domain.invariants_clocks import no_silent_clock
from domain.invariants_time import no_silent_deadline
from domain.launch import CaseLaunch, CaseResult
from domain.snapshot import CaseSnapshot
from domain.working_calendar import WorkingCalendar
from services.counter_ladder import planned_at
from services.live_snapshot import CaseSilent
from services.office import Office
from services.watch_first_contact import overdue_rung
from services.watch_triage import decision_rungs

__all__ = ["CHECKS", "Finding", "verify"]

CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("I1", invariants.one_run),
    ("I2", invariants.one_terminal_state),
    ("I2", invariants_people.waived_by_two),
    ("I3", invariants.nothing_lost),
    ("I3", invariants.nothing_deniable),
    ("I4", invariants.one_effect),
    ("I5", invariants.owned),
    ("I6", no_silent_deadline),
    ("I6", no_silent_clock),
    ("I8", invariants.same_story),
    ("I8", invariants.history_there),
    ("I10", invariants.complete_record),
    ("I11", invariants.outcome_once),
)
AUDIT: Final = "audit"
"""Stands where a finding names its case: the audit belongs to none."""
_SECOND_LOOK_SECONDS: Final = 1.0


class _Around(NamedTuple):
    """The same for all cases of one check."""

    calendar: WorkingCalendar
    history_kept_for: timedelta


async def verify(
    office: Office,
    progress: Callable[[int], None] | None = None,
    noted: AuditHead | None = None,
    unexamined: Callable[[str], None] | None = None,
) -> tuple[Finding, ...]:
    """Check every case and the audit; `progress` is called with the number of cases checked so far.

    `noted`: an end of the audit's chain that somebody wrote down earlier. `unexamined` is called with each closed case
    that the engine rightly has no history of any more: its store alone was checked. What is found in a case is looked
    at again a moment later: only what is still broken counts, not what was on its way.
    Raises UNAVAILABLE when the engine is away: half a check would pass for a whole one. A case that alone cannot be
    shown is a finding.
    """
    findings: list[Finding] = [
        Finding(invariant="I9", case_id=case_id, detail="the engine cannot move it")
        for case_id in await office.engine.failing_cases()
    ]
    async with office.store.reading() as session:
        broken = await session.audit.problems(noted)
    findings.extend(Finding(invariant="I10", case_id=AUDIT, detail=detail) for detail in broken)
    around = _Around(await office.calendar.current(), await office.engine.keeps_history_for())
    sources: dict[tuple[str, str], str] = {}
    checked = 0
    async for case_id in _all_cases(office):
        seen, found = await _examine(office, case_id, around, sources)
        if found:
            await asyncio.sleep(_SECOND_LOOK_SECONDS)
            seen, still = await _examine(office, case_id, around, sources)
            findings.extend(finding for finding in found if finding in still)
        if unexamined is not None and seen is not None and seen.past_history:
            unexamined(case_id)
        checked += 1
        if progress is not None:
            progress(checked)
    return tuple(findings)


async def _examine(
    office: Office, case_id: str, around: _Around, sources: dict[tuple[str, str], str]
) -> tuple[Evidence | None, list[Finding]]:
    try:
        evidence = await _evidence(office, case_id, around)
    except Exception as error:
        if isinstance(error, LiandongError) and error.category is ErrorCategory.UNAVAILABLE:
            raise
        why = str(error) if isinstance(error, CaseSilent) else getattr(error, "code", type(error).__name__)
        return None, [Finding(invariant="I9", case_id=case_id, detail=f"it cannot be examined: {why}")]
    return evidence, [*_check(evidence), *_same_matter(evidence.record, sources)]


def _check(evidence: Evidence) -> list[Finding]:
    return [
        Finding(invariant=number, case_id=evidence.case_id, detail=detail)
        for number, check in CHECKS
        for detail in check(evidence)
    ]


def _same_matter(record: CaseRecord, sources: dict[tuple[str, str], str]) -> list[Finding]:
    external_id = record.registration.external_id
    if external_id is None:
        return []
    first = sources.setdefault((record.registration.source, external_id), record.case_id)
    if first == record.case_id:
        return []
    return [Finding(invariant="I1", case_id=record.case_id, detail=f"the same matter as {first}")]


async def _all_cases(office: Office) -> AsyncIterator[str]:
    after = ""
    while True:
        async with office.store.reading() as session:
            ids = await session.cases.ids(after=after)
        for case_id in ids:
            yield case_id
        if not ids:
            return
        after = ids[-1]


async def _evidence(office: Office, case_id: str, around: _Around) -> Evidence:
    # The engine first: the store is behind it, never ahead
    live, result = await _engine_side(office, case_id)
    async with office.store.reading() as session:
        record = await session.cases.get(case_id)
        intent = await session.intents.get(case_id)
        facts = await session.facts.of_case(case_id)
        chain_problems = await session.facts.problems(case_id)
        inbox = await session.inbox.of_case(case_id)
        exchanges = await session.exchanges.of_case(case_id)
        follow_ups = await session.follow_ups.of_case(case_id)
        for order in follow_ups:
            # Only that they can be read: the relay passes over those that cannot
            await session.rating_links.of_follow_up(order.follow_up_id)
    return Evidence(
        record=record,
        facts=facts,
        chain_problems=chain_problems,
        inbox=inbox,
        exchanges=exchanges,
        follow_ups=follow_ups,
        launch=CaseLaunch.model_validate_json(intent.launch_json) if intent else None,
        ordered=intent is not None and intent.done_at is None,
        live=live,
        result=result,
        history_kept_for=around.history_kept_for,
        contact_owed_at=planned_at(overdue_rung(office), record, record.first_contact_due_at, around.calendar),
        decision_rungs=decision_rungs(office, record, around.calendar),
        now=office.time.now(),
    )


async def _engine_side(office: Office, case_id: str) -> tuple[CaseSnapshot | None, CaseResult | None]:
    live: CaseSnapshot | None = None
    try:
        live = await office.engine.snapshot(case_id)
        return live, await office.engine.result(case_id)
    except LiandongError as error:
        # A run that ended without a result is named by `failing_cases`
        if error.category in (ErrorCategory.NOT_FOUND, ErrorCategory.CONFLICT):
            return live, None
        if error.category is ErrorCategory.UNAVAILABLE and await office.engine.ready() is None:
            # The others can be examined still
            raise CaseSilent("the engine is there and cannot show it") from error
        raise
