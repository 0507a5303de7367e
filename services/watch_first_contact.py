"""The ladder of the first contact: somebody is reminded, and when nobody spoke to the requester in time, told so."""

from typing import Final

from domain.case import CaseRecord
from domain.clock import ClockKind
from domain.ladder import Rung, RungWhen
from services.counter_ladder import CounterLadder, Owed, climb
from services.office import Office

_FALLBACK: Final = Rung(
    name="first_contact_overdue",
    clock=ClockKind.FIRST_CONTACT,
    when=RungWhen(relation="at"),
    tell=("duty_leader",),
    channel="notice",
)
"""A policy without a rung for the first contact does not make its silence go unnoticed."""


async def watch_first_contact(office: Office) -> int:
    """Returns how many rungs were proved."""
    ladder = CounterLadder(
        kind=ClockKind.FIRST_CONTACT,
        rungs=_rungs(office),
        owed=_owed,
        proof_id=lambda record, rung: f"{record.case_id}.{rung.name}",
    )
    return await climb(office, ladder)


def overdue_rung(office: Office) -> Rung:
    """The policy's first rung for a first contact that is overdue."""
    return next((rung for rung in _of_policy(office) if rung.when.relation in ("at", "after")), _FALLBACK)


def _owed(record: CaseRecord) -> Owed | None:
    return None if record.first_contact else (record.first_contact_clock, record.first_contact_due_at)


def _of_policy(office: Office) -> tuple[Rung, ...]:
    return tuple(rung for rung in office.policy.ladder.rungs if rung.clock is ClockKind.FIRST_CONTACT)


def _rungs(office: Office) -> tuple[Rung, ...]:
    rungs, overdue = _of_policy(office), overdue_rung(office)
    return rungs if overdue in rungs else (*rungs, overdue)
