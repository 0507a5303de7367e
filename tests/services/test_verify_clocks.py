"""Invariant I6 outside of rounds: a clock whose rungs left no proof is found, whatever it watches."""

from datetime import datetime

import pytest

from domain.clock import Clock, ClockKind
from domain.deferral import DeferralSnapshot, DeferralState, Instrument, MaterialSnapshot, MaterialState
from domain.joint_decision import DangerousAct, Proposal
from domain.ladder import instants
from domain.limit import Limit
from domain.rung_proof import ClockProofs, RungProof
from domain.supplement import SupplementSnapshot
from services import verify_invariants
from services.order_follow_ups import order_follow_ups
from services.verify_invariants import verify
from tests.services.conftest import Window
from tests.services.test_after_outcome import explained


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_invariants, "_SECOND_LOOK_SECONDS", 0.0)


def clock(kind: ClockKind, since: datetime) -> Clock:
    return Clock(clock_id=f"c.{kind.value}", kind=kind, started_at=since, limit=Limit.parse("1 working_days"))


async def silent(window: Window, place: str) -> list[str]:
    """Names of the rungs that the checker misses at this place."""
    told = [one.detail for one in await verify(window.office) if one.invariant == "I6"]
    return [detail.split(": ")[1].split(" ")[0] for detail in told if detail.startswith(f"{place}: ")]


@pytest.mark.parametrize(
    ("state", "false", "found"),
    [
        (MaterialState.VERIFYING, False, 0),
        (MaterialState.SUSPECT, False, 0),
        (MaterialState.FAILED, False, 1),
        (MaterialState.VERIFYING, True, 1),
    ],
)
async def test_the_second_person_of_a_revocation_is_chased_unless_a_paper_is_looked_at(
    window: Window, state: MaterialState, false: bool, found: int
) -> None:
    record = await window.launched()
    request = f"{record.case_id}.dissolve"
    material = MaterialSnapshot(
        material_id=f"{request}-m1", request_id=request, name="card", verifier="market", state=state, found_false=false
    )
    broken = DeferralSnapshot(
        request_id=request,
        instrument=Instrument.ISSUE_THEN_VERIFY,
        state=DeferralState.REVOCATION_PROPOSED,
        materials=(material,),
    )
    act = Proposal(
        proposal_id="revoke",
        act=DangerousAct.REVOKE,
        proposed_by="user:leader",
        proposed_at=window.wall.at,
        reason="not supplied",
        legal_basis="art. 69",
    )
    await window.engine.show(record.case_id, deferrals=(broken,), proposals=(act,))
    told = [one.detail for one in await verify(window.office)]
    assert told.count("an act waits for its second person and nobody is chased for it") == found


async def test_a_notice_a_material_and_a_rectification_without_proofs_are_found(window: Window) -> None:
    record = await window.launched()
    launch = window.engine.launches[record.case_id]
    case, since, request = record.case_id, window.wall.at, f"{record.case_id}.dissolve"
    kinds = {
        f"{case}.supplement": ClockKind.SUPPLEMENT,
        f"{case}.dissolve-m1": ClockKind.DEFERRED_MATERIAL,
        f"{case}.dissolve.rectify": ClockKind.RECTIFICATION,
    }

    async def show(*, proved: bool) -> None:
        shown = {}
        for kind in kinds.values():
            running = clock(kind, since)
            rungs = instants(launch.ladder, running, launch.calendar, urgent=False) if proved else ()
            proofs = [
                RungProof(rung=one.rung.name, clock=kind, planned_at=one.at, fired_at=one.at, result="delivered")
                for one in rungs
            ]
            shown[kind] = ClockProofs(clock=running, rungs=tuple(proofs))
        notice = SupplementSnapshot(
            issued_at=since, issued_by="user:leader", materials=(), clock=shown[ClockKind.SUPPLEMENT]
        )
        material = MaterialSnapshot(
            material_id=f"{case}.dissolve-m1",
            request_id=request,
            name="card",
            verifier="market",
            state=MaterialState.PROMISED,
            clock=shown[ClockKind.DEFERRED_MATERIAL],
        )
        deferral = DeferralSnapshot(
            request_id=request,
            instrument=Instrument.ISSUE_THEN_VERIFY,
            state=DeferralState.RECTIFYING,
            materials=(material,),
            rectification=shown[ClockKind.RECTIFICATION],
        )
        await window.engine.show(case, supplement=notice, deferrals=(deferral,))

    await show(proved=False)
    assert [await silent(window, place) for place in kinds] == [[], [], []]
    window.wall.wait(days=5)
    ends = {"supplement_lapsed", "material_overdue", "rectification_failed"}
    assert ends <= {rung for place in kinds for rung in await silent(window, place)}
    await show(proved=True)
    assert [await silent(window, place) for place in kinds] == [[], [], []]


async def test_a_call_that_nobody_was_reminded_of_is_found(window: Window) -> None:
    closed, _ = await explained(window)
    await order_follow_ups(window.office)
    place = f"{closed.case_id}.followup1.call"
    assert await silent(window, place) == []
    window.wall.wait(days=20)
    assert "follow_up_overdue" in await silent(window, place)
