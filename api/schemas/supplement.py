"""The one-time notice to the requester, and what came of it."""

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.decision import DecisionBody
from api.schemas.values import Body, LimitText, Reason, ReceivedAt, Text


class SupplementNoticeBody(DecisionBody):
    """一次性告知 · Tell the requester everything that is missing, once. Departments' clocks stand still meanwhile."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "材料不齐。", "legal_basis": "行政许可法 第三十二条"}]}
    )

    legal_basis: Annotated[Reason, Field(max_length=500)]
    limit: LimitText | None = Field(default=None, description="Default: the district's supplement limit.")


class ReceivedBody(Body):
    name: Text = Field(description="As the notice names it.")
    received_as: str = Field(default="", max_length=500, description="How the paper came, or where the file lies.")


class SupplementBody(DecisionBody):
    """补正材料 · What came. When all of it is there, the departments are asked again at once."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"reason": "窗口收件。", "received": [{"name": "租赁合同", "received_as": "纸质原件"}]}]
        }
    )

    received: list[ReceivedBody] = Field(default=[], max_length=100)
    received_at: ReceivedAt = None
    enough: bool = Field(default=False, description="Go on although not everything came: for those who decide.")
