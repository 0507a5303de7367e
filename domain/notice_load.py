"""The loading of a year's notice, kept so that it can be taken back."""

from typing import Final

from domain.wire import Instant, Wire
from domain.working_calendar import YearNotice

SHIPPED: Final = "policy"
"""The files of the release, at a start."""


class NoticeLoad(Wire):
    """The latest load of a year that was not taken back is in force."""

    load_id: int
    notice: YearNotice
    loaded_at: Instant | None
    """None: before loads were written down."""
    loaded_by: str
    """`operator`, `policy` for the files of the release, or `unknown` from before loads were written down."""
    taken_back_at: Instant | None = None
    taken_back_by: str | None = None


def ships_in_vain(notice: YearNotice, loads: tuple[NoticeLoad, ...]) -> bool:
    """Whether the release's notice stays in its file; `loads` are those of its year, the oldest first.

    What was loaded once is not loaded again: somebody may have taken it back. An official notice replaces what was
    provisional and what an earlier release brought, never what an operator loaded as official.
    """
    if any(load.notice == notice for load in loads):
        return True
    in_force = [load for load in loads if load.taken_back_at is None]
    if not in_force:
        return bool(loads) and notice.status != "official"
    latest = in_force[-1]
    replaces = latest.notice.status == "provisional" or latest.loaded_by == SHIPPED
    return not (notice.status == "official" and replaces)
