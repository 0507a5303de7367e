"""一次性告知: the full list of what is missing is told once. A later one that names more is marked and counted."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from domain.material_name import material_key


class ListTold(NamedTuple):
    """What a department said, in one round, that it needs."""

    round: int
    department: str
    materials: Sequence[str]


class LaterList(NamedTuple):
    round: int
    department: str
    number: int
    """2 for the second list of this department."""
    new: tuple[str, ...]
    """What it had not named before."""

    @property
    def text(self) -> str:
        which = {2: "second", 3: "third"}.get(self.number, f"{self.number}th")
        return f"{which} list from {self.department}: {'; '.join(self.new)}"


def later_lists(told: Iterable[ListTold]) -> list[LaterList]:
    """Those of one request, in their order. What was named before may be asked for again."""
    named: dict[str, set[str]] = {}
    numbers: dict[str, int] = {}
    found = []
    for one in told:
        before = named.setdefault(one.department, set())
        new = tuple(name for name in one.materials if material_key(name) not in before)
        if new:
            numbers[one.department] = numbers.get(one.department, 0) + 1
            if before:
                found.append(LaterList(one.round, one.department, numbers[one.department], new))
        before.update(material_key(name) for name in one.materials)
    return found
