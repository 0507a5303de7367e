"""One notice of what is missing, as plain state."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from domain.clock import Clock, ClockKind
from domain.limit import Limit
from domain.material_name import same_material
from domain.supplement import NeededMaterial, SupplementSnapshot
from workflows.clock_set import ClockSet


@dataclass
class Notice:
    """The one notice while it is open, and the last one afterwards."""

    issued_at: datetime
    issued_by: str
    legal_basis: str
    materials: tuple[NeededMaterial, ...]
    watch: ClockSet
    """The requester's clock; none while nothing is asked of the requester."""
    limit: Limit
    fetching: dict[str, str]
    """Request id of a fetch → name of its material."""
    silent: set[str] = field(default_factory=set)
    """Fetches whose time is over without an answer."""
    closed_at: datetime | None = None
    lapsed: bool = False

    @property
    def open(self) -> bool:
        return self.closed_at is None

    @property
    def missing(self) -> list[NeededMaterial]:
        return [material for material in self.materials if material.received_at is None]

    @property
    def own(self) -> list[NeededMaterial]:
        """What the requester brings."""
        return [material for material in self.materials if material.held_by is None]

    @property
    def own_missing(self) -> list[NeededMaterial]:
        return [material for material in self.own if material.received_at is None]

    @property
    def due_at(self) -> datetime | None:
        return self.watch.due_at(ClockKind.SUPPLEMENT)

    def keep_clock(self, now: datetime) -> None:
        """The requester's clock runs while something of theirs is missing, and anew for what became theirs later."""
        running = self.watch.clocks.get(ClockKind.SUPPLEMENT)
        if not self.own_missing:
            came = [material.received_at for material in self.own if material.received_at is not None]
            self.watch.stop(ClockKind.SUPPLEMENT, max(came, default=now))
        elif running is None or running.clock.stopped_at is not None:
            kind = ClockKind.SUPPLEMENT
            clock_id = f"{self.watch.subject}.{kind.value}"
            self.watch.change(Clock(clock_id=clock_id, kind=kind, started_at=now, limit=self.limit), now)
            self.lapsed = False

    def counted_anew(self, now: datetime) -> None:
        """Its time is not over after all."""
        self.lapsed = self.lapsed and (self.due_at is None or self.due_at <= now)

    def came_in_time(self) -> bool:
        """Everything of the requester's, by when it was received."""
        due, own = self.due_at, self.own
        return due is not None and all(one.received_at is not None and one.received_at <= due for one in own)

    def snapshot(self) -> SupplementSnapshot:
        return SupplementSnapshot(
            issued_at=self.issued_at,
            issued_by=self.issued_by,
            materials=self.materials,
            clock=self.watch.shown(ClockKind.SUPPLEMENT) if self.watch.clocks else None,
            due_at=self.due_at,
            closed_at=self.closed_at,
            lapsed=self.lapsed,
        )

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
