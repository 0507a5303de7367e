"""What only the requester can bring: what is awaited, what was handed in, and whether it can be handed in online."""

from collections.abc import Iterator

from domain.codes import RequestState
from domain.deferral import Channel, DeferralSnapshot, DeferralState, MaterialSnapshot, MaterialState
from domain.requester_text import CHANNELS, MATERIALS, Words, both, local
from domain.snapshot import CaseSnapshot
from domain.supplement import NeededMaterial, SupplementSnapshot
from domain.wire import Instant, Wire

_AWAITED = (MaterialState.PROMISED, MaterialState.REJECTED, MaterialState.OVERDUE)
_LOOKED_AT = (MaterialState.SUBMITTED, MaterialState.VERIFYING)
_PROMISE_STANDS = (DeferralState.RUNNING, DeferralState.RECTIFYING)


class ToSupply(Wire):
    """One material, as its requester sees it."""

    material: str
    """Under which the requester hands it in: neither the case number nor the material's name."""
    name: str
    until: Instant | None
    channels: tuple[Words, ...] = ()
    """Empty: any way."""
    form: str = ""
    holder: str = ""
    """Where to get it."""
    status: Words
    awaited: bool
    """It is the requester's turn."""
    online: bool
    """The requester can hand it in through the own door now."""
    noticed: bool
    """The notice names it; otherwise it was promised."""
    handed_in_at: Instant | None = None


def promised_material(material: MaterialSnapshot) -> str:
    """The short name of a promised material: its number without the case's."""
    return material.material_id.partition(".")[2]


def to_supply(snapshot: CaseSnapshot, *, verified: bool = False) -> tuple[ToSupply, ...]:
    """Everything that the requester has to bring or has brought; what is verified only where it is wanted."""
    notice = _noticed(snapshot, snapshot.supplement) if snapshot.supplement else ()
    promised = (one for deferral in snapshot.deferrals for one in _promised(deferral, verified=verified))
    return (*notice, *promised)


def _noticed(snapshot: CaseSnapshot, notice: SupplementSnapshot) -> Iterator[ToSupply]:
    for line in notice.materials:
        if line.received_at is not None and line.held_by is None:
            status = _handed_in(line.received_at, looked_at=_looked_at(snapshot, line))
            yield _line(notice, line, status, awaited=False)
        elif line.received_at is None and line.held_by is None and notice.closed_at is None:
            # What a department has already is fetched there
            status = MATERIALS[MaterialState.OVERDUE if notice.lapsed else MaterialState.PROMISED]
            yield _line(notice, line, status, awaited=True)


def _line(notice: SupplementSnapshot, line: NeededMaterial, status: Words, *, awaited: bool) -> ToSupply:
    return ToSupply(
        material=line.material,
        name=line.name,
        until=notice.due_at,
        status=status,
        awaited=awaited,
        online=awaited,
        noticed=True,
        handed_in_at=line.received_at,
    )


def _looked_at(snapshot: CaseSnapshot, line: NeededMaterial) -> bool:
    """A department that needed it has its turn again."""
    asked = set(line.asked_by)
    return any(one.state is RequestState.OPEN and one.department in asked for one in snapshot.requests)


def _promised(deferral: DeferralSnapshot, *, verified: bool) -> Iterator[ToSupply]:
    for material in deferral.materials:
        if verified or material.state is not MaterialState.VERIFIED:
            latest = material.submissions[-1].at if material.submissions else None
            awaited = _awaited(deferral, material)
            looked_at = latest is not None and material.state in _LOOKED_AT
            yield ToSupply(
                material=promised_material(material),
                name=material.name,
                until=material.due_at,
                channels=tuple(CHANNELS[channel] for channel in material.channels),
                form=material.form,
                holder=material.holder,
                status=_handed_in(latest, looked_at=True)
                if latest and looked_at
                else MATERIALS[_said(material, awaited)],
                awaited=awaited,
                online=awaited and (not material.channels or Channel.ONLINE in material.channels),
                noticed=False,
                handed_in_at=latest,
            )


def _awaited(deferral: DeferralSnapshot, material: MaterialSnapshot) -> bool:
    """Late is not never: a revocation that is only proposed can still be averted, unless a paper was found false."""
    if deferral.state is DeferralState.REVOCATION_PROPOSED:
        given_up = material.state in (*_AWAITED, MaterialState.FAILED)
        return given_up and not any(one.found_false for one in deferral.materials)
    return material.state in _AWAITED and deferral.state in _PROMISE_STANDS


def _said(material: MaterialSnapshot, awaited: bool) -> MaterialState:
    return MaterialState.OVERDUE if awaited and material.state is MaterialState.FAILED else material.state


def _handed_in(at: Instant, *, looked_at: bool) -> Words:
    if looked_at:
        return both(f"已于 {local(at)} 提交，正在核验", f"handed in on {local(at)}, being looked at")
    return both(f"已于 {local(at)} 提交", f"handed in on {local(at)}")
