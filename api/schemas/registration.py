"""What the clerk takes down at the counter."""

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.values import AS_TEXT, Body, Day, Line, Text
from domain.case import Item, Registration, Requester, RequesterType


class RequesterBody(Body):
    """反映人 · The person or enterprise whose matter it is. Personal data: sent on only where an ask names it."""

    type: Annotated[RequesterType, AS_TEXT]
    name: Line
    contact: Line | None = None
    agent: Line | None = None
    resident_id: str | None = Field(default=None, min_length=15, max_length=18)
    uscc: str | None = Field(
        default=None,
        min_length=18,
        max_length=18,
        description="统一社会信用代码 · unified social credit code",
    )
    health: Text | None = Field(default=None, description="Sensitive; reaches only departments whose ask names it.")


class ItemBody(Body):
    """政务服务事项 · The service item that could not get done."""

    name: Line
    code: Line | None = None


class RegistrationBody(Body):
    """登记 · A matter that the ordinary counters could not finish. The same `source` + `external_id` is one case."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "source": "window",
                    "external_id": "HK-2023-0017",
                    "title": "新店地址被原租户未注销执照占用",
                    "request": "租约已签，原租户的营业执照仍登记在该地址，申请办不下来，希望春节前开业。",
                    "requester": {
                        "type": "enterprise",
                        "name": "某餐饮有限公司",
                        "contact": "021-00000000",
                        "uscc": "91310000ABAAMA001R",
                    },
                    "item": {"name": "食品经营许可", "code": "food-licence"},
                    "category": "several-departments",
                    "wish_date": "2023-01-20",
                }
            ]
        }
    )

    source: str = Field(default="window", pattern=r"^[a-z0-9_-]{1,40}$")
    external_id: Line | None = Field(default=None, max_length=120)
    title: Line
    request: Text
    requester: RequesterBody
    item: ItemBody
    category: Line | None = Field(default=None, description="The district's own category code.")
    wish_date: Day | None = None
    declines_deferral: bool = Field(
        default=False, description="反映人不接受容缺 · The requester wants no conditional acceptance."
    )


def to_registration(body: RegistrationBody) -> Registration:
    return Registration(
        source=body.source,
        external_id=body.external_id,
        title=body.title,
        request=body.request,
        requester=Requester(**body.requester.model_dump()),
        item=Item(**body.item.model_dump()),
        category=body.category,
        wish_date=body.wish_date,
        declines_deferral=body.declines_deferral,
    )
