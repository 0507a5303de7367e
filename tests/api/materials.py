"""A promised material as a running case shows it."""

from datetime import UTC, datetime

from domain.clock import Clock, ClockKind
from domain.deferral import (
    Channel,
    DeferralSnapshot,
    DeferralState,
    Instrument,
    MaterialSnapshot,
    MaterialState,
    Submission,
)
from domain.limit import Limit
from domain.rung_proof import ClockProofs
from domain.supplement import NeededMaterial, SupplementSnapshot

START = datetime(2023, 1, 3, 2, 0, tzinfo=UTC)
DUE = datetime(2023, 1, 10, 9, 0, tzinfo=UTC)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def proofs(kind: ClockKind) -> ClockProofs:
    return ClockProofs(clock=Clock(clock_id="c", kind=kind, started_at=START, limit=Limit.parse("5 working_days")))


def deferral(
    case_id: str,
    *submissions: Submission,
    verifier: str = "market",
    instrument: Instrument = Instrument.ISSUE_THEN_VERIFY,
) -> DeferralSnapshot:
    request = f"{case_id}.dissolve"
    material = MaterialSnapshot(
        material_id=f"{request}-m1",
        request_id=request,
        name="新法定代表人身份证原件",
        channels=(Channel.POST, Channel.ONLINE),
        verifier=verifier,
        form="原件",
        holder="新法定代表人本人",
        method="与远程视频记录比对",
        state=MaterialState.PROMISED,
        clock=proofs(ClockKind.DEFERRED_MATERIAL),
        due_at=DUE,
        submissions=submissions,
    )
    return DeferralSnapshot(
        request_id=request,
        instrument=instrument,
        state=DeferralState.RUNNING,
        commitment="本人承诺\n五个工作日内邮寄原件。",
        remote_check="远程视频核验 13912345678 本人，通过。",
        materials=(material,),
    )


def submission(number: int, sha256: str) -> Submission:
    return Submission(number=number, at=START, channel=Channel.ONLINE, sha256=sha256, file_ref=f"{sha256}.pdf")


def notice() -> SupplementSnapshot:
    return SupplementSnapshot(
        issued_at=START,
        issued_by="user:duty_leader",
        materials=(
            NeededMaterial(name="租赁合同", asked_by=("market", "police")),
            NeededMaterial(name="户籍证明", asked_by=("market",), held_by="police"),
        ),
        clock=proofs(ClockKind.SUPPLEMENT),
        due_at=DUE,
    )
