"""The requester hands a material in: a promised one, or one that the notice names. Nobody on staff is asked for it."""

import hashlib
from typing import Final

from domain.case import CaseRecord
from domain.deferral import Channel, SubmitMaterial
from domain.errors import ErrorCategory, LiandongError, conflict, not_found, unavailable
from domain.requester_text import Words
from domain.snapshot import CaseSnapshot
from domain.supplement import ReceivedMaterial, ReceiveSupplement
from domain.to_supply import ToSupply, promised_material, to_supply
from domain.wire import Instant, Wire
from services.decide import carry_out
from services.live_snapshot import live_snapshot
from services.material_file import HandedIn, KeptFile, examine_file, keep_file
from services.office import Office

REQUESTER: Final = "requester"
_HANDED_IN: Final = "反映人网上提交 · handed in online by the requester"
_NOT_AWAITED: Final = "material-not-awaited"
_WORDS: Final = {
    "case-ended": "the case has ended: ask the window",
    _NOT_AWAITED: "this material is not awaited now: see where the case stands",
    "channel-not-agreed": "this material was to come another way: see the agreed ways",
}
_ELSEWHERE: Final = "this cannot be handed in now: see where the case stands, or ask the window"
_SAME: Final = {
    "deferral-not-running": _NOT_AWAITED,
    "no-notice-out": _NOT_AWAITED,
    "not-asked-for": _NOT_AWAITED,
    "no-such-material": _NOT_AWAITED,
    "case-not-running": "case-ended",
}


class MaterialReceipt(Wire):
    case_id: str
    material: str
    name: str
    sha256: str
    handed_in_at: Instant
    status: Words


async def hand_in_material(
    office: Office, record: CaseRecord, material: str, key: str, file: HandedIn
) -> MaterialReceipt:
    """For the holder of the progress code alone, who has opened `record` with it. The same file again gets the same
    receipt, under whatever key. It is judged by when it reached us, however long the rest takes.

    Raises NOT_FOUND `no-such-material`, CONFLICT `case-ended`, `material-not-awaited`, `not-coordinating` or
    `idempotency-key-reused`, INVALID `channel-not-agreed` or what `examine_file` raises, TOO_LARGE, UNAVAILABLE: then
    the case knows nothing of it and the same file may be sent again under the same key.
    """
    received_at = office.time.now()
    before = await _live(office, record)
    wanted = _named(before, material)
    examined = await examine_file(file)
    if not wanted.awaited and _sha256_of_latest(before, material) == examined.sha256:
        return _receipt(record, wanted, examined.sha256)
    _check_awaited(wanted)
    kept = await keep_file(office, examined)
    command = _command(record, wanted, key, kept)
    # The same file sent again comes later: by when it came is no part of what was said under the key
    complete = command.model_copy(update={"received_at": received_at})
    try:
        after = await carry_out(office, record, command, complete)
    except LiandongError as error:
        refusal = _plain(error)
        if error.category is not ErrorCategory.CONFLICT or refusal.code != _NOT_AWAITED:
            raise refusal from error
        # Perhaps the very file came a moment ago by another connection
        after = await _live(office, record)
    if _sha256_of_latest(after, material) != kept.sha256:
        raise _spoken(ErrorCategory.CONFLICT, _NOT_AWAITED)
    return _receipt(record, _named(after, material), kept.sha256)


async def _live(office: Office, record: CaseRecord) -> CaseSnapshot:
    """Nothing is kept for a case that cannot be told of it now."""
    if record.outcome is not None:
        raise _spoken(ErrorCategory.CONFLICT, "case-ended")
    if record.launched_at is None:
        raise conflict("not-coordinating", "this case is not being coordinated")
    snapshot = await live_snapshot(office, record.case_id)
    if snapshot is None:
        raise unavailable("engine-unavailable", "this cannot be taken in now; send the same again")
    if snapshot.outcome is not None:
        raise _spoken(ErrorCategory.CONFLICT, "case-ended")
    return snapshot


def _named(snapshot: CaseSnapshot, material: str) -> ToSupply:
    for one in to_supply(snapshot, verified=True):
        if one.material == material:
            return one
    raise not_found("no-such-material", "nothing by this name is asked of the requester")


def _check_awaited(wanted: ToSupply) -> None:
    if not wanted.awaited:
        raise _spoken(ErrorCategory.CONFLICT, _NOT_AWAITED)
    if not wanted.online:
        raise _spoken(ErrorCategory.INVALID, "channel-not-agreed")


def _command(record: CaseRecord, wanted: ToSupply, key: str, kept: KeptFile) -> SubmitMaterial | ReceiveSupplement:
    seal = hashlib.sha256(f"{record.case_id}\n{wanted.material}\n{key}".encode()).hexdigest()[:40]
    said = {"command_id": f"hand-in.{seal}", "decided_by": REQUESTER, "reason": _HANDED_IN}
    if wanted.noticed:
        received = (ReceivedMaterial(name=wanted.name, received_as=kept.reference),)
        return ReceiveSupplement.model_validate({**said, "received": received})
    about = {"material_id": f"{record.case_id}.{wanted.material}", "channel": Channel.ONLINE}
    return SubmitMaterial.model_validate({**said, **about, "sha256": kept.sha256, "file_ref": kept.reference})


def _sha256_of_latest(snapshot: CaseSnapshot, material: str) -> str | None:
    for line in snapshot.supplement.materials if snapshot.supplement else ():
        if line.material == material:
            return line.received_as.partition(".")[0]
    for deferral in snapshot.deferrals:
        for one in deferral.materials:
            if promised_material(one) == material and one.submissions:
                return one.submissions[-1].sha256
    return None


def _receipt(record: CaseRecord, came: ToSupply, sha256: str) -> MaterialReceipt:
    if came.handed_in_at is None:
        raise _spoken(ErrorCategory.CONFLICT, _NOT_AWAITED)
    return MaterialReceipt(
        case_id=record.case_id,
        material=came.material,
        name=came.name,
        sha256=sha256,
        handed_in_at=came.handed_in_at,
        status=came.status,
    )


def _plain(error: LiandongError) -> LiandongError:
    """A refusal of the engine may name staff and departments: the requester is told its code in plain words."""
    if error.category is ErrorCategory.UNAVAILABLE or error.code == "idempotency-key-reused":
        return error
    code = _SAME.get(error.code, error.code)
    return _spoken(error.category if code == error.code else ErrorCategory.CONFLICT, code)


def _spoken(category: ErrorCategory, code: str) -> LiandongError:
    return LiandongError(category, code, _WORDS.get(code, _ELSEWHERE))
