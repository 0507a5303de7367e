"""What requesters send and see. Codes and tokens travel in bodies, never in addresses."""

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.values import AS_TEXT, Body, Note, Shown
from domain.codes import CaseStage, Outcome
from domain.follow_up import Rating
from domain.ids import CASE_ID
from domain.requester_view import RequesterView
from domain.wire import Instant
from services.hand_in_material import MaterialReceipt
from services.rate_case import IssuedLink, RatingInput, RatingReceipt

CaseNumber = Annotated[str, Field(pattern=CASE_ID, description="案件编号 · case number")]


class ProgressBody(Body):
    """查询进度 · Case number and the code that was handed over at the registration."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"case_id": "LD-2023-000001", "code": "7K3M-W9PD-4"}]})

    case_id: CaseNumber
    code: str = Field(min_length=1, max_length=40)


class RatingBody(Body):
    """评价 · Five levels; the coordination and the original item are rated apart."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "case_id": "LD-2023-000001",
                    "token": "lr_0000000000000000000000000000000000000000000",
                    "coordination": "VERY_SATISFIED",
                    "item": "BASICALLY_SATISFIED",
                    "comment": "窗口跟进很及时。",
                    "real_name": True,
                }
            ]
        }
    )

    case_id: CaseNumber
    token: str = Field(min_length=20, max_length=100, pattern=r"^[\w-]+$")
    coordination: Annotated[Rating, AS_TEXT]
    item: Annotated[Rating, AS_TEXT] | None = None
    comment: Note = ""
    real_name: bool = Field(default=True, description="false: nobody calls about it.")


class WordsShown(Shown):
    zh: str
    en: str


class StepShown(Shown):
    department: WordsShown | None
    status: WordsShown
    due_at: Instant | None
    declined_by: list[WordsShown] = Field(description="Departments that said it is not theirs.")
    responsible: WordsShown | None = Field(description="Who answers for it now.")
    later_lists: WordsShown | None = Field(description="Said when more was asked for than the full list had named.")


class ToSupplyShown(Shown):
    material: str = Field(description="Under which it is handed in: `/v1/progress/materials/{material}/file`.")
    name: str
    until: Instant | None
    channels: list[WordsShown] = Field(description="Empty: any way.")
    form: str = Field(description="Original, copy …; empty: not said.")
    holder: str = Field(description="Who has it or issues it; empty: not said.")
    status: WordsShown
    online: bool = Field(description="It can be handed in as a file now.")
    handed_in_at: Instant | None = Field(description="When the latest attempt arrived.")


class ExtensionShown(Shown):
    department: WordsShown | None
    reason: str
    until: Instant | None


class ToldOutcomeShown(Shown):
    code: Outcome
    label: WordsShown
    reason: str
    legal_basis: str | None
    remedy: str | None
    where_to_go: str | None
    support: str | None
    decided_at: Instant


class RatingStateShown(Shown):
    state: str = Field(description="open, rated or closed")
    text: WordsShown
    closes_at: Instant | None


class ProgressShown(Shown):
    """办理进度 · What happens now, what we need, and when we call. Nobody else's data, no department's own words."""

    case_id: str
    stage: CaseStage
    now: WordsShown
    registered_at: Instant
    steps: list[StepShown]
    to_supply: list[ToSupplyShown]
    extensions: list[ExtensionShown]
    next_contact_by: Instant | None
    next_contact: WordsShown
    outcome: ToldOutcomeShown | None
    rating: RatingStateShown | None
    reopened_from: str | None
    reopened_as: list[str]


class HandedInShown(Shown):
    """材料回执 · The file is kept and the case knows it; the same file again gets the same receipt."""

    case_id: str
    material: str
    name: str
    sha256: str
    handed_in_at: Instant
    status: WordsShown


class RatingLinkShown(Shown):
    """评价链接 · The private link's token; told this once, and good for one rating."""

    token: str
    closes_at: Instant


class RatingReceivedShown(Shown):
    """评价回执 · The rating is kept. With `delivered` false the follow-up takes it in as soon as it can."""

    case_id: str
    received_at: Instant
    delivered: bool


class ProgressCodeShown(Shown):
    """进度查询码 · Told this once: hand it to the requester."""

    case_id: str
    progress_code: str


def show_progress(view: RequesterView) -> ProgressShown:
    return ProgressShown.model_validate(view)


def show_handed_in(receipt: MaterialReceipt) -> HandedInShown:
    return HandedInShown.model_validate(receipt)


def show_link(link: IssuedLink) -> RatingLinkShown:
    return RatingLinkShown.model_validate(link)


def show_receipt(receipt: RatingReceipt) -> RatingReceivedShown:
    return RatingReceivedShown.model_validate(receipt)


def to_rating(body: RatingBody) -> RatingInput:
    return RatingInput(coordination=body.coordination, item=body.item, comment=body.comment, real_name=body.real_name)
