"""Outages of departments' systems: facts of the rounds that they hold up, and pauses where the policy says so."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from temporalio import workflow

from domain.clock import ClockKind
from domain.fact import FactKind
from domain.outage import MOST_OUTAGES, PAUSED_CLOCKS, Outage, OutageNote, OutagePause, OutageSnapshot, hold, rule_for
from workflows.casebook import Casebook, iso
from workflows.request import Request
from workflows.round import Round
from workflows.subject import Expiry, Subject

MOST_PER_ROUND = 2 * MOST_OUTAGES
"""A round has a delivery and a wait, and a wait that heard news begins anew."""


class Outages(Subject):
    """A case is told by those who are held up; it never asks. Each outage counts once, however often it is told."""

    def __init__(self, book: Casebook) -> None:
        self._book = book

    def take(self, note: OutageNote) -> None:
        """Repeated, late and unknown notes are passed over, in whatever order begin and end arrive."""
        request = self._book.requests.get(note.request_id)
        if request is None or len(request.rounds) < note.round:
            return
        round_ = request.rounds[note.round - 1]
        if round_.ended and not round_.withdrawing:
            return
        if note.began and note.outage is not None:
            self._begin(request, round_, note.outage_id, note.outage)
        elif not note.began:
            round_.outages_over.add(note.outage_id)
            if round_.outage_id == note.outage_id:
                self.over(request, round_)

    def over(self, request: Request, round_: Round) -> None:
        """The system was reached, or nobody tries to reach it any more."""
        if round_.outage_id is None or round_.outage is None:
            return
        resumed = round_.end_outage(workflow.now())
        round_.outage_id = None
        if resumed:
            self._resumed(request, round_, "the system is back")
        told = {"since": iso(round_.outage.since), "why": f"the round is over: {round_.end}" if round_.end else None}
        self._book.write(FactKind.OUTAGE_ENDED, request, round_, data=told)

    def expiries(self) -> Iterable[Expiry]:
        """A policy's pause that is used up: the clock runs on although the system is still down."""
        for request in self._book.open_requests():
            watch = request.round.watch
            ends = [running.runs_on_at for running in watch.clocks.values() if running.runs_on_at is not None]
            if ends:
                yield Expiry(min(ends), partial(self._used_up, request, request.round))

    def _begin(self, request: Request, round_: Round, outage_id: str, outage: Outage) -> None:
        known = outage_id in round_.outages_told or outage_id in round_.outages_over
        if known or round_.outage_id is not None or len(round_.outages_told) >= MOST_PER_ROUND:
            return
        now = workflow.now()
        round_.outages_told.add(outage_id)
        round_.outage_id = outage_id
        round_.outage = OutageSnapshot(since=min(outage.since, now), cause=outage.cause, noted_at=now)
        told = {"since": iso(round_.outage.since), "cause": outage.cause}
        self._book.write(FactKind.OUTAGE_BEGAN, request, round_, data=told)
        rule = rule_for(self._book.launch.outage_pauses, round_.route.code) if round_.route else None
        if rule is not None and not round_.ended:
            self._pause(request, round_, outage, rule)

    def _pause(self, request: Request, round_: Round, outage: Outage, rule: OutagePause) -> None:
        now, watch = workflow.now(), round_.watch
        held: list[ClockKind] = []
        for kind in PAUSED_CLOCKS:
            due_at = watch.due_at(kind)
            if due_at is None or due_at <= now:
                continue
            paused = hold(watch.clock(kind), now, outage.cause, rule, watch.rules.calendar)
            if paused is not None:
                watch.change(paused, now)
                held.append(kind)
        if held:
            told = {"clocks": ", ".join(held), "legal_basis": rule.legal_basis, "at_most": str(rule.at_most)}
            told |= {"reason": f"system outage: {outage.cause}"}
            self._book.write(FactKind.PAUSED, request, round_, data={**told, "until": iso(_latest(round_))})

    def _used_up(self, request: Request, round_: Round) -> None:
        if round_.watch.run_on(workflow.now()):
            self._resumed(request, round_, "an outage pauses no longer than the policy allows")

    def _resumed(self, request: Request, round_: Round, why: str) -> None:
        due = {f"{kind}_due": iso(round_.watch.due_at(kind)) for kind in PAUSED_CLOCKS}
        self._book.write(FactKind.RESUMED, request, round_, data={"reason": why, **due})


def _latest(round_: Round) -> datetime | None:
    """When the last of the paused clocks runs on by itself."""
    ends = [one.runs_on_at for one in round_.watch.clocks.values() if one.runs_on_at is not None]
    return max(ends, default=None)
