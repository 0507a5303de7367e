"""One notice of what is missing, as plain state."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.material_name import same_material
from domain.supplement import NeededMaterial
from workflows.clock_set import ClockSet


@dataclass
class Notice:
    """The one notice while it is open, and the last one afterwards."""

    issued_at: datetime
    issued_by: str
    legal_basis: str
    materials: tuple[NeededMaterial, ...]
    watch: ClockSet
    fetching: dict[str, str]
    """Request id of a fetch → name of its material."""
    closed_at: datetime | None = None
    lapsed: bool = False

    @property
    def open(self) -> bool:
        return self.closed_at is None

    @property
    def missing(self) -> list[NeededMaterial]:
        return [material for material in self.materials if material.received_at is None]

    def receive(self, name: str, received_as: str, at: datetime) -> None:
        self.materials = tuple(
            material.model_copy(update={"received_at": at, "received_as": received_as})
            if material.received_at is None and same_material(material.name, name)
            else material
            for material in self.materials
        )


def as_known(material: NeededMaterial, known: Iterable[NeededMaterial]) -> NeededMaterial:
    """What became of it since the notice first named it."""
    earlier = among(known, material.name)
    return material if earlier is None else earlier.model_copy(update={"asked_by": material.asked_by})


def among(materials: Iterable[NeededMaterial], name: str) -> NeededMaterial | None:
    return next((material for material in materials if same_material(material.name, name)), None)


def names_of(materials: Iterable[NeededMaterial]) -> str:
    return "; ".join(material.name for material in materials)
