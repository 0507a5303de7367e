"""What simulated departments remember over a restart: the rounds they took in, and which of them are over."""

from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ValidationError

from simulators.script import Behaviour


class TakenRound(BaseModel):
    """A round as it was taken in; a department that forgot it would never answer."""

    department: str
    key: str
    request_id: str
    number: int
    behaviour: Behaviour
    taken_at: AwareDatetime
    receipt: str
    callback_url: str | None
    nonce: str
    """Part of all message ids of this round, so that a restart repeats a message under its old id."""
    withdrawn: bool = False
    played: bool = False
    """All callbacks have been sent."""


class Memory:
    """A file of lines, the last one about a round counts. Without a path nothing is kept."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    def keep(self, taken: TakenRound) -> None:
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(taken.model_dump_json() + "\n")

    def recall(self) -> list[TakenRound]:
        """In the order of taking in. A line cut off by a crash is passed over."""
        if self._path is None or not self._path.exists():
            return []
        found: dict[tuple[str, str], TakenRound] = {}
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                taken = TakenRound.model_validate_json(line)
            except ValidationError:
                continue
            found[taken.department, taken.key] = taken
        return list(found.values())
