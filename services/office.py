"""What every use case works with, handed in from outside."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from domain.codes import Technique
from domain.policy import DistrictPolicy
from domain.ports import (
    CalendarSource,
    CaseEngine,
    DepartmentAdapter,
    DepartmentSetup,
    FollowUpEngine,
    MaterialShelf,
    NoticeChannel,
    TimeSource,
)
from domain.store_ports import Store
from services.arrivals import Arrivals
from services.refusal_gate import RefusalGate
from services.seals import Seals


@dataclass(frozen=True)
class Office:
    """The window's tools: one for the life of a process."""

    store: Store
    engine: CaseEngine
    time: TimeSource
    policy: DistrictPolicy
    calendar: CalendarSource
    adapters: Mapping[Technique, DepartmentAdapter]
    materials: MaterialShelf
    follow_ups: FollowUpEngine
    seals: Seals
    notices: Mapping[str, NoticeChannel]
    """By the name that rungs give to a channel."""
    new_id: Callable[[], str]
    """Unique text of at most 60 characters, free of personal data."""
    setup: DepartmentSetup | None = None
    """None: departments are not administered through this process."""
    refusals: RefusalGate = field(default_factory=RefusalGate)
    arrivals: Arrivals = field(default_factory=Arrivals)
    """What each department has sent to this process lately."""
