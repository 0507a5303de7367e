"""What a plan would do in time, before anything is started."""

from api.schemas.clock import DueShown
from api.schemas.plan import PlanShown
from api.schemas.values import Shown
from domain.clock import ClockKind
from domain.codes import Role
from domain.plan import AskKind
from domain.preview import PlanPreview
from domain.wire import Instant


class RungPreviewShown(Shown):
    rung: str
    clock: ClockKind
    at: Instant
    tell: list[str]


class AskPreviewShown(Shown):
    """`start_assumed`: the start depends on other asks, and everything after it moves with it."""

    key: str
    kind: AskKind
    role: Role
    department: str | None
    party: str | None
    after: list[str]
    starts_at: Instant
    start_assumed: bool
    start_note_zh: str
    start_note_en: str
    due: DueShown | None
    sign_due: DueShown | None
    rungs: list[RungPreviewShown]
    sends: list[str]


class PlanPreviewShown(Shown):
    """方案预览 · Every due instant with its reason. Nothing is stored and nothing is started."""

    case_id: str
    launch_at: Instant
    plan: PlanShown
    asks: list[AskPreviewShown]
    calendar_version: str
    provisional: bool


def show_preview(preview: PlanPreview) -> PlanPreviewShown:
    return PlanPreviewShown.model_validate(preview)
