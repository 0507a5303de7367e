"""The reconciler: finds where store and engine tell different stories, and mends what has one right answer."""

import asyncio
import logging
import random
from collections import defaultdict
from datetime import timedelta
from enum import StrEnum
from typing import Final

from domain.codes import CaseStage
from domain.errors import ErrorCategory, LiandongError
from domain.fact import Fact, FactKind
from domain.ids import case_of
from domain.inbox import InboxEntry, InboxStatus
from domain.launch import CaseLaunch
from domain.snapshot import CaseSnapshot
from domain.wire import Wire
from services.office import Office
from services.refused_message import append_refusal

_log = logging.getLogger(__name__)

MOST_A_PASS: Final = 200
_LOOKS_BACK: Final = timedelta(days=30)
"""A process that comes back after longer than this finds such answers by the invariant checker alone."""
_ON_ITS_WAY_SECONDS: Final = 0.5
"""A projection that is behind for no longer than this is merely being written."""


class ReconcileReport(Wire):
    """Case ids by what was done with them."""

    projected: tuple[str, ...] = ()
    """The projection was behind the engine and has caught up."""
    restarted: tuple[str, ...] = ()
    """The engine had taken the case over and lost it before anybody was spoken to: it was started again."""
    intents_finished: tuple[str, ...] = ()
    """The engine had the case, the intent did not say so."""
    missing: tuple[str, ...] = ()
    """The engine has no trace of a case that departments have been asked about: started anew, it would know nothing of
    what was said, so a person must look."""
    failing: tuple[str, ...] = ()
    """The engine cannot move these cases."""
    unreadable: tuple[str, ...] = ()
    """The engine has these cases but cannot show them."""
    set_aside: tuple[str, ...] = ()
    """An answer had been handed over at the very moment at which its round ended otherwise: it is late, not applied."""

    @property
    def quiet(self) -> bool:
        return not any(getattr(self, name) for name in type(self).model_fields)


class _Finding(StrEnum):
    PROJECTED = "projected"
    RESTARTED = "restarted"
    INTENT_FINISHED = "intents_finished"
    MISSING = "missing"
    UNREADABLE = "unreadable"


async def reconcile(office: Office) -> ReconcileReport:
    """Compare launched, unfinished cases. Raises UNAVAILABLE when the engine is away; a case that alone cannot be shown
    is reported.

    Reading a case costs the engine a replay, so a pass takes a random 200 when there are more; repeated passes
    reach all of them.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for case_id in await _unfinished(office):
        for finding in await _compare(office, case_id):
            found[finding.value].append(case_id)
    found["set_aside"] = await _set_aside(office)
    failing = await office.engine.failing_cases()
    report = ReconcileReport.model_validate({**found, "failing": tuple(sorted(failing))})
    if not report.quiet:
        _log.warning("store and engine differed: %s", report.model_dump_json(exclude_defaults=True))
    return report


async def _set_aside(office: Office) -> list[str]:
    """The engine took the answer, and something else in the same turn (a decision, a clock) had ended the round before
    the answer was looked at."""
    since = office.time.now() - _LOOKS_BACK
    found = []
    async with office.store.reading() as session:
        entries = await session.inbox.applied_in_vain(since, MOST_A_PASS)
    for entry in entries:
        why = "the round was over before this message took effect"
        async with office.store.writing() as session:
            if await session.inbox.set_aside(entry, why):
                await append_refusal(session, _late(office, entry, why))
                found.append(case_of(entry.message.request_id) or "")
    return sorted(set(found))


def _late(office: Office, entry: InboxEntry, why: str) -> Fact:
    rule = InboxStatus.LATE.value.lower()
    return Fact(
        fact_id=f"{entry.entry_id}.{rule}",
        case_id=case_of(entry.message.request_id) or "",
        kind=FactKind.MESSAGE_REFUSED,
        at=office.time.now(),
        actor=f"department:{entry.department}",
        request_id=entry.message.request_id,
        round=entry.message.round,
        data={"entry": entry.entry_id, "rule": rule, "why": why},
    )


async def _unfinished(office: Office) -> list[str]:
    found: list[str] = []
    for stage in (CaseStage.LAUNCHING, CaseStage.COORDINATING):
        after = ""
        while True:
            async with office.store.reading() as session:
                ids = await session.cases.ids(stage=stage, after=after)
            if not ids:
                break
            found.extend(ids)
            after = ids[-1]
    return found if len(found) <= MOST_A_PASS else random.sample(found, MOST_A_PASS)


async def _compare(office: Office, case_id: str) -> list[_Finding]:
    try:
        live = await office.engine.snapshot(case_id)
    except LiandongError as error:
        if error.category is ErrorCategory.UNAVAILABLE and await office.engine.ready() is not None:
            raise
        if error.category is ErrorCategory.NOT_FOUND:
            return await _unknown_to_engine(office, case_id)
        return [_Finding.UNREADABLE]
    except Exception:
        # One broken case must not keep the others from being compared
        _log.exception("the engine cannot show %s", case_id)
        return [_Finding.UNREADABLE]
    return await _catch_up(office, case_id, live)


async def _unknown_to_engine(office: Office, case_id: str) -> list[_Finding]:
    async with office.store.reading() as session:
        record = await session.cases.get(case_id)
        intent = await session.intents.get(case_id)
        spoken = bool(await session.exchanges.of_case(case_id) or await session.inbox.of_case(case_id))
    if record.stage is CaseStage.CLOSED:
        return []
    if record.snapshot is not None or intent is None:
        return [_Finding.MISSING]
    if intent.done_at is None:
        # Ordered and not yet started: that is the relay's ordinary work
        return []
    if spoken:
        return [_Finding.MISSING]
    # First rounds go out beside their record, so an empty projection alone does not say that nobody was asked; what is
    # said is kept before it leaves. A worker apart from the store keeps it elsewhere: what it has sent goes out again
    # under the same key, which departments know as the same request.
    await office.engine.start(CaseLaunch.model_validate_json(intent.launch_json))
    return [_Finding.RESTARTED]


async def _catch_up(office: Office, case_id: str, live: CaseSnapshot) -> list[_Finding]:
    if await _behind(office, case_id, live):
        await asyncio.sleep(_ON_ITS_WAY_SECONDS)
    findings = []
    async with office.store.writing() as session:
        record = await session.cases.get(case_id, lock=True)
        intent = await session.intents.get(case_id)
        if intent is not None and intent.done_at is None:
            await session.intents.save(intent.model_copy(update={"done_at": office.time.now(), "last_error": None}))
            findings.append(_Finding.INTENT_FINISHED)
        if record.stage is CaseStage.LAUNCHING:
            await session.cases.save(record.model_copy(update={"stage": CaseStage.COORDINATING}))
        if live.version > record.version and await session.cases.project(live):
            findings.append(_Finding.PROJECTED)
    return findings


async def _behind(office: Office, case_id: str, live: CaseSnapshot) -> bool:
    async with office.store.reading() as session:
        return live.version > (await session.cases.get(case_id)).version
