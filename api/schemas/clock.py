"""Clocks and the explanation why each is due when it is."""

from pydantic import Field

from api.schemas.values import LimitShown, Shown
from domain.clock import Clock, ClockKind, Due
from domain.wire import Instant
from services.read_case import ClockExplanation


class PauseShown(Shown):
    started_at: Instant
    ended_at: Instant | None
    reason: str
    legal_basis: str | None
    counts_in_limit: bool
    at_most: LimitShown | None = Field(description="An outage's: so long after the first the clock runs on by itself.")


class ExtensionShown(Shown):
    granted_at: Instant
    granted_by: str
    reason: str
    added: LimitShown


class ClockShown(Shown):
    """Only what happened; the due instant is derived from it."""

    kind: ClockKind
    started_at: Instant
    limit: LimitShown
    pauses: list[PauseShown]
    extensions: list[ExtensionShown]
    stopped_at: Instant | None


class ExplanationLineShown(Shown):
    text_zh: str
    text_en: str
    instant: Instant | None


class DueShown(Shown):
    """`at` is null while an open pause holds the clock; `provisional` means beyond the known calendar."""

    at: Instant | None
    provisional: bool
    lines: list[ExplanationLineShown]


class ClockExplanationShown(Shown):
    """一个时钟为何此时到期 · Why one clock is due when it is."""

    request_id: str | None = Field(
        description="Or a notice, material or wait; null: the first contact, which belongs to the case"
    )
    round: int | None
    department: str | None
    clock: ClockShown
    due: DueShown
    round_ended: bool


class ClocksShown(Shown):
    case_id: str
    clocks: list[ClockExplanationShown]


def show_clock(clock: Clock) -> ClockShown:
    return ClockShown.model_validate(clock)


def show_due(due: Due) -> DueShown:
    return DueShown.model_validate(due)


def show_clocks(case_id: str, explanations: tuple[ClockExplanation, ...]) -> ClocksShown:
    return ClocksShown(case_id=case_id, clocks=[ClockExplanationShown.model_validate(one) for one in explanations])
