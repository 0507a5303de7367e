"""The kinds of values that requests are made of: strict, bounded, and with a named rule for every refusal."""

import datetime as dt
import re
import unicodedata
from contextlib import suppress
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from domain.limit import HORIZON, Limit


class Body(BaseModel):
    """A request body: an unknown field or a value of the wrong type is refused, never guessed at."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Shown(BaseModel):
    """A response. Read from domain values by attribute, inside named conversion functions."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


# Codes arrive as text: a strict model would want the enum's member itself
AS_TEXT: Final = Field(strict=False)


def _one_line(value: str) -> str:
    if any(unicodedata.category(sign) == "Cc" for sign in value):
        raise PydanticCustomError("one_line", "must be one line without control characters")
    return _not_blank(value)


def _clean_text(value: str) -> str:
    if any(unicodedata.category(sign) == "Cc" and sign not in "\n\r\t" for sign in value):
        raise PydanticCustomError("no_control_characters", "must not hold control characters")
    return value


def _not_blank(value: str) -> str:
    if value and not value.strip():
        raise PydanticCustomError("not_blank", "must not be blank")
    return value


def _text_of_limit(value: object) -> object:
    if not isinstance(value, str):
        raise PydanticCustomError(
            "limit_not_text", 'a limit is text such as "5 working_days", "end_of_business_today" or "2023-01-20"'
        )
    if len(value) > 60:
        raise PydanticCustomError("limit_not_understood", "a limit has at most 60 characters")
    return value


def _text_of_day(value: object) -> object:
    if not isinstance(value, str):
        raise PydanticCustomError("date_not_text", 'a date is text such as "2023-01-20"')
    if re.fullmatch(_DAY_FORM, value):
        with suppress(ValueError):
            return dt.date.fromisoformat(value)
    raise PydanticCustomError("date_not_understood", 'a date reads like "2023-01-20", without a time')


def _text_of_moment(value: object) -> object:
    if not isinstance(value, str) or len(value) > 40 or "T" not in value:
        raise PydanticCustomError("moment_not_text", 'an instant is text such as "2023-03-15T10:00:00+08:00"')
    return value


Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)]
Text = Annotated[str, Field(min_length=1, max_length=4_000), AfterValidator(_clean_text), AfterValidator(_not_blank)]
Reason = Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(_clean_text), AfterValidator(_not_blank)]
Note = Annotated[str, Field(max_length=2_000), AfterValidator(_clean_text)]

_UNITS = "|".join(HORIZON)
_DAY_FORM = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

LimitText = Annotated[
    Limit,
    BeforeValidator(_text_of_limit),
    WithJsonSchema(
        {
            "type": "string",
            "maxLength": 60,
            "pattern": f"^([1-9][0-9]{{0,8}} ({_UNITS})|end_of_business_today|{_DAY_FORM})$",
            "description": "Amount and unit (seconds, minutes, hours, working_hours, working_days, calendar_days), "
            "`end_of_business_today`, or a date.",
            "examples": ["5 working_days", "4 working_hours", "end_of_business_today", "2023-01-20"],
        }
    ),
]
Day = Annotated[
    dt.date,
    Field(strict=False, ge=dt.date(2000, 1, 1), le=dt.date(2100, 12, 31)),
    BeforeValidator(_text_of_day),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2023-01-20"]}),
]

Moment = Annotated[
    AwareDatetime,
    Field(strict=False),
    BeforeValidator(_text_of_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2023-03-15T10:00:00+08:00"]}),
]

ReceivedAt = Annotated[
    Moment | None,
    Field(description="收到时间 · When it reached the window, if it is recorded later: timeliness is judged by it."),
]

LimitShown = Annotated[str, BeforeValidator(str)]
