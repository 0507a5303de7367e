"""补正 and 一次性告知: one notice for everything that is missing, over all departments, told once."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field

from domain.decision import Decision
from domain.limit import Limit
from domain.material_name import material_key
from domain.rung_proof import ClockProofs
from domain.wire import Instant, Wire


class NeededMaterial(Wire):
    """One line of the notice."""

    name: str
    asked_by: tuple[str, ...]
    """Departments that need it."""
    held_by: str | None = None
    """The department that has it already: it is fetched there and the requester is not asked for it."""
    received_at: Instant | None = None
    received_as: str = ""

    @property
    def material(self) -> str:
        """Its short name, for addresses: `n-` and 16 hexadecimal characters of the name's SHA-256."""
        return f"n-{hashlib.sha256(material_key(self.name).encode()).hexdigest()[:16]}"


class SupplementSnapshot(Wire):
    """The notice and its clock. At most one is open in a case; what a department adds later joins it."""

    issued_at: Instant
    issued_by: str
    materials: tuple[NeededMaterial, ...]
    clock: ClockProofs | None = None
    """The requester's; None while all that is missing is fetched from departments."""
    due_at: Instant | None = None
    closed_at: Instant | None = None
    lapsed: bool = False
    """The requester did not supply in time: the duty leader decides."""


class IssueSupplementNotice(Decision):
    """Tell the requester everything that is missing, once. Departments' clocks stand still until it is there."""

    kind: Literal["issue_supplement_notice"] = "issue_supplement_notice"
    limit: Limit | None = None
    """Default: the district's supplement limit."""
    legal_basis: str = Field(min_length=1, max_length=500)


class ReceivedMaterial(Wire):
    name: str = Field(min_length=1, max_length=4_000)
    received_as: str = Field(default="", max_length=500)
    """Reference to the stored file, or how the paper came."""


class ReceiveSupplement(Decision):
    """What came. When everything is there, the departments' clocks resume and each is asked again at once."""

    kind: Literal["receive_supplement"] = "receive_supplement"
    received: tuple[ReceivedMaterial, ...] = Field(max_length=100)
    received_at: Instant | None = None
    """When it reached the window, if it is recorded later: timeliness is judged by it."""
    enough: bool = False
    """Go on although not everything came."""


def merge_materials(
    needs: Mapping[str, Sequence[str]], held_by: Mapping[str, str] | None = None
) -> tuple[NeededMaterial, ...]:
    """One list over all departments (code → names): duplicates dropped, what another department holds marked."""
    holders = {material_key(name): department for name, department in (held_by or {}).items()}
    merged: dict[str, NeededMaterial] = {}
    for department, names in needs.items():
        for name in names:
            key = material_key(name)
            known = merged.get(key) or NeededMaterial(name=name.strip(), asked_by=())
            if department not in known.asked_by:
                known = known.model_copy(update={"asked_by": (*known.asked_by, department)})
            merged[key] = known.model_copy(update={"held_by": holders.get(key)})
    return tuple(merged.values())
