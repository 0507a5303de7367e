"""Live progress of the demonstration: a moving table in a terminal, plain lines elsewhere."""

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from bootstrap.api_client import Json
from cli import labels
from cli.demonstration.expectation import ObservedCase
from cli.demonstration.script import DemonstrationCase
from domain.codes import CaseStage, Outcome
from domain.deferral import MaterialState


class Board(Protocol):
    """Hears what moves."""

    def moved(self, script: DemonstrationCase, case_id: str, state: str) -> None: ...
    def followed(self, script: DemonstrationCase, case: Json) -> None: ...
    def ended(self, script: DemonstrationCase, seen: ObservedCase, misses: Sequence[str]) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def board_for(out: Console, scripts: Sequence[DemonstrationCase]) -> Board:
    return LiveBoard(out, scripts) if out.is_terminal else PlainBoard(out)


class PlainBoard:
    """One line whenever something changes."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._last: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def moved(self, script: DemonstrationCase, case_id: str, state: str) -> None:
        self._say(script, case_id, state)

    def followed(self, script: DemonstrationCase, case: Json) -> None:
        self._say(script, case["case_id"], _progress(case))

    def ended(self, script: DemonstrationCase, seen: ObservedCase, misses: Sequence[str]) -> None:
        self._say(script, seen.case_id, _ending(seen, misses))

    def _say(self, script: DemonstrationCase, case_id: str, state: str) -> None:
        if self._last.get(script.id) != state:
            self._last[script.id] = state
            self._out.print(f"{script.id:<5} {case_id or '–':<15} {escape(state)}", soft_wrap=True)


class LiveBoard:
    """A row for each case, repainted in place."""

    def __init__(self, out: Console, scripts: Sequence[DemonstrationCase]) -> None:
        self._rows = {script.id: (script, "–", "…") for script in scripts}
        self._live = Live(self._table(), console=out, refresh_per_second=4)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def moved(self, script: DemonstrationCase, case_id: str, state: str) -> None:
        self._paint(script, case_id, state)

    def followed(self, script: DemonstrationCase, case: Json) -> None:
        self._paint(script, case["case_id"], _progress(case))

    def ended(self, script: DemonstrationCase, seen: ObservedCase, misses: Sequence[str]) -> None:
        self._paint(script, seen.case_id, _ending(seen, misses))

    def _paint(self, script: DemonstrationCase, case_id: str, state: str) -> None:
        self._rows[script.id] = (script, case_id, state)
        self._live.update(self._table())

    def _table(self) -> Table:
        shown = Table(title="进行中 · In progress", title_justify="left", title_style="bold", expand=True)
        for name, width in (("场景", 6), ("编号 Case", 14), ("标题 Title", 34)):
            shown.add_column(name, min_width=width, max_width=width, overflow="ellipsis", no_wrap=True)
        shown.add_column("进展 State", ratio=1)
        for script, case_id, state in self._rows.values():
            shown.add_row(script.id, case_id, escape(script.registration.title), escape(state))
        return shown


def _progress(case: Json) -> str:
    coordination = case["coordination"]
    if coordination is None:
        return labels.both(CaseStage, case["stage"])
    steps = [f"{_MARK.get(one['state'], '·')}{one['key']}" for one in coordination["requests"]]
    rungs = [
        labels.rung(rung["rung"])
        for one in coordination["requests"]
        for round_ in one["rounds"]
        for rung in round_["rungs"]
    ]
    chased = f"  催办 chased: {', '.join(rungs)}" if rungs else ""
    materials = [
        f"{str(one['material_id']).partition('.')[2]} {labels.both(MaterialState, one['state'])}"
        for deferral in coordination["deferrals"]
        for one in deferral["materials"]
    ]
    promised = f"  容缺 promised: {', '.join(materials)}" if materials else ""
    waiting = "  待值班长决定 decision needed" if coordination["decision_needed"] else ""
    return " ".join(steps) + promised + chased + waiting


_MARK = {"PENDING": "·", "OPEN": "▶", "DECISION": "？", "ANSWERED": "✓", "WITHDRAWN": "×"}


def _ending(seen: ObservedCase, misses: Sequence[str]) -> str:
    outcome = labels.both(Outcome, seen.outcome)
    return f"✗ {outcome}: {'; '.join(misses)}" if misses else f"✓ {outcome}"
