"""Limits: how long somebody has, always with a unit."""

import datetime as dt
import re
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from domain.wire import Wire


class TimeUnit(StrEnum):
    SECONDS = "seconds"
    MINUTES = "minutes"
    HOURS = "hours"
    WORKING_HOURS = "working_hours"
    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"
    END_OF_BUSINESS_TODAY = "end_of_business_today"
    FIXED_DATE = "fixed_date"


# Longer limits are typing mistakes: a month of seconds, a year of hours, ten years of calendar days.
HORIZON = {
    TimeUnit.SECONDS: 31 * 86_400,
    TimeUnit.MINUTES: 31 * 1_440,
    TimeUnit.HOURS: 366 * 24,
    TimeUnit.WORKING_HOURS: 400 * 8,
    TimeUnit.WORKING_DAYS: 400,
    TimeUnit.CALENDAR_DAYS: 3_660,
}
EARLIEST_DATE = dt.date(2000, 1, 1)
LATEST_DATE = dt.date(2100, 12, 31)

_ZH = {
    TimeUnit.SECONDS: "秒",
    TimeUnit.MINUTES: "分钟",
    TimeUnit.HOURS: "小时",
    TimeUnit.WORKING_HOURS: "个工作小时",
    TimeUnit.WORKING_DAYS: "个工作日",
    TimeUnit.CALENDAR_DAYS: "个自然日",
}
_AMOUNT_TEXT = re.compile(r"([+-]?\d{1,9})\s+([a-z_]+)")
_DATE_TEXT = re.compile(r"\d{4}-\d{2}-\d{2}")


class Limit(Wire):
    """A duration, "end of business today" or a date agreed with the requester.

    Also reads its own text form, so policy files may write "5 working_days".
    """

    unit: TimeUnit
    amount: Annotated[int, Field(strict=True)] | None = None
    date: dt.date | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_text(cls, value: Any) -> Any:
        return _fields_of_text(value) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.unit is TimeUnit.FIXED_DATE:
            self._check_fixed_date()
        elif self.date is not None:
            raise PydanticCustomError("limit_date_unexpected", "only a fixed_date limit carries a date")
        if self.unit in HORIZON:
            self._check_amount()
        elif self.amount is not None:
            raise PydanticCustomError(
                "limit_amount_unexpected", "a {unit} limit has no amount", {"unit": self.unit.value}
            )
        return self

    def _check_fixed_date(self) -> None:
        if self.date is None:
            raise PydanticCustomError("limit_date_missing", "a fixed_date limit needs its date")
        if not EARLIEST_DATE <= self.date <= LATEST_DATE:
            raise PydanticCustomError(
                "limit_beyond_horizon",
                "the date of a limit must lie between {first} and {last}",
                {"first": EARLIEST_DATE.isoformat(), "last": LATEST_DATE.isoformat()},
            )

    def _check_amount(self) -> None:
        unit = {"unit": self.unit.value}
        if self.amount is None:
            raise PydanticCustomError("limit_amount_missing", "a limit in {unit} needs an amount", unit)
        if self.amount < 1:
            raise PydanticCustomError("limit_not_positive", "a limit in {unit} must be at least 1", unit)
        if self.amount > HORIZON[self.unit]:
            raise PydanticCustomError(
                "limit_beyond_horizon", "a limit in {unit} must be at most {most}", {**unit, "most": HORIZON[self.unit]}
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "5 working_days", "end_of_business_today" or "2023-01-20"; ValueError names the broken rule."""
        return cls.model_validate(text)

    def __str__(self) -> str:
        if self.date is not None:
            return self.date.isoformat()
        return self.unit.value if self.amount is None else f"{self.amount} {self.unit.value}"

    def text_en(self) -> str:
        if self.date is not None:
            return f"by {self.date.isoformat()}"
        words = self.unit.value.replace("_", " ")
        if self.amount is None:
            return words
        return f"{self.amount} {words.removesuffix('s') if self.amount == 1 else words}"

    def text_zh(self) -> str:
        if self.date is not None:
            return f"{self.date.year}年{self.date.month}月{self.date.day}日前"
        return "当日下班前" if self.amount is None else f"{self.amount}{_ZH[self.unit]}"


def _day(text: str) -> dt.date | str:
    """A date already, for readers who are strict; what is no day of the calendar is left for them to refuse."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return text


def _fields_of_text(text: str) -> dict[str, object]:
    cleaned = text.strip().lower()
    if cleaned == TimeUnit.END_OF_BUSINESS_TODAY.value:
        return {"unit": cleaned}
    if _DATE_TEXT.fullmatch(cleaned):
        return {"unit": TimeUnit.FIXED_DATE.value, "date": _day(cleaned)}
    found = _AMOUNT_TEXT.fullmatch(cleaned)
    if found is None:
        raise PydanticCustomError(
            "limit_not_understood", 'a limit reads like "5 working_days", "end_of_business_today" or "2023-01-20"'
        )
    unit = found[2] if found[2].endswith("s") else found[2] + "s"
    return {"unit": unit, "amount": int(found[1])}
