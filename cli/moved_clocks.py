"""Which running clocks a change of the calendar moves, as a table."""

from collections.abc import Sequence

from cli import labels
from cli.screen import console, local, table
from domain.clock import ClockKind
from services.preview_notice import MovedClock

_SHOWN = 50


def show(moved: Sequence[MovedClock]) -> None:
    if not moved:
        console().print("没有在办时限因此变动 · no clock of a running case moves")
        return
    rows = [
        [
            one.case_id,
            one.request_id or "–",
            one.department or "–",
            labels.both(ClockKind, one.kind),
            local(one.due_at),
            local(one.would_be_due_at) + ("（已过 over）" if one.would_be_over else ""),
        ]
        for one in moved[:_SHOWN]
    ]
    columns = ["案件 Case", "事项 Of", "部门 Department", "时限 Clock", "原到期 Due", "将到期 Would be due"]
    console().print(table(f"将变动的时限 · Clocks that would move: {len(moved)}", columns, rows))
    if len(moved) > _SHOWN:
        console().print(f"… 另有 and {len(moved) - _SHOWN} more")


def announce(moved: Sequence[MovedClock]) -> None:
    if moved:
        console().print("在办案件将陆续更新 · The product tells these cases within seconds, or when it starts.")
